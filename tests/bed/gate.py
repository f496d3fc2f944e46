"""Where an answer stops half-way until the test lets it go on."""

import threading
from collections.abc import Callable

POLL_S = 0.05
"""How soon a client that hung up is noticed."""


class Gate:
    """Where answers wait: each `release` lets all those pass that wait at that moment."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting = 0
        self._opened = 0

    def wait(self, gone: Callable[[], bool]) -> None:
        """Wait for the next release, or until the client is `gone` (then raise)."""
        with self._changed:
            before = self._opened
            self._waiting += 1
            self._changed.notify_all()
            try:
                while self._opened == before:
                    if gone():
                        raise BrokenPipeError
                    self._changed.wait(POLL_S)
            finally:
                self._waiting -= 1

    def release(self) -> None:
        """Open once."""
        with self._changed:
            self._opened += 1
            self._changed.notify_all()

    def reached(self, timeout_s: float) -> bool:
        """Whether an answer is waiting within `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: self._waiting > 0, timeout_s)
