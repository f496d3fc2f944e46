"""Runs a child that uses the terminal until it ends: an editor, a pager, an interactive screen.

It stays in our process group, so that the shell's job control stops and continues both as one job,
and signals from keys (such as Ctrl-C) reach it directly from the terminal.
"""

import os
import signal
import termios
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import PIPE, Popen
from types import FrameType
from typing import IO, Any

from msgspec import Struct

from clinvk.errors import BackendStartError
from clinvk.process.environment import environment_in
from clinvk.process.signals import handlers

# Ctrl-Z too: we stop once, because the child did. If the key stopped us directly, we would notice
# the child's stop only after `fg`, and stop again.
_OF_THE_TERMINAL = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)
_PASSED_ON = (signal.SIGTERM, signal.SIGHUP)
_STOPS = (signal.SIGTSTP, signal.SIGSTOP)


class ForegroundEnd(Struct, frozen=True, kw_only=True):
    """How the child ended: its exit code, negative for a signal.

    `stopped`: we received SIGTERM or SIGHUP meanwhile, so the user did not choose to end it.
    """

    exit_code: int
    stopped: bool


def run_foreground(  # noqa: PLR0913  one parameter each thing that the child gets
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    cwd: Path | None,
    keep_open: tuple[int, ...] = (),
    started: Callable[[int], None] = lambda _: None,
    feed: bytes | None = None,
) -> ForegroundEnd:
    """Run the child to its end; `BackendStartError` if it cannot be started.

    Terminal and streams are inherited, and the terminal's modes are restored afterwards. SIGINT,
    SIGQUIT and SIGTSTP are left to the child; SIGTERM and SIGHUP are passed on to it. It also
    inherits the descriptors `keep_open`. `started` receives its pid when it runs. Its stdin is
    ours, or `feed`, of which it may leave any part unread.
    """
    child = _Child()
    handled = {
        # Handlers, because the child would inherit `SIG_IGN`.
        **dict.fromkeys(_OF_THE_TERMINAL, _do_nothing),
        **dict.fromkeys(_PASSED_ON, child.pass_on),
    }
    with _terminal_kept(), handlers(handled):
        env = environment_in(cwd, environ)
        try:
            stdin = None if feed is None else PIPE
            process = Popen(list(argv), env=env, cwd=cwd, pass_fds=keep_open, stdin=stdin)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise BackendStartError(f"cannot start `{argv[0]}`: {reason}") from error
        if process.stdin is not None:
            # In a thread, which may wait for ever: the reader decides how much it wants.
            threading.Thread(target=_feed, args=(process.stdin, feed), daemon=True).start()
        code = child.follow(process, started)
        return ForegroundEnd(exit_code=code, stopped=child.stopped)


def _feed(stdin: IO[bytes], content: bytes) -> None:
    with suppress(OSError), stdin:
        stdin.write(content)


class _Child:
    """The child; signals before its start are kept and passed on later."""

    def __init__(self) -> None:
        self.stopped = False
        self._pid: int | None = None
        self._waiting: list[int] = []

    def pass_on(self, number: int, frame: FrameType | None) -> None:
        """Pass a received signal on to the child."""
        del frame
        self.stopped = True
        if self._pid is None:
            self._waiting.append(number)
        else:
            with suppress(ProcessLookupError):
                os.kill(self._pid, number)

    def follow(self, process: Popen[bytes], started: Callable[[int], None]) -> int:
        """Wait for the end of the started child; returns its exit code."""
        self._pid = process.pid
        started(process.pid)
        for number in self._waiting:
            self.pass_on(number, None)
        while True:
            _, status = os.waitpid(process.pid, os.WUNTRACED)
            if not os.WIFSTOPPED(status):
                break
            _stop_with_it(process.pid, os.WSTOPSIG(status))
        self._pid = None
        process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode


def _stop_with_it(pid: int, number: int) -> None:
    """Stop this process too, so that the shell gets the terminal; later continue both.

    A stop for reading in the background is handled by the shell.
    """
    if number in _STOPS:
        os.kill(os.getpid(), signal.SIGSTOP)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def _do_nothing(number: int, frame: FrameType | None) -> None:
    """Ignore the signal without `SIG_IGN`, so that the child has its default handler."""


@contextmanager
def _terminal_kept() -> Iterator[None]:
    """Restore the terminal's modes and foreground group after the child."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
    except OSError:  # there is none
        yield
        return
    modes: list[Any] | None = None
    try:
        with suppress(OSError, termios.error):  # the terminal is closed
            modes = termios.tcgetattr(terminal)
            if os.tcgetpgrp(terminal) != os.getpgrp():
                modes = None
        try:
            yield
        finally:
            if modes is not None:
                _give_back(terminal, modes)
    finally:
        os.close(terminal)


def _give_back(terminal: int, modes: list[Any]) -> None:
    # In the background either call would stop this process.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        with suppress(OSError, termios.error):
            os.tcsetpgrp(terminal, os.getpgrp())
            termios.tcsetattr(terminal, termios.TCSADRAIN, modes)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
