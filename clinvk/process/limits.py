"""The time limits of a child, and what is called while it runs."""

from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct


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


QUIET_S = 0.2
LEFTOVER_GRACE_S = 0.6
DRAIN_SETTLED_S = 0.1
DRAIN_S = 0.6
"""How long to read stdout after the child's exit, if another process still has it open."""


class Hooks(NamedTuple):
    """What a child's runner calls between two lines.

    `on_quiet` is called once when `QUIET_S` have passed since the last line: the time to write what
    was collected. `on_wake` is called whenever `wake_fd` is readable, and has to read it. `on_stop`
    is called once when the child is being stopped before its end.
    """

    on_quiet: Callable[[], None] = lambda: None
    wake_fd: int = -1
    on_wake: Callable[[], None] = lambda: None
    on_stop: Callable[[], None] = lambda: None


NO_HOOKS = Hooks()
