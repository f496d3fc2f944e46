"""What holds for all tests."""

import signal

from hypothesis import settings

# Under `nohup` the signal is ignored, and clinvk rightly leaves it so: the tests want it to count.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# A busy machine is slow; only a wrong answer fails a test, never a clock.
settings.register_profile("clinvk", deadline=None)
settings.load_profile("clinvk")
