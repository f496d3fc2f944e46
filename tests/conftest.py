"""What holds for all tests."""

from hypothesis import settings

# A busy machine is slow; only a wrong answer fails a test, never a clock.
settings.register_profile("clinvk", deadline=None)
settings.load_profile("clinvk")
