"""An output pipe whose reader can be slow, without delaying signals and timeouts of the run.

Data is written at once if the reader is ready. If not, a thread writes the rest, so that signals
and timeouts still work while `| less` shows its first page. If too much data is waiting, `write`
waits too, and supervises the run meanwhile. The pipe stays blocking: its mode is shared with other
processes that use it.
"""

import os
import stat
import threading
from collections.abc import Callable
from typing import TextIO

LARGEST_BACKLOG = 8 << 20
"""Bytes that may wait for a slow reader; beyond that, `write` waits too."""

_ATTEND_S = 0.1
"""How often `attend` is called while `write` or `finish` waits, in seconds."""

_PIECE = 4096
"""Bytes that a ready pipe accepts without blocking (`PIPE_BUF`)."""


class Pipe:
    """The writing end of a pipe; `write` and `finish` are called from one thread at a time.

    `attend` is called while `write` waits. Once it returns False, all further data is dropped.
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
        """Write the data now, or as soon as the reader is ready.

        Raises `OSError` if writing fails; the error may belong to an earlier write.
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
                self._thread = threading.Thread(target=self._write_backlog, daemon=True)
                self._thread.start()

    def finish(self, wait_s: float | None) -> bool:
        """Wait up to `wait_s` seconds; return whether the reader has taken everything."""
        with self._changed:
            self._changed.wait_for(lambda: not self._backlog or self._failure, wait_s)
            return not self._backlog and self._failure is None

    def _write_at_once(self, data: memoryview) -> int:
        written = 0
        while written < len(data) and self._is_ready(wait=False):
            written += self._write_piece(data[written:])
        return written

    def _write_backlog(self) -> None:
        """Write the backlog piece by piece, in a thread."""
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
        except BlockingIOError:  # another process filled a non-blocking pipe first
            return 0

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure


def pipe_of(stream: TextIO | None) -> Pipe | None:
    """The stream as a pipe; None for anything else (a file, a terminal, a closed stream)."""
    try:
        if stream is None or getattr(stream, "buffer", None) is None:
            return None
        mode = os.fstat(stream.fileno()).st_mode
    except (OSError, ValueError):
        return None
    return Pipe(stream.fileno()) if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) else None


def same_pipe(one: TextIO | None, other: TextIO | None) -> bool:
    """Whether both are the same file (`2>&1`)."""
    try:
        return (
            one is not None
            and other is not None
            and os.path.sameopenfile(one.fileno(), other.fileno())
        )
    except (OSError, ValueError):
        return False
