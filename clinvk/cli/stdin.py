"""Reads a piped stdin to its end, within the time limits of the turn."""

import os
from collections.abc import Callable
from typing import TextIO

from msgspec import Struct

from clinvk.cli.prompt_text import LONGEST
from clinvk.errors import StdinTimeoutError, UsageError

_PIECE = 1 << 16


class ReadLimits(Struct, frozen=True, kw_only=True):
    """How long to wait for stdin, in seconds: in total, and for the next piece of it."""

    total_s: float | None
    idle_s: float | None

    def until(self, began: float, received: float) -> tuple[float, str] | None:
        """The time at which reading must stop, and the option that sets it; None for no limit."""
        ends = []
        if self.total_s is not None:
            ends.append((began + self.total_s, "--timeout"))
        if self.idle_s is not None:
            ends.append((received + self.idle_s, "--idle-timeout"))
        return min(ends, default=None)


def read_in_time(
    stdin: TextIO,
    limits: ReadLimits,
    clock: Callable[[], float],
    *,
    quiet_s: float,
    on_quiet: Callable[[], None],
) -> bytes:
    """Read all of stdin from its file descriptor; `clock` counts seconds.

    It stops soon after the maximum length of a prompt, since input can be endless (`/dev/zero`).
    `on_quiet` is called if nothing was received after `quiet_s`. Raises `StdinTimeoutError` if the
    end is not reached in time.
    """
    import select

    waiting = select.poll()
    waiting.register(stdin.fileno(), select.POLLIN)
    pieces: list[bytes] = []
    length = 0
    began = received = clock()
    quiet_at: float | None = began + quiet_s
    while True:
        end = limits.until(began, received)
        moments = [at for at in (end and end[0], quiet_at) if at is not None]
        wait_ms = max(0.0, min(moments) - clock()) * 1000 if moments else None
        ready = waiting.poll(wait_ms)
        if end is not None and clock() >= end[0]:
            raise StdinTimeoutError(
                f"the prompt on stdin did not end within `{end[1]}`",
                hint="add `< /dev/null` if there is nothing to read",
            )
        if ready:
            if not (piece := os.read(stdin.fileno(), _PIECE)):
                return b"".join(pieces)
            pieces.append(piece)
            length += len(piece)
            if length > LONGEST:
                return b"".join(pieces)
            received, quiet_at = clock(), None
        elif quiet_at is not None and clock() >= quiet_at:
            quiet_at = None
            on_quiet()


def unreadable_stdin(error: OSError) -> UsageError:
    """The error for a stdin that is a directory, or is open for writing only."""
    return UsageError(
        f"stdin cannot be read: {(error.strerror or str(error)).lower()}",
        hint="pipe the text in, or redirect a file with `< FILE`",
    )
