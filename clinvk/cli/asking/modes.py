"""The mode of a terminal in which each key is read at once, the way back, and its signals.

Only waiting for lines and the echo are switched off. Ctrl-C and Ctrl-Z still send their signals,
and nothing is sent to the terminal: after `kill -9` a shell that edits its own line is as before.
"""

import os
import signal
import termios
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

JOB_SIGNALS = (signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH, signal.SIGQUIT)
"""Ctrl-Z, `fg`, another size of the window, and Ctrl-\\."""

_Handler = Callable[[int, FrameType | None], object] | int | None

_LFLAG, _CC = 3, 6


class KeyMode:
    """The mode of one terminal; all methods are safe if the terminal is gone."""

    def __init__(self, fd: int, *, echo: bool) -> None:
        self._fd = fd
        self._echo = echo
        self._before: list[Any] | None = None

    @property
    def entered(self) -> bool:
        """Whether the terminal is in this mode, as far as we have set it."""
        return self._before is not None

    def enter(self) -> bool:
        """Read keys from now on; False if there is no terminal any more.

        In the background this stops the process, until it is in the foreground.
        """
        try:
            if self._before is None:
                self._before = termios.tcgetattr(self._fd)
            modes = [*self._before]
            off = termios.ICANON | termios.IEXTEN | (0 if self._echo else termios.ECHO)
            modes[_LFLAG] &= ~off
            modes[_CC] = [*modes[_CC]]
            modes[_CC][termios.VMIN], modes[_CC][termios.VTIME] = 1, 0
            termios.tcsetattr(self._fd, termios.TCSANOW, modes)
        except (OSError, termios.error):
            self._before = None
        return self.entered

    def leave(self) -> None:
        """Restore the mode from before `enter`."""
        before, self._before = self._before, None
        if before is not None:
            with suppress(OSError, termios.error):
                termios.tcsetattr(self._fd, termios.TCSANOW, before)

    def drop_typed(self) -> None:
        """Drop what was typed and not read yet."""
        with suppress(OSError, termios.error):
            termios.tcflush(self._fd, termios.TCIFLUSH)


class JobSignals:
    """Catches the `JOB_SIGNALS` between `watch` and `unwatch`, which the main thread calls.

    The number of each signal is written to `wake_fd` as a byte, also if the main thread is blocked:
    after a stop, SIGCONT may arrive in any thread. SIGQUIT restores the terminal and ends the
    process.
    """

    def __init__(self, mode: KeyMode, wake_fd: int) -> None:
        self._mode = mode
        self._wake_fd = wake_fd
        self._before: dict[signal.Signals, _Handler] = {}
        self._woken_before: int | None = None

    def watch(self) -> None:
        """Catch the signals; those that are ignored stay ignored."""
        if threading.current_thread() is not threading.main_thread():
            return
        self._woken_before = signal.set_wakeup_fd(self._wake_fd, warn_on_full_buffer=False)
        for number in JOB_SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._handle)

    def unwatch(self) -> None:
        """Handle them as before."""
        if self._woken_before is None:
            return
        signal.set_wakeup_fd(self._woken_before)
        self._woken_before = None
        before, self._before = self._before, {}
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        del frame
        if number == signal.SIGQUIT:
            self._mode.leave()
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
