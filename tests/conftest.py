"""What holds for all tests."""

import os
import signal

import pytest
from hypothesis import settings

import bed.budget  # noqa: F401  it registers the profiles

# Under `nohup`, or with `&` in a script, a signal is ignored, and clinvk rightly leaves it so: the
# tests want both to count.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """What the tests understand besides pytest's own options; `tests/README.md` says when."""
    parser.addoption("--long", action="store_true", help="the long form: everything, in hours")
    parser.addoption("--update", action="store_true", help="rewrite the contract's golden files")


def pytest_configure(config: pytest.Config) -> None:
    """Choose the budgets, which have no deadline: a wrong answer fails a test, never a clock."""
    settings.load_profile("long" if config.getoption("--long") else "gate")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take a test of the long form for one that hangs only after two hours."""
    if config.getoption("--long"):
        for item in items:
            item.add_marker(pytest.mark.timeout(7200), append=False)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Three tests for two processors: half the time a test waits for an agent that waits."""
    return max(2, (os.cpu_count() or 1) * 3 // 2)
