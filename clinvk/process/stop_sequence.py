"""How a child is stopped: asked, told, killed, with time between to leave by itself."""

import signal

from msgspec import Struct

from clinvk.process.descendants import Descendants
from clinvk.process.group import signal_group

_KILLED_S = 2.0
"""After SIGKILL only a process stuck in the kernel stays; nobody waits for that one."""

_ECHO_S = 0.2
"""A wrapper (`npx`, `uv run`) passes Ctrl-C on to a child that the terminal has told already."""


class Rung(Struct, frozen=True, kw_only=True):
    """A signal to the whole group, and how long it is given to work."""

    number: signal.Signals
    grace_s: float


class Ladder:
    """The stop of one group, rung by rung from the one that begins with `first`.

    Each signal goes to the group alone, so that the child may end in order what it has started; the
    `descendants` are noted before it, while they can still be told by their parents.
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
        self._rungs = [
            Rung(number=signal.SIGTERM, grace_s=term_grace_s),
            Rung(number=signal.SIGKILL, grace_s=_KILLED_S),
        ]
        if first is not signal.SIGTERM:
            self._rungs.insert(0, Rung(number=first, grace_s=int_grace_s))
        self._climbed_at = now
        self._last: signal.Signals | None = None
        self.until = now
        """When the next rung is due."""
        self.climb(now)

    @property
    def exhausted(self) -> bool:
        """Whether the child outlived even SIGKILL."""
        return not self._rungs and self._last is None

    def climb(self, now: float) -> None:
        """Send the next rung's signal; after the last one there is only giving up."""
        if not self._rungs:
            self._last = None
            return
        rung = self._rungs.pop(0)
        self._last, self._climbed_at, self.until = rung.number, now, now + rung.grace_s
        self._descendants.look()
        signal_group(self._descendants.leader, rung.number)

    def hurry(self, received: signal.Signals, now: float, *, again: bool) -> None:
        """Wait no longer, because clinvk was signalled; `again` goes straight to SIGKILL.

        An echo of the signal that began the stop changes nothing, and neither does a second SIGHUP:
        a closing terminal sends several.
        """
        echo = received is self._last and now - self._climbed_at < _ECHO_S
        if not self._rungs or echo or (again and received is signal.SIGHUP):
            return
        if again:
            del self._rungs[:-1]
        self.climb(now)
