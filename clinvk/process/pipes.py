"""The three pipes to a child, served by one poll loop in the thread that reads the lines.

There are no other threads: nothing is read ahead of the consumer, so memory stays bounded, no write
can block, and nothing keeps running after the child has ended. Our ends are non-blocking; the
child's ends are not affected.
"""

import fcntl
import math
import os
import select
import sys
import termios
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from subprocess import Popen
from typing import IO

from clinvk.process.framing import LineFramer
from clinvk.process.outbox import Outbox

_CHUNK = 64 * 1024
_STDOUT_PIPE = 1024 * 1024
"""The size of the stdout pipe instead of 64 KiB, where the system can set it.

Some programs exit before their output is read: an agent that repeats its prompt of 1 MB lost its
answer and its result with a small pipe.
"""
_TAIL_BYTES = 8 * 1024
_TAIL_LINES = 60
"""Enough for a usage text of 50 lines and the error line before it."""
_LONGEST_POLL_S = 3600.0
_LAST_READS = 64
"""Maximum number of chunks of stderr to read at the end."""


class Pipes:
    """Feeds stdin from the `outbox`, splits stdout into `lines`, keeps the tail of stderr."""

    def __init__(
        self, process: Popen[bytes], prompt: bytes, wake_fds: Iterable[int], *, dialogue: bool
    ) -> None:
        self.lines: deque[str] = deque()
        self.bytes_read = 0
        """Number of bytes read from stdout."""
        self.woken: set[int] = set()
        """Those of the `wake_fds` that the last `exchange` found readable."""
        self._stdout, self._stderr = process.stdout, process.stderr
        self._framer = LineFramer()
        self._tail = b""
        self._poll = select.poll()
        if process.stdin is None:
            raise ValueError("the child has no pipe at its stdin")
        self.outbox = Outbox(process.stdin, self._poll, prompt, dialogue=dialogue)
        for pipe in (self._stdout, self._stderr):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                self._poll.register(pipe, select.POLLIN)
        self._wake_fds = frozenset(fd for fd in wake_fds if fd >= 0)
        for descriptor in self._wake_fds:
            self._poll.register(descriptor, select.POLLIN)
        if self._stdout is not None:
            _widen(self._stdout)

    @property
    def stdout_open(self) -> bool:
        """Whether any process may still write to the child's stdout."""
        return self._stdout is not None

    @property
    def cut_lines(self) -> int:
        """Number of stdout lines that were too long and lost their end."""
        return self._framer.cut

    @property
    def waiting(self) -> int:
        """Number of unread bytes in the child's stdout."""
        if self._stdout is None:
            return 0
        try:
            size = fcntl.ioctl(self._stdout.fileno(), termios.FIONREAD, bytes(4))
        except OSError:
            return 0
        return int.from_bytes(size, sys.byteorder)

    @property
    def stderr_tail(self) -> str:
        """The last lines of stderr: at most 60 lines and 8 KiB."""
        text = self._tail.decode("utf-8", errors="replace")
        return "\n".join(text.splitlines()[-_TAIL_LINES:])

    def exchange(self, timeout_s: float | None, *, read_stdout: bool = True) -> bool:
        """Wait at most `timeout_s` for events and handle them; returns whether the child wrote.

        Without `read_stdout`, or while the outbox is full, its output on stdout stays in the pipe.
        """
        patience_s = _LONGEST_POLL_S if timeout_s is None else min(timeout_s, _LONGEST_POLL_S)
        received = False
        self.woken.clear()
        if self._stdout is not None:
            self._poll.modify(self._stdout, 0 if self.outbox.full else select.POLLIN)
        for descriptor, event in self._poll.poll(math.ceil(max(patience_s, 0.0) * 1000)):
            if descriptor == self.outbox.descriptor:
                self.outbox.handle_event(event)
            elif self._stdout is not None and descriptor == self._stdout.fileno():
                received |= read_stdout and self._read_stdout()
            elif self._stderr is not None and descriptor == self._stderr.fileno():
                received |= self._read_stderr()
            elif descriptor in self._wake_fds:
                self.woken.add(descriptor)
        return received

    def unwatch(self, descriptor: int) -> None:
        """Stop waiting for this one of the `wake_fds`."""
        self._poll.unregister(descriptor)

    def close(self) -> None:
        """Add the last unfinished line to `lines` and the rest of stderr to the tail, and close."""
        self.outbox.close()
        self._close_stdout()
        for _ in range(_LAST_READS):
            if self._stderr is None or not self._read_stderr():
                break
        self._close_stderr()

    def _read_stdout(self) -> bool:
        data = self._read(self._stdout)
        if data:
            self.bytes_read += len(data)
            self.lines.extend(self._framer.feed(data))
        elif data is not None:
            self._close_stdout()
        return bool(data)

    def _close_stdout(self) -> None:
        self.lines.extend(self._framer.close())
        self._drop(self._stdout)
        self._stdout = None

    def _read_stderr(self) -> bool:
        data = self._read(self._stderr)
        if data:
            self._tail = (self._tail + data)[-_TAIL_BYTES:]
        elif data is not None:
            self._close_stderr()
        return bool(data)

    def _close_stderr(self) -> None:
        self._drop(self._stderr)
        self._stderr = None

    def _read(self, pipe: IO[bytes] | None) -> bytes | None:
        """The next bytes; b"" at the end of the stream, None if there are none now."""
        if pipe is None:
            return None
        try:
            return os.read(pipe.fileno(), _CHUNK)
        except BlockingIOError:
            return None

    def _drop(self, pipe: IO[bytes] | None) -> None:
        if pipe is not None:
            self._poll.unregister(pipe)
            pipe.close()


def _widen(pipe: IO[bytes]) -> None:
    """Make the pipe larger, if the system allows it."""
    set_size: int | None = getattr(fcntl, "F_SETPIPE_SZ", None)  # only on Linux
    if set_size is not None:
        with suppress(OSError):
            fcntl.fcntl(pipe.fileno(), set_size, _STDOUT_PIPE)
