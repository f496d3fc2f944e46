"""The asker at a terminal of its own: questions go out, keys come in, answers arrive."""

import fcntl
import os
import re
import select
import struct
import termios
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from clinvk.cli.asking.asker import TerminalAsker
from clinvk.cli.detect import streams_from
from clinvk.model.events import PermissionAnswer, PermissionRequest
from clinvk.model.permission import DecidedBy, Decision, ToolKind
from clinvk.model.report import TurnStart

WAIT_S = 20.0
TURN = TurnStart(
    session_id="1", title="t", backend="b", model=None, cwd="/code", turn=1, resumed=False
)


class Pty:
    """Both ends of a terminal, with an asker at one and the person at the other."""

    def __init__(self) -> None:
        self.person, self.terminal = os.openpty()
        os.set_blocking(self.person, False)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self._stdin = os.fdopen(os.dup(self.terminal), encoding="utf-8")
        self._stderr = os.fdopen(os.dup(self.terminal), "w", encoding="utf-8")
        self.streams = streams_from({"TERM": "xterm"}, self._stdin, None, self._stderr)
        self.asker = TerminalAsker(self.streams, time.monotonic)
        self.seen = ""

    def close(self) -> None:
        """End the asker and close both ends."""
        self.asker.close()
        with suppress(OSError):  # nobody is at the other end any more
            self._stderr.close()
        self._stdin.close()
        os.close(self.terminal)
        with suppress(OSError):  # a test closed it
            os.close(self.person)

    def wait_for(self, text: str) -> str:
        """What the terminal was sent since the last call, as soon as the text is in it."""
        until = time.monotonic() + WAIT_S
        while text not in self.seen:
            assert time.monotonic() < until, f"{text!r} never came: {self.seen!r}"
            if select.select([self.person], [], [], 0.1)[0]:
                self.seen += os.read(self.person, 65536).decode()
        seen, self.seen = self.seen, ""
        return seen

    def type(self, keys: bytes) -> None:
        """Press the keys."""
        os.write(self.person, keys)

    def answers(self) -> list[PermissionAnswer]:
        """The next answers, as soon as there are some."""
        assert select.select([self.asker.fileno()], [], [], WAIT_S)[0]
        return list(self.asker.take_answers())

    def modes(self) -> int:
        """Whether the terminal waits for lines and echoes: those of its flags."""
        flags: int = termios.tcgetattr(self.terminal)[3]
        return flags & (termios.ICANON | termios.ECHO)


ORDINARY = termios.ICANON | termios.ECHO


@pytest.fixture
def pty() -> Iterator[Pty]:
    """A terminal with an asker whose turn has started."""
    opened = Pty()
    opened.asker.started(TURN, "Agent")
    yield opened
    opened.close()


def request(number: int = 1, tool: str = "Bash") -> PermissionRequest:
    """A request to run a command."""
    return PermissionRequest(
        id=str(number),
        tool=tool,
        kind=ToolKind.EXECUTE,
        summary="ls",
        command=f"command {number}",
    )


def test_a_key_is_an_answer_and_the_terminal_is_as_before(pty: Pty) -> None:
    """While it asks there is no echo, and no line to wait for."""
    pty.asker.ask(request())
    shown = pty.wait_for("Allow?")
    assert "Agent asks to run a command" in shown
    assert pty.modes() == 0
    pty.type(b"y")
    assert pty.answers() == [PermissionAnswer(id="1", decision=Decision.ALLOW, by=DecidedBy.PERSON)]
    assert pty.modes() == ORDINARY
    assert pty.asker.take_answers() == []
    assert not select.select([pty.asker.fileno()], [], [], 0)[0]


def test_keys_before_the_question_are_dropped(pty: Pty) -> None:
    """And those typed right after it came, before it could be read."""
    pty.type(b"yyy")
    pty.asker.ask(request())
    pty.wait_for("…")
    pty.type(b"y")
    pty.wait_for("Allow?")
    pty.type(b"n")
    assert [answer.decision for answer in pty.answers()] == [Decision.DENY]


def test_requests_are_answered_one_after_the_other(pty: Pty) -> None:
    """Each with its place in the queue, and each after a time to read it."""
    for number in (1, 2, 3):
        pty.asker.ask(request(number))
    for number, (key, decision) in enumerate(
        [(b"y", Decision.ALLOW), (b"n", Decision.DENY), (b"s", Decision.STOP)], start=1
    ):
        shown = pty.wait_for("Allow?")
        assert f"$ command {number}" in shown
        assert f"{number} of 3" in shown or number == 1
        pty.type(key)
        (answer,) = pty.answers()
        assert (answer.id, answer.decision) == (str(number), decision)
    assert pty.modes() == ORDINARY


def test_an_answer_for_the_turn_covers_the_same_tool_only(pty: Pty) -> None:
    """Those that wait are answered as the runner answers the later ones."""
    for number, tool in enumerate(("Bash", "Edit", "Bash"), start=1):
        pty.asker.ask(request(number, tool))
    pty.wait_for("Allow?")
    pty.type(b"a")
    first, third = pty.answers()
    assert (first.id, first.decision) == ("1", Decision.ALLOW_TURN)
    assert (third.id, third.by) == ("3", DecidedBy.TURN)
    assert "$ command 2" in pty.wait_for("Allow?")


def test_other_output_comes_above_the_question_by_whole_lines(pty: Pty) -> None:
    """The start of a line waits for its end, or for the answer."""
    pty.asker.ask(request())
    pty.wait_for("Allow?")
    pty.streams.err("a line")
    assert "\x1b[Ja line\r\n" in pty.wait_for("Allow?")
    pty.streams._err("the start ")
    pty.streams._err("of a line\ntail ")
    shown = pty.wait_for("Allow?")
    assert "the start of a line\r\n" in shown
    assert "tail " not in shown
    pty.type(b"y")
    pty.wait_for("tail ")


def test_what_is_withdrawn_disappears(pty: Pty) -> None:
    """The next one is shown, and after the last one the terminal is as before."""
    pty.asker.ask(request(1))
    pty.asker.ask(request(2))
    pty.wait_for("1 of 2")
    pty.asker.withdraw("1")
    assert "$ command 2" in pty.wait_for("2 of 2")
    pty.asker.withdraw()
    pty.asker.close()
    assert pty.modes() == ORDINARY
    assert pty.asker.take_answers() == []


def test_closing_while_it_asks_restores_the_terminal(pty: Pty) -> None:
    """After any failure of the turn."""
    pty.asker.ask(request())
    pty.wait_for("Allow?")
    pty.asker.close()
    pty.asker.close()
    assert pty.modes() == ORDINARY


def test_a_lost_terminal_denies_everything(pty: Pty) -> None:
    """What waits at that moment, and what is asked later."""
    pty.asker.ask(request(1))
    pty.asker.ask(request(2))
    pty.wait_for("Allow?")
    os.close(pty.person)
    denied = {(answer.id, answer.decision, answer.by) for answer in pty.answers()}
    pty.asker.ask(request(3))
    denied |= {(answer.id, answer.decision, answer.by) for answer in pty.answers()}
    assert denied == {(number, Decision.DENY, DecidedBy.NOBODY) for number in ("1", "2", "3")}


def test_without_a_turn_nobody_is_asked() -> None:
    """An asker that was never started denies."""
    opened = Pty()
    opened.asker.ask(request())
    assert [answer.by for answer in opened.answers()] == [DecidedBy.NOBODY]
    opened.close()


def test_another_size_of_the_window_draws_it_again(pty: Pty) -> None:
    """Wrapped for the new width; what was wrapped by the terminal is erased."""
    pty.asker.ask(request())
    pty.wait_for("Allow?")
    fcntl.ioctl(pty.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
    pty.asker._order(pty.asker._draw)
    shown = pty.wait_for("Allow?")
    # Of the six lines above the last, one was wrapped by the terminal: the first row of keys.
    assert shown.startswith("\x1b[7A\r\x1b[J")
    assert all(len(line) < 40 for line in re.sub(r"\x1b\[[0-9;]*.", "", shown).split("\r\n"))
