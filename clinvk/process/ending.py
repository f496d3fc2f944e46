"""How a child ended, and why."""

import signal
from enum import StrEnum

from msgspec import Struct


class EndReason(StrEnum):
    """Why a child ended.

    `LINGERED`: it had its result but did not exit, so it was stopped. `STALLED`: the reader of its
    lines was blocked for longer than the idle limit. `REFUSED`: its output shows that it must not
    continue, or it did not speak its protocol in time.
    """

    EXITED = "exited"
    TIMEOUT = "timeout"
    IDLE_TIMEOUT = "idle_timeout"
    STALLED = "stalled"
    CANCELLED = "cancelled"
    LINGERED = "lingered"
    REFUSED = "refused"


class Ending(Struct, frozen=True, kw_only=True):
    """How a child ended.

    `exit_code` is negative for a signal, and None if clinvk stopped the child or never started it.
    `signal` is what clinvk received when the child was cancelled, None if the consumer just
    stopped. `stderr_tail` has at most 60 lines and 8 KiB. `cut_lines` is the number of stdout lines
    that were longer than `framing.MAX_LINE_BYTES` and lost their end.
    """

    reason: EndReason
    exit_code: int | None = None
    signal: signal.Signals | None
    stderr_tail: str = ""
    duration_s: float = 0.0
    cut_lines: int = 0
