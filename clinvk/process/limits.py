"""The time limits of a child, and how long it has to end."""

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
