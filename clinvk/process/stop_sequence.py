"""Stops a child with SIGINT, SIGTERM and SIGKILL, with time between them to exit by itself."""

import signal

from clinvk.process.descendants import Descendants
from clinvk.process.group import signal_group

_KILLED_S = 2.0
"""After SIGKILL only a process that is stuck in the kernel remains; it is not waited for."""

_ECHO_S = 0.2
"""A wrapper (`npx`, `uv run`) passes Ctrl-C on, although the terminal has already sent it."""


class StopSequence:
    """Stops one group step by step, starting with the signal `first`.

    Each signal goes only to the group, so that the child can end its own processes in order. The
    `descendants` are listed before it, while they can still be found by their parents.
    """

    def __init__(
        self,
        descendants: Descendants,
        first: signal.Signals,
        *,
        now: float,
        int_grace_s: float,
        term_grace_s: float,
    ) -> None:
        self._descendants = descendants
        self._steps = [(signal.SIGTERM, term_grace_s), (signal.SIGKILL, _KILLED_S)]
        """The signals to send, and how long to wait after each."""
        if first is not signal.SIGTERM:
            self._steps.insert(0, (first, int_grace_s))
        self._escalated_at = now
        self._last: signal.Signals | None = None
        self.until = now
        """When the next step is due."""
        self.escalate(now)

    @property
    def exhausted(self) -> bool:
        """Whether the child has survived even SIGKILL."""
        return not self._steps and self._last is None

    def escalate(self, now: float) -> None:
        """Send the signal of the next step; after the last step give up."""
        if not self._steps:
            self._last = None
            return
        number, grace_s = self._steps.pop(0)
        self._last, self._escalated_at, self.until = number, now, now + grace_s
        self._descendants.look()
        signal_group(self._descendants.leader, number)

    def escalate_on_signal(self, received: signal.Signals, now: float, *, again: bool) -> None:
        """Do not wait for the next step, because clinvk received a signal; `again` sends SIGKILL.

        An echo of the last signal is ignored, and so is a second SIGHUP, because a closing terminal
        sends several.
        """
        echo = received is self._last and now - self._escalated_at < _ECHO_S
        if not self._steps or echo or (again and received is signal.SIGHUP):
            return
        if again:
            del self._steps[:-1]
        self.escalate(now)
