"""`sessions show` at a terminal: the last answer, rendered, through a pager where it is long."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.command import Command
from bed.kept import session_of
from bed.terminal import Terminal, have_tmux
from clinvk.model.events import Message
from clinvk.model.outcome import Outcome, StopReason
from clinvk.model.session import Session
from clinvk.store.home import Home
from clinvk.store.sessions.store import SessionStore

pytestmark = pytest.mark.skipif(not have_tmux, reason="tmux is not installed")

AT = datetime(2025, 1, 27, 10, tzinfo=UTC)
LINES = 300
LONG = "# The **report**\n\n\x1b[2J\x1b]0;owned\x07" + "\n".join(
    f"- line {number} of the *answer*" for number in range(LINES)
)
FIRST, LAST = "line 0 of the answer", f"line {LINES - 1} of the answer"


def keep(home: Home, session_id: str, answer: str, *, open_turn: bool = False) -> Session:
    """A session with one turn of this answer, which may have been cut off."""
    store = SessionStore(home)
    session = session_of(
        id=session_id, backend="demo", cwd="/p", created_at=AT, last_used_at=AT, title="it"
    ).turn_started(at=AT)
    store.create(session)
    with closing(store.writer(session.id, lambda: AT)) as writer:
        writer.session(session)
        writer.turn_started(backend="demo", turn=1, at=AT, prompt="write the report", cwd="/p")
        for piece in answer.splitlines(keepends=True):
            writer.event(1, Message(text=piece, delta=True))
        if not open_turn:
            outcome = Outcome(text=answer, stop_reason=StopReason.END_TURN, duration_s=2.0)
            writer.turn_finished(1, AT, outcome)
            store.save(session.turn_finished(outcome, number=1, at=AT))
    return session


@pytest.fixture(scope="module")
def clinvk(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """The installed `clinvk` with a long session, a short one, and one that was cut off."""
    clinvk = bare_command(tmp_path_factory.mktemp("pager"))
    home = Home(clinvk.home.clinvk_home)
    keep(home, "10ab00000000", LONG)
    keep(home, "540400000000", "It is **done**.")
    keep(home, "cccc00000000", LONG, open_turn=True)
    return clinvk


@pytest.fixture
def terminal(clinvk: Command) -> Iterator[Terminal]:
    """A terminal of 80 columns in which nothing says what the pager is."""
    with Terminal(clinvk.home.env, clinvk.home.project, columns=80, rows=24) as opened:
        yield opened


def show(terminal: Terminal, clinvk: Command, *words: str, pager: str | None = None) -> None:
    """Type `clinvk sessions show`, with that pager."""
    terminal.clear()
    setting = [] if pager is None else ["env", f"PAGER={pager}"]
    terminal.run(*setting, clinvk.program, "sessions", "show", *words)


def test_a_short_page_has_no_pager(clinvk: Command, terminal: Terminal) -> None:
    """The whole session, its prompt and its answer, and the shell is back at once."""
    show(terminal, clinvk, "5404")
    shown = terminal.wait_for_shell()
    assert "Last Prompt:\n  write the report\n" in shown
    assert "Last Answer:\n  It is done.\n" in shown
    assert "ID:                540400000000" in shown
    assert terminal.exit_code() == 0


@pytest.mark.parametrize("session", ["10ab", "cccc"], ids=["whole", "cut off"])
def test_a_long_page_is_read_from_its_beginning(
    clinvk: Command, terminal: Terminal, session: str
) -> None:
    """In `less`, rendered; what the agent wrote controls nothing; leaving early is no error."""
    show(terminal, clinvk, session)
    shown = terminal.wait_for("ID:  ")
    terminal.wait_for("Last Turn:")
    assert FIRST not in shown or LAST not in shown
    terminal.write("G")
    assert LAST in terminal.wait_for(LAST)
    terminal.write("?line 150 of\n")
    assert "line 150 of the answer" in terminal.wait_for("line 150 of the answer")
    assert "ESC" not in terminal.screen()
    terminal.write("q")
    terminal.wait_for_shell()
    assert terminal.exit_code() == 0
    assert "Traceback" not in terminal.history()
    assert "owned" not in terminal.state("pane_title")


def test_ctrl_c_in_the_pager_is_no_error(clinvk: Command, terminal: Terminal) -> None:
    """`less` handles it itself; a pager that it ends, such as a script, ends with 0 as well."""
    show(terminal, clinvk, "10ab", pager="sh -c 'head -n 3; exec sleep 1000'")
    terminal.wait_for("Model:")
    terminal.press("C-c")
    terminal.wait_for("^C$")
    terminal.write("echo code=$?=")
    terminal.press("Enter")
    terminal.wait_for("code=0=")
    assert "Traceback" not in terminal.history()


def test_a_pager_that_reads_nothing_is_no_error(clinvk: Command, terminal: Terminal) -> None:
    """It was closed before it had read the page."""
    show(terminal, clinvk, "10ab", pager="true")
    assert terminal.exit_code() == 0
    assert "Traceback" not in terminal.history()
    assert "error" not in terminal.history()


@pytest.mark.parametrize("pager", ["", "cat"])
def test_no_pager_is_wanted(clinvk: Command, terminal: Terminal, pager: str) -> None:
    """An empty one, and `cat`; everything is printed."""
    show(terminal, clinvk, "10ab", pager=pager)
    terminal.wait_for(LAST)
    assert terminal.exit_code() == 0
    assert FIRST in terminal.history()


def test_no_pager_by_an_option(clinvk: Command, terminal: Terminal) -> None:
    """`--no-pager`, for this one page."""
    show(terminal, clinvk, "10ab", "--no-pager")
    terminal.wait_for(LAST)
    assert terminal.exit_code() == 0


def test_our_own_variable_wins(clinvk: Command, terminal: Terminal) -> None:
    """`CLINVK_PAGER` before `PAGER`, also if it is empty."""
    terminal.run("export", "CLINVK_PAGER=head -n 1")
    show(terminal, clinvk, "10ab", pager="no-such-pager")
    terminal.wait_for_shell()
    assert "ID:  " in terminal.screen()
    assert "Backend:" not in terminal.screen()
    terminal.run("export", "CLINVK_PAGER=")
    show(terminal, clinvk, "10ab", pager="no-such-pager")
    assert "warning" not in terminal.wait_for(LAST)


@pytest.mark.parametrize(
    ("pager", "why"),
    [
        ("no-such-pager --x", "cannot start `no-such-pager`"),
        ("env no-such-pager", "cannot start `env no-such-pager`"),
        ("'", "is not a valid command"),
    ],
)
def test_a_pager_that_does_not_exist_is_a_warning(
    clinvk: Command, terminal: Terminal, pager: str, why: str
) -> None:
    """One, and the page is shown without it."""
    show(terminal, clinvk, "10ab", pager=pager)
    terminal.wait_for(LAST)
    assert terminal.exit_code() == 0
    history = terminal.history()
    assert history.count("warning: ") == 1
    assert why in history
    assert FIRST in history


def test_one_turn_and_the_whole_conversation_have_a_pager_too(
    clinvk: Command, terminal: Terminal
) -> None:
    """`--turn`, `--answer` and `--markdown` can be as long."""
    for words in (("--turn", "1"), ("--answer",), ("--markdown",)):
        show(terminal, clinvk, "10ab", *words, pager="sed -e 5q -e 's/^/seen: /'")
        assert "seen: " in terminal.wait_for_shell()
        assert LAST not in terminal.screen()


def test_a_pipe_and_a_program_have_no_pager(clinvk: Command, terminal: Terminal) -> None:
    """The text as it is, with nothing of a terminal in it."""
    env = {"PAGER": "no-such-pager"}
    ran = clinvk("sessions", "show", "10ab", env=env)
    assert f"  - line {LINES - 1} of the *answer*\n" in ran.stdout
    assert ran.stderr == ""
    assert json.loads(clinvk("sessions", "show", "10ab", "--json", env=env).stdout)["turns"] == 1
    show(terminal, clinvk, "10ab", "--json", pager="no-such-pager")
    assert terminal.exit_code() == 0
    assert "warning:" not in terminal.history()


def test_it_ends_with_the_pager_when_it_is_told_to(
    clinvk: Command, terminal: Terminal, tmp_path: Path
) -> None:
    """SIGTERM reaches the pager, and the exit status is that of a signal."""
    pid = tmp_path / "pid"
    command = f"echo $$ > {pid}; exec {clinvk.program} sessions show 10ab"
    terminal.run("env", "PAGER=sh -c 'head -n 3; exec sleep 1000'", "sh", "-c", command)
    terminal.wait_for("Model:")
    os.kill(int(pid.read_text()), signal.SIGTERM)
    assert terminal.exit_code() == 143
