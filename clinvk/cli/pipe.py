"""A pipe for output whose reader may be slow: it never keeps the run from its limits.

What the reader is ready for is written at once. Only when it is not, a thread takes the rest and
waits in our place, so that signals and timeouts still work while `| less` shows its first page.
When that is more than memory should hold we wait as well, and look after the run meanwhile. The
pipe stays blocking: its mode is shared with whoever else has it.
"""

import os
import stat
import threading
from collections.abc import Callable
from typing import TextIO

LARGEST_BACKLOG = 8 << 20
"""So much waits for a slow reader; then we wait as well."""

_ATTEND_S = 0.1
"""How often we look after the run while we wait."""

_PIECE = 4096
"""A pipe that is ready takes so much without blocking (`PIPE_BUF`)."""


class Pipe:
    """The writing end of a pipe; `write` and `finish` are called from one thread at a time.

    `attend` is called while `write` waits. Once it says no, everything further is dropped.
    """

    def __init__(self, fd: int) -> None:
        self.attend: Callable[[], bool] = lambda: True
        self._fd = fd
        self._dropping = False
        self._backlog = bytearray()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._failure: OSError | None = None

    def write(self, data: bytes) -> None:
        """Write it, now or as soon as the reader is ready.

        Raises `OSError` when the pipe takes nothing more; that may be about an earlier write.
        """
        with self._changed:
            self._raise_failure()
            if self._dropping:
                return
            rest = memoryview(data)
            if not self._backlog:
                rest = rest[self._write_at_once(rest) :]
            if not rest:
                return
            while len(self._backlog) >= LARGEST_BACKLOG:
                self._changed.wait(_ATTEND_S)
                self._raise_failure()
                if not self.attend():
                    self._dropping = True
                    return
            self._backlog += rest
            self._changed.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._carry_on, daemon=True)
                self._thread.start()

    def finish(self, wait_s: float | None) -> bool:
        """Whether the reader has taken everything, after `wait_s` seconds at most."""
        with self._changed:
            self._changed.wait_for(lambda: not self._backlog or self._failure, wait_s)
            return not self._backlog and self._failure is None

    def _write_at_once(self, data: memoryview) -> int:
        written = 0
        while written < len(data) and self._is_ready(wait=False):
            written += self._write_piece(data[written:])
        return written

    def _carry_on(self) -> None:
        """The thread: pass the backlog on, piece by piece."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._backlog)
                piece = bytes(self._backlog[:_PIECE])
            try:
                self._is_ready(wait=True)
                written = self._write_piece(memoryview(piece))
            except OSError as error:
                with self._changed:
                    self._failure = error
                    self._backlog.clear()
                    self._changed.notify_all()
                return
            with self._changed:
                del self._backlog[:written]
                self._changed.notify_all()

    def _is_ready(self, *, wait: bool) -> bool:
        import select

        waiting = select.poll()
        waiting.register(self._fd, select.POLLOUT)
        return bool(waiting.poll(None if wait else 0))

    def _write_piece(self, data: memoryview) -> int:
        try:
            return os.write(self._fd, data[:_PIECE])
        except BlockingIOError:  # another writer was quicker, in a pipe that does not block
            return 0

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure


def pipe_of(stream: TextIO | None) -> Pipe | None:
    """The stream as a pipe; None if it is anything else: a file, a terminal, nothing."""
    try:
        if stream is None or getattr(stream, "buffer", None) is None:
            return None
        mode = os.fstat(stream.fileno()).st_mode
    except (OSError, ValueError):
        return None
    return Pipe(stream.fileno()) if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) else None


def same_pipe(one: TextIO | None, other: TextIO | None) -> bool:
    """Whether both lead to the same place (`2>&1`)."""
    try:
        return (
            one is not None
            and other is not None
            and os.path.sameopenfile(one.fileno(), other.fileno())
        )
    except (OSError, ValueError):
        return False
