"""What holds for all tests."""

import os
import signal

import pytest
from hypothesis import settings

# Under `nohup`, or with `&` in a script, a signal is ignored, and clinvk rightly leaves it so: the
# tests want both to count.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine is slow; only a wrong answer fails a test, never a clock.
settings.register_profile("clinvk", deadline=None)
settings.register_profile("long", deadline=None, max_examples=1_000)
settings.load_profile("clinvk")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Three tests for two processors: half the time a test waits for an agent that waits."""
    return max(2, (os.cpu_count() or 1) * 3 // 2)
