"""The three pipes to a child, moved by one poll loop in the thread of whoever reads the lines.

No threads: nothing is read ahead of the consumer, so memory stays bounded whatever the child
prints, no write can block, and nothing is left running when the child is over. All our ends are
non-blocking; the child's own ends are not touched by that.
"""

import fcntl
import math
import os
import select
import sys
import termios
from collections import deque
from contextlib import suppress
from subprocess import Popen
from typing import IO

from clinvk.process.framing import LineFramer
from clinvk.process.outbox import Outbox

_CHUNK = 64 * 1024
_STDOUT_PIPE = 1024 * 1024
"""What may wait in a child's stdout, where the system can be told, in place of 64 KiB.

Some programs do not wait at their end for what they wrote to be read: an agent that repeats its
prompt of 1 MB lost its answer and its result with a small pipe.
"""
_TAIL_BYTES = 8 * 1024
_TAIL_LINES = 60
"""So many that a usage text of 50 does not hide the line before it, which says what was wrong."""
_LONGEST_POLL_S = 3600.0
_LAST_READS = 64
"""What a leftover of the child may still add to stderr at the end, in chunks."""


class Pipes:
    """Feeds stdin from the `outbox`, cuts stdout into `lines`, keeps the tail of stderr."""

    def __init__(
        self, process: Popen[bytes], prompt: bytes, wake_fds: list[int], *, dialogue: bool
    ) -> None:
        self.lines: deque[str] = deque()
        self.heard = 0
        """How many bytes of stdout were read."""
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
        for descriptor in wake_fds:
            self._poll.register(descriptor, select.POLLIN)
        if self._stdout is not None:
            _widen(self._stdout)

    @property
    def stdout_open(self) -> bool:
        """Whether anybody may still write to the child's stdout."""
        return self._stdout is not None

    @property
    def cut_lines(self) -> int:
        """How many lines of stdout were longer than a line may be, and lost their end."""
        return self._framer.cut

    @property
    def waiting(self) -> int:
        """How many bytes stand in the child's stdout and are to be read."""
        if self._stdout is None:
            return 0
        try:
            size = fcntl.ioctl(self._stdout.fileno(), termios.FIONREAD, bytes(4))
        except OSError:
            return 0
        return int.from_bytes(size, sys.byteorder)

    @property
    def stderr_tail(self) -> str:
        """The last lines of stderr so far: 60 or 8 KiB, whichever is less."""
        text = self._tail.decode("utf-8", errors="replace")
        return "\n".join(text.splitlines()[-_TAIL_LINES:])

    def exchange(self, timeout_s: float | None, *, hear: bool = True) -> bool:
        """Wait at most `timeout_s` for something to do and do it; whether the child spoke.

        Unless we `hear`, or as long as the outbox is full, what it says on stdout stays in the
        pipe.
        """
        patience_s = _LONGEST_POLL_S if timeout_s is None else min(timeout_s, _LONGEST_POLL_S)
        said = False
        if self._stdout is not None:
            self._poll.modify(self._stdout, 0 if self.outbox.full else select.POLLIN)
        for descriptor, event in self._poll.poll(math.ceil(max(patience_s, 0.0) * 1000)):
            if descriptor == self.outbox.descriptor:
                self.outbox.take_place(event)
            elif self._stdout is not None and descriptor == self._stdout.fileno():
                said |= hear and self._read_stdout()
            elif self._stderr is not None and descriptor == self._stderr.fileno():
                said |= self._read_stderr()
        return said

    def unwatch(self, descriptor: int) -> None:
        """Wait for this one of the `wake_fds` no longer."""
        self._poll.unregister(descriptor)

    def close(self) -> None:
        """Give the last unfinished line to `lines`, the last of stderr to its tail; then close."""
        self.outbox.close()
        self._close_stdout()
        for _ in range(_LAST_READS):
            if self._stderr is None or not self._read_stderr():
                break
        self._close_stderr()

    def _read_stdout(self) -> bool:
        data = self._read(self._stdout)
        if data:
            self.heard += len(data)
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
        """The next bytes, b"" at the end of the stream, None if there is nothing now."""
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
    """Let more wait in the pipe; a system that cannot, or that has none to spare, does not."""
    set_size: int | None = getattr(fcntl, "F_SETPIPE_SZ", None)  # Linux alone has it
    if set_size is not None:
        with suppress(OSError):
            fcntl.fcntl(pipe.fileno(), set_size, _STDOUT_PIPE)
