"""The time limits of a child, and the deadlines that follow from them while it runs."""

from collections.abc import Callable

from msgspec import Struct

from clinvk.process.ending import EndReason

_DRAIN_S = 0.6
"""How long to read stdout after the child's exit, if another process still has it open."""

_DRAIN_SETTLED_S = 0.1


class Limits(Struct, frozen=True, kw_only=True):
    """The time limits of a child in seconds; None means no limit.

    `timeout_s` counts from the prompt, `idle_timeout_s` from the last output on stdout or stderr.
    `settle_s` is the time to exit after its result or after closing stdout. The grace times are how
    long to wait after SIGINT and SIGTERM.
    """

    timeout_s: float | None
    idle_timeout_s: float | None
    settle_s: float = 5.0
    int_grace_s: float = 5.0
    term_grace_s: float = 3.0


class Deadlines:
    """The deadlines of a running child, computed from what the runner reports about it.

    `clock` counts seconds. `speaks_within_s` counts from the prompt, until `spoke`. `drain_until`
    is the time until which stdout is read after the child's exit, None while it runs.
    """

    def __init__(
        self, limits: Limits, clock: Callable[[], float], speaks_within_s: float | None = None
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._speaks_within_s = speaks_within_s
        self._started_at = self._last_output_at = clock()
        self._person_answers = False
        self._exit_by: float | None = None
        self.drain_until: float | None = None

    def start(self) -> None:
        """The child has received its prompt: the limits start."""
        self._started_at = self._last_output_at = self._clock()

    def spoke(self) -> None:
        """The child speaks its protocol."""
        self._speaks_within_s = None

    def note_output(self) -> None:
        """The child has written something, so it is not idle."""
        self._last_output_at = self._clock()

    def wait_for_person(self, waits: bool) -> None:  # noqa: FBT001  the state itself
        """Whether the child now waits for a person's answer; it is not idle while it waits."""
        if self._person_answers and not waits:
            self.note_output()
        self._person_answers = waits

    @property
    def settled(self) -> bool:
        """Whether the child has its result and should exit."""
        return self._exit_by is not None

    def settle(self) -> None:
        """The child has its result, and must exit within `settle_s`."""
        self._exit_by = self._clock() + self._limits.settle_s

    def unsettle(self) -> None:
        """The child continues after all."""
        self._exit_by = None

    def drain(self) -> None:
        """The child has exited; its remaining output is read for a short time."""
        self.drain_until = self._clock() + (_DRAIN_SETTLED_S if self.settled else _DRAIN_S)

    def postpone(self, held_s: float) -> None:
        """Extend the deadlines by the time in which the consumer did not read."""
        if self.drain_until is not None:
            self.drain_until += held_s
        if self._exit_by is not None:
            self._exit_by += held_s

    def next(self) -> tuple[float, EndReason] | None:
        """When the child must be stopped next, and why; None without a limit."""
        if self._exit_by is not None:
            return self._exit_by, EndReason.LINGERED
        found = []
        if self._limits.timeout_s is not None:
            found.append((self._started_at + self._limits.timeout_s, EndReason.TIMEOUT))
        if self._limits.idle_timeout_s is not None and not self._person_answers:
            found.append(
                (self._last_output_at + self._limits.idle_timeout_s, EndReason.IDLE_TIMEOUT)
            )
        if self._speaks_within_s is not None:
            found.append((self._started_at + self._speaks_within_s, EndReason.REFUSED))
        return min(found, default=None)
