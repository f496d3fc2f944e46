"""What holds for all tests."""

import os
import signal
from collections import Counter
from typing import Any

import pytest
from hypothesis import settings

import bed.budget  # noqa: F401  it registers the profiles

# Under `nohup`, or with `&` in a script, a signal is ignored, and clinvk rightly leaves it so: the
# tests want both to count.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """What the tests understand besides pytest's own options; `tests/README.md` says when."""
    parser.addoption(
        "--quick", action="store_true", help="the quick loop: fewer cases and examples"
    )
    parser.addoption("--long", action="store_true", help="the long form: everything, in hours")
    parser.addoption("--update", action="store_true", help="rewrite the contract's golden files")


def pytest_configure(config: pytest.Config) -> None:
    """Choose the budgets, which have no deadline: a wrong answer fails a test, never a clock."""
    config.addinivalue_line("markers", "thorough: the quick loop runs a quarter of its cases")
    forms = [form for form in ("long", "quick") if config.getoption(f"--{form}")]
    settings.load_profile(forms[0] if forms else "gate")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take a test of the long form for one that hangs only after two hours.

    In the quick loop, of each `thorough` test only every fourth case is run, from the second on: of
    one without cases, none.
    """
    if config.getoption("--long"):
        for item in items:
            item.add_marker(pytest.mark.timeout(7200), append=False)
    elif config.getoption("--quick"):
        seen: Counter[str] = Counter()
        chosen, left_out = [], []
        for item in items:
            test = item.nodeid.partition("[")[0]
            seen[test] += 1
            runs = seen[test] % 4 == 2 or item.get_closest_marker("thorough") is None
            (chosen if runs else left_out).append(item)
        config.hook.pytest_deselected(items=left_out)
        items[:] = chosen


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Let a worker that is done take tests from the others.

    By default each gets a thousand tests at the start, and of those with the real agents one worker
    had hundreds left when the others had none.
    """
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Three tests for two processors: half the time a test waits for an agent that waits."""
    return max(2, (os.cpu_count() or 1) * 3 // 2)
