"""Collects the signals that clinvk receives while a child runs.

A handler only notes the signal and writes a byte to a pipe, which wakes up the poll loop of the
child's pipes at once. The loop decides what a signal means.
"""

import os
import select
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType
from typing import Self

from clinvk.errors import ExitStatus, StoppedBySignal

HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Handler = Callable[[int, FrameType | None], object] | int | None

_PATIENCE = 3
"""After this many signals without `listening`, the consumer is stuck, as in `clinvk … | less`."""


class SignalInbox:
    """Collects SIGINT, SIGTERM and SIGHUP inside its block; then restores the old handlers.

    A signal that was ignored before stays ignored (`nohup`, a background job of a script). Outside
    the main thread no handlers are installed, and only `post` delivers signals.

    While `listening` is False, the third and each later signal also raises `KeyboardInterrupt`,
    which is the only way to end a write to a full pipe.
    """

    def __init__(self) -> None:
        self.listening = True
        self._received: list[signal.Signals] = []
        self._handlers = ExitStack()
        self._read_fd = -1
        self._write_fd = -1

    @property
    def received(self) -> tuple[signal.Signals, ...]:
        """Every signal so far, in order."""
        return tuple(self._received)

    def fileno(self) -> int:
        """A descriptor that becomes readable when a signal arrives; -1 outside the block."""
        return self._read_fd

    def post(self, number: int) -> None:
        """Add a signal as if it had been received; safe from any thread."""
        self._received.append(signal.Signals(number))
        if self._write_fd >= 0:
            with suppress(BlockingIOError):  # the pipe is full of wake-ups already
                os.write(self._write_fd, b"\0")

    def sleep(self, seconds: float) -> None:
        """Sleep. Raises `StoppedBySignal` at once when a signal arrives or has arrived."""
        if not self._received:
            select.select([self._read_fd], [], [], seconds)
        if self._received:
            interrupted = self._received[0] is signal.SIGINT
            raise StoppedBySignal(ExitStatus.INTERRUPTED if interrupted else ExitStatus.TERMINATED)

    def drain(self) -> None:
        """Make `fileno` unreadable until the next signal."""
        with suppress(BlockingIOError):
            while self._read_fd >= 0 and os.read(self._read_fd, 512):
                pass

    def __enter__(self) -> Self:
        self._read_fd, self._write_fd = os.pipe()
        os.set_blocking(self._read_fd, False)
        os.set_blocking(self._write_fd, False)
        if threading.current_thread() is threading.main_thread():
            self._handlers.enter_context(handlers(dict.fromkeys(HANDLED, self._on_signal)))
        return self

    def __exit__(self, *_: object) -> None:
        self._handlers.close()
        read_fd, write_fd = self._read_fd, self._write_fd
        self._read_fd = self._write_fd = -1
        os.close(read_fd)
        os.close(write_fd)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.post(number)
        if not self.listening and len(self._received) >= _PATIENCE:
            raise KeyboardInterrupt


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """While waiting for the user's input, raise `StoppedBySignal` on SIGTERM and SIGHUP.

    Also on an input error, because then the terminal is closed. Ignored signals stay ignored.
    """

    def leave(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise StoppedBySignal(ExitStatus.TERMINATED)

    try:
        with handlers(dict.fromkeys((signal.SIGTERM, signal.SIGHUP), leave)):
            yield
    except OSError:
        raise StoppedBySignal(ExitStatus.TERMINATED) from None


@contextmanager
def handlers(wanted: Mapping[signal.Signals, Handler]) -> Iterator[None]:
    """Handle these signals inside the block. Ignored signals stay ignored."""
    before = {
        number: signal.signal(number, handle)
        for number, handle in wanted.items()
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, old in before.items():
            # None is a handler that was not installed from Python.
            signal.signal(number, signal.SIG_DFL if old is None else old)
