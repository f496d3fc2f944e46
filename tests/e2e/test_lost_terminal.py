"""A question that loses its terminal, or is told to end: exit 143, nothing done, no traceback.

A shell that is closed sends SIGHUP; where that is ignored (`nohup`), the terminal just fails. These
run without Node.
"""

import os
import pty
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.command import Command

QUESTIONS = {
    "picker": (["resume"], b"Which session"),
    "narrowed-picker": (["resume", "-i", "--here", "and", "on"], b"Which session"),
    "delete": (["sessions", "delete", "mine"], b"permanently?"),
    "editor": (["-b", "demo", "-e"], b"READY"),
    "config-editor": (["config", "edit"], b"READY"),
    "chat": (["chat", "-b", "demo"], b"demo>"),
    "screen": (["resume", "mine"], b"demo>"),
}
TERMINATED = 143


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """A home with a session, and an editor that waits."""
    clinvk = bare_command(tmp_path)
    assert clinvk("-b", "demo", "-s", "mine", "one").exit_code == 0
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\necho READY\nread line\n")
    editor.chmod(0o700)
    clinvk.home.env |= {"EDITOR": str(editor), "TERM": "xterm-256color"}
    return clinvk


class Asked:
    """clinvk in a terminal of its own, as the leader of its session."""

    def __init__(self, clinvk: Command, words: list[str], *, ignores_hangup: bool) -> None:
        self.said = b""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            if ignores_hangup:
                signal.signal(signal.SIGHUP, signal.SIG_IGN)
            os.chdir(clinvk.home.project)
            os.execve(clinvk.program, [str(clinvk.program), *words], clinvk.home.env)

    def read_until(self, done: Callable[[], bool], what: str) -> None:
        """Take what it shows until then."""
        until = time.monotonic() + 30
        while not done():
            assert time.monotonic() < until, f"{what}; it said {self.said!r}"
            if self.terminal >= 0 and select.select([self.terminal], [], [], 0.02)[0]:
                with suppress(OSError):  # nobody is at the other end any more
                    self.said += os.read(self.terminal, 1 << 16)

    def close(self) -> None:
        """Close the terminal."""
        os.close(self.terminal)
        self.terminal = -1

    def exit_code(self) -> int:
        """How it ended."""
        ended: list[int] = []

        def is_over() -> bool:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            ended.extend([os.waitstatus_to_exitcode(status)] if pid else [])
            return bool(pid)

        self.read_until(is_over, "it never ended")
        if self.terminal >= 0:
            self.close()
        return ended[0]


def _asked(clinvk: Command, question: str, *, ignores_hangup: bool = False) -> Asked:
    words, ready = QUESTIONS[question]
    asked = Asked(clinvk, words, ignores_hangup=ignores_hangup)
    asked.read_until(lambda: ready in asked.said, "it never asked")
    time.sleep(0.3)  # what draws a picker goes on to wait for a key
    return asked


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_ends_every_question(
    clinvk: Command, question: str, number: signal.Signals
) -> None:
    """One exit status for both, whichever question it was."""
    asked = _asked(clinvk, question)
    os.kill(asked.pid, number)
    assert asked.exit_code() == TERMINATED
    assert b"Traceback" not in asked.said
    [session] = clinvk("sessions", "list", "--json").json()
    assert (session["name"], session["turns"]) == ("mine", 1)


@pytest.mark.parametrize("question", ["picker", "narrowed-picker", "delete"])
def test_an_interrupt_from_elsewhere_ends_a_question(clinvk: Command, question: str) -> None:
    """As Ctrl-C does, though no key was pressed."""
    asked = _asked(clinvk, question)
    os.kill(asked.pid, signal.SIGINT)
    assert asked.exit_code() == 130
    assert b"Traceback" not in asked.said


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_terminal_that_is_closed_ends_every_question(clinvk: Command, question: str) -> None:
    """As when a window is closed."""
    asked = _asked(clinvk, question)
    asked.close()
    assert asked.exit_code() == TERMINATED
    assert len(clinvk("sessions", "list", "--json").json()) == 1


@pytest.mark.parametrize("question", ["picker", "narrowed-picker", "delete"])
def test_a_terminal_that_is_lost_without_a_signal_ends_a_question(
    clinvk: Command, question: str
) -> None:
    """Under `nohup` there is no signal, and no key either."""
    asked = _asked(clinvk, question, ignores_hangup=True)
    asked.close()
    assert asked.exit_code() == TERMINATED
    assert len(clinvk("sessions", "list", "--json").json()) == 1


@pytest.mark.parametrize("question", ["editor", "config-editor", "chat"])
def test_a_child_that_loses_its_terminal_leaves_a_clear_end(clinvk: Command, question: str) -> None:
    """What an editor or a screen makes of it is its own; clinvk has no bug then."""
    asked = _asked(clinvk, question, ignores_hangup=True)
    asked.close()
    assert asked.exit_code() in {0, 1, 2, TERMINATED}
    assert len(clinvk("sessions", "list", "--json").json()) == 1
