"""Picking a session, in a real terminal: what is seen, what the keys do, and what is left."""

import json
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.command import Command
from bed.terminal import Terminal, have_tmux
from clinvk.model.session import Session, Status
from clinvk.store.sessions.record_fields import encode
from clinvk.text.width import display_width

pytestmark = pytest.mark.skipif(not have_tmux, reason="tmux is not installed")

ASKED = "Which session?"


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk` in a home without agents."""
    return bare_command(tmp_path)


@pytest.fixture
def terminal(clinvk: Command) -> Iterator[Terminal]:
    """A terminal in the project's directory."""
    with Terminal(clinvk.home.env, clinvk.home.project) as opened:
        yield opened


def keep(clinvk: Command, number: int, **fields: object) -> str:
    """Write the record of a session, `number` minutes old; its id."""
    at = datetime.now(UTC) - timedelta(minutes=number)
    said = {"backend": "demo", "cwd": str(clinvk.home.project), "title": f"session {number}"}
    session = Session(
        id=f"{number:012x}", created_at=at, last_used_at=at, turns=1, **{**said, **fields}
    )
    folder = clinvk.home.clinvk_home / "sessions"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / f"{session.id}.json").write_text(json.dumps(encode(session)))
    return session.id


def rows(shown: str) -> list[str]:
    """The lines of the list."""
    return [line for line in shown.splitlines() if "ago" in line or "just now" in line]


def test_a_session_is_one_line_the_latest_first(clinvk: Command, terminal: Terminal) -> None:
    """Title, backend, age, directory (short) and status."""
    keep(clinvk, 90, title="an older one", status=Status.ERROR)
    keep(clinvk, 5, title="the \x1b[31mred\x1b[0m one", cwd=str(clinvk.home.home / "code" / "app"))
    terminal.run(clinvk.program, "resume")
    first, second = rows(terminal.wait_for(ASKED))
    assert " ".join(first.split()) == "» the red one demo 5 minutes ago ~/code/app active"
    assert second.split()[:3] == ["an", "older", "one"]
    assert second.endswith("error")


def test_typing_filters_and_enter_takes(clinvk: Command, terminal: Terminal) -> None:
    """Words in any order, whatever their case, over title, directory and the rest."""
    clinvk("-b", "demo", "fix the parser")
    clinvk("-b", "demo", "Überprüfe die Kasse")
    clinvk("-b", "demo", "write the docs")
    terminal.run(clinvk.program, "resume", "-i", "and now?")
    terminal.wait_for(ASKED)
    terminal.write("KASSE über")
    shown = terminal.wait_until_gone("the docs")
    assert len(rows(shown)) == 1
    terminal.press("Enter")
    shown = terminal.wait_for("Earlier you said")
    assert "“Überprüfe die Kasse”" in shown.replace("\n", "")
    assert terminal.exit_code() == 0
    assert ASKED not in terminal.screen()


def test_arrows_move_and_stop_at_the_ends(clinvk: Command, terminal: Terminal) -> None:
    """Down, up, and no way round from the last to the first."""
    for number in (1, 2, 3):
        keep(clinvk, number)
    terminal.run(clinvk.program, "resume", "--dry-run")
    terminal.wait_for(ASKED)
    for key, pointed_at in (
        ("Down", 2),
        ("Down", 3),
        ("Down", 3),
        ("Up", 2),
        ("C-p", 1),
        ("Up", 1),
    ):
        terminal.press(key)
        terminal.wait_for(f"» session {pointed_at}")


def test_backspace_widens_again(clinvk: Command, terminal: Terminal) -> None:
    """What was typed can be taken back."""
    keep(clinvk, 1, title="alpha")
    keep(clinvk, 2, title="zulu")
    terminal.run(clinvk.program, "resume")
    terminal.wait_for(ASKED)
    terminal.write("zulx")
    terminal.wait_for("no session matches")
    terminal.press("Enter")  # takes nothing: nothing is pointed at
    terminal.press("BSpace")
    terminal.wait_for("» zulu")
    for _ in "zul":
        terminal.press("BSpace")
    terminal.wait_for("» alpha")


@pytest.mark.parametrize("key", ["Escape", "C-c"])
def test_leaving_is_130_and_leaves_no_trace(clinvk: Command, terminal: Terminal, key: str) -> None:
    """The screen is as it was, the cursor is there, and nothing was run."""
    keep(clinvk, 1)
    terminal.clear()
    terminal.run(clinvk.program, "resume", "-i", "words")
    before = f"$ {clinvk.program} resume -i words"
    terminal.wait_for(ASKED)
    terminal.write("sess")
    terminal.wait_for("sess")
    terminal.press(key)
    left = terminal.wait_until_gone(ASKED)
    assert left.replace("\n", "").startswith(before)
    assert terminal.exit_code() == 130
    shown = terminal.settle().replace("\n", "")
    assert shown == f"{before}$ echo code=$?=code=130=$"
    assert (terminal.state("cursor_flag"), terminal.state("alternate_on")) == ("1", "0")


def test_closed_and_archived_sessions_are_not_offered(clinvk: Command, terminal: Terminal) -> None:
    """They are put away; their ids resume them all the same."""
    keep(clinvk, 1, title="closed", status=Status.COMPLETED)
    keep(clinvk, 2, title="archived", archived=True)
    keep(clinvk, 3, title="open")
    terminal.run(clinvk.program, "resume")
    assert [row.split()[1] for row in rows(terminal.wait_for(ASKED))] == ["open"]


@pytest.mark.parametrize("columns", [20, 40, 60])
def test_a_narrow_terminal_has_a_line_a_session(
    clinvk: Command, terminal: Terminal, columns: int
) -> None:
    """Each is cut to the width, also while the window is made narrower; wide letters too."""
    keep(clinvk, 1, title="決済サービスの再試行ロジックを直してテストを追加してください")
    keep(clinvk, 2, title="a second session with a title that is far too long for this")
    terminal.run(clinvk.program, "resume")
    terminal.wait_for("» 決済")
    terminal.resize(columns, 12)
    terminal.settle()  # while it draws itself anew there is nothing for a moment
    listed = terminal.wait_for("…").splitlines()[1:3]
    assert [line[:2] for line in listed] == ["» ", "  "]
    assert all("…" in line for line in listed)


@pytest.mark.parametrize("columns", [50, 80, 120, 160])
def test_names_are_shown_and_nothing_is_wrapped(
    clinvk: Command, terminal: Terminal, columns: int
) -> None:
    """A session's name is before its title; lines and the footer fit, and no word is broken."""
    for number in range(40):
        keep(
            clinvk, number, title=f"決済 {number} of many", name=f"pr-{number}" if number else None
        )
    terminal.resize(columns, 12)
    terminal.run(clinvk.program, "resume", "-i", "--dry-run", "x")
    terminal.wait_for("» 決済 0 of")
    terminal.write("pr-39")
    assert "» (pr-39) 決済 39" in terminal.wait_for("» (pr-39)")
    for _ in "pr-39":
        terminal.press("BSpace")
    shown = terminal.wait_for("\n40  type").splitlines()
    assert len(shown) == 12
    assert all(display_width(line) <= columns for line in shown)
    assert shown[-1].startswith("40  type to filter, ")
    assert shown[-1].endswith("Esc to cancel")
    assert ("to move" in shown[-1]) == (columns > 60)


def test_five_thousand_sessions(clinvk: Command, terminal: Terminal) -> None:
    """The list comes, the last of them is found by typing, and a key never takes long."""
    for number in range(5_000):
        keep(clinvk, number, title=f"session {number} of many", cwd=f"/projects/app{number % 50}")
    terminal.run(clinvk.program, "resume", "--dry-run", "x")
    terminal.press("C-c")
    terminal.clear()
    terminal.run(clinvk.program, "resume", "-i", "--dry-run", "x")
    terminal.wait_for("» session 0 of")
    assert "5,000" in terminal.screen()
    terminal.press("PageDown")
    terminal.wait_for("» session 27 of")
    terminal.write("app49 4999")
    shown = terminal.wait_for("» session 4999 of")
    assert len(rows(shown)) == 1
    for _ in "app49 4999":
        terminal.press("BSpace")
    # A letter that is in all of them, and in a status; then the way to the last one.
    terminal.write("e")
    terminal.wait_for("5,000  type")
    terminal.press("C-End")
    terminal.wait_for("» session 4999 of")
    terminal.press("PageUp", "PageDown")
    terminal.wait_for("» session 4999 of")
    terminal.press("C-Home")
    terminal.wait_for("» session 0 of")


def test_here_and_a_backend_narrow_what_is_offered(clinvk: Command, terminal: Terminal) -> None:
    """`resume --here` and `resume -b NAME` pick from fewer."""
    keep(clinvk, 1, title="elsewhere", cwd="/somewhere/else")
    keep(clinvk, 2, title="another-agents", backend="codex")
    keep(clinvk, 3, title="right")
    terminal.run(clinvk.program, "resume", "--here", "-b", "demo")
    assert [row.split()[1] for row in rows(terminal.wait_for(ASKED))] == ["right"]


@pytest.mark.parametrize(
    "words", [["resume"], ["resume", "-i"], ["resume", "-i", "hello"], ["resume", "--here"]]
)
def test_without_a_terminal_it_says_what_it_would_have_offered(
    clinvk: Command, words: list[str]
) -> None:
    """Exit 2, at most ten sessions, and how to name one."""
    for number in range(12):
        keep(clinvk, number, title=f"session {number}.")
    keep(clinvk, 50, title="elsewhere", cwd="/somewhere/else")
    ran = clinvk(*words)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "there is no terminal" in ran.stderr
    offered = [line for line in ran.stderr.splitlines() if "session " in line and "ago" in line]
    assert len(offered) == 9  # the first is used "just now"
    assert f"{1:012x}  session 1." in ran.stderr
    assert f"… and {2 if '--here' in words else 3} more" in ran.stderr


def test_the_picker_reports_unreadable_sessions(clinvk: Command, terminal: Terminal) -> None:
    """In the picker's last line and in one warning, also without a terminal."""
    keep(clinvk, 1, title="a whole one")
    for number in range(2, 7):
        broken = keep(clinvk, number)
        (clinvk.home.clinvk_home / "sessions" / f"{broken}.json").write_text("{")
    ran = clinvk("resume", "-i", "--here")
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert ran.stderr.count("5 records cannot be read") == ran.stderr.count("warning: ") == 1
    terminal.run(clinvk.program, "resume")
    assert len(rows(terminal.wait_for("5 cannot be read"))) == 1
    terminal.press("Escape")
    terminal.wait_for("5 records cannot be read")
    assert terminal.exit_code() == 130


def test_without_a_session_there_is_nothing_to_pick(clinvk: Command, terminal: Terminal) -> None:
    """Exit 4 at a terminal, exit 2 without one."""
    terminal.run(clinvk.program, "resume")
    terminal.wait_for("there is no session to pick")
    assert terminal.exit_code() == 4
    terminal.clear()
    terminal.run(clinvk.program, "resume", "--here", "-b", "demo")
    terminal.wait_for("there is no session of this directory with backend `demo` to pick")
    assert clinvk("resume").exit_code == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--last", "-i", "x"], "`--last` cannot be used with `--interactive`"),
        (["-b", "nope"], "there is no backend `nope`"),
        (["--here", "0000", "x"], "not to this directory"),
        (["--last"], "the prompt is empty"),
        (["0000"], "the prompt is empty"),
    ],
)
def test_a_wrong_option_is_an_error(clinvk: Command, words: list[str], sentence: str) -> None:
    """Exit 2, one sentence."""
    keep(clinvk, 1, cwd="/somewhere/else")
    ran = clinvk("resume", *words)
    assert (ran.exit_code, sentence in ran.stderr) == (2, True), ran.stderr


def test_a_prompt_where_a_session_is_expected_is_explained(clinvk: Command) -> None:
    """`resume --here "words"`: the first word is a SESSION, unless `--last` or `-i` is said."""
    keep(clinvk, 1)
    ran = clinvk("resume", "--here", "now add tests")
    assert ran.exit_code == 4
    assert "with `--last` or `-i`, all words are the prompt" in ran.stderr


def test_a_signal_while_picking_leaves_the_terminal_in_order(
    clinvk: Command, terminal: Terminal
) -> None:
    """SIGTERM: 143, the first screen, the cursor, and a shell that echoes."""
    keep(clinvk, 1)
    pid = clinvk.home.home / "pid"
    terminal.run("sh", "-c", f"echo $$ > {pid}; exec {clinvk.program} resume")
    terminal.wait_for(ASKED)
    os.kill(int(pid.read_text()), signal.SIGTERM)
    terminal.wait_until_gone(ASKED)
    assert terminal.exit_code() == 143
    assert (terminal.state("cursor_flag"), terminal.state("alternate_on")) == ("1", "0")
