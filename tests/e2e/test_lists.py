"""Lists on a terminal: they fit the screen, say what is left, and leave pipes alone."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bed.bare import bare_command
from bed.command import Command
from bed.terminal import Terminal, have_tmux
from clinvk.model.session import Session, Status
from clinvk.store.sessions.record_fields import encode
from clinvk.text.width import display_width

pytestmark = pytest.mark.skipif(not have_tmux, reason="tmux is not installed")

COUNT, ROWS = 140, 24
TITLES = (
    "fix the bug in auth.go",
    "決済サービスの再試行ロジックを直す",
    "🎉 a party, and 日本",
)


@pytest.fixture(scope="module")
def clinvk(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """The installed `clinvk` with many sessions, in directories with letters of all widths."""
    clinvk = bare_command(tmp_path_factory.mktemp("lists"))
    folder = clinvk.home.clinvk_home / "sessions"
    folder.mkdir(parents=True, mode=0o700)
    for number in range(COUNT):
        at = datetime.now(UTC) - timedelta(minutes=number)
        session = Session(
            id=f"{number:012x}",
            backend="demo",
            cwd=str(clinvk.home.home / "code" / ("日本語のフォルダ" * 4 if number % 2 else "app")),
            created_at=at,
            last_used_at=at,
            title=f"{number} {TITLES[number % len(TITLES)]}",
            name=f"pr-{number}" if number % 5 == 0 else None,
            status=Status.ERROR if number % 4 == 0 else Status.ACTIVE,
            turns=1,
        )
        (folder / f"{session.id}.json").write_text(json.dumps(encode(session)))
    return clinvk


@pytest.fixture(params=[50, 80, 120, 160])
def terminal(request: pytest.FixtureRequest, clinvk: Command) -> Iterator[Terminal]:
    """A terminal of a usual height, narrow to wide."""
    env = {**clinvk.home.env, "PATH": f"{clinvk.program.parent}:/usr/bin:/bin"}
    with Terminal(env, clinvk.home.project, columns=request.param, rows=ROWS) as opened:
        yield opened


def shown_by(terminal: Terminal, *words: str) -> list[str]:
    """The lines that a command leaves on the screen, which nothing has scrolled away from."""
    assert terminal.settle() == "$"  # what is typed before that would be echoed twice
    terminal.run("clinvk", *words)
    terminal.wait_for("more: ")
    shown = terminal.wait_for_shell()
    assert shown.startswith("$ clinvk sessions"), f"the first line is gone:\n{shown}"
    return shown.splitlines()[1:-1]


def test_a_list_fits_the_screen(terminal: Terminal) -> None:
    """One line a session, the newest first, and how to see the others; nothing scrolls."""
    columns = int(terminal.state("pane_width"))
    head, *rows, more = shown_by(terminal, "sessions", "list")
    assert len(rows) == ROWS - 4  # beside them the command, the head, the last line, the prompt
    assert [row.split()[0] for row in rows] == [f"{number:012x}" for number in range(len(rows))]
    assert more == f"… {COUNT - len(rows)} more: clinvk sessions list -n 0"
    assert all(display_width(line) <= columns for line in (head, *rows))
    assert ("DIRECTORY" in head) == (columns >= 120)
    if columns >= 120:
        at = display_width(head[: head.index("DIRECTORY")])
        for number, row in enumerate(rows):
            directory = next(row[cut:] for cut in range(len(row)) if display_width(row[:cut]) == at)
            assert directory[0] in "~…"
            assert directory.endswith("フォルダ" if number % 2 else "app")


def test_what_is_left_is_asked_for_with_the_same_filters(terminal: Terminal) -> None:
    """The command in the last line shows the same list, to its end; a short form has room."""
    *_, more = shown_by(terminal, "sessions", "list", "--status", "error", "--sort", "title")
    command = "clinvk sessions list --status error --sort title -n 0"
    left = COUNT // 4 - (ROWS - 4)
    wide = int(terminal.state("pane_width")) > 80
    assert more == f"… {left} more: {command if wide else 'add -n 0'}" or not wide
    assert f"… {left} more: " in more


def test_hits_of_a_search_fit_the_screen(terminal: Terminal) -> None:
    """Two lines each, and how many more there are."""
    *rows, more = shown_by(terminal, "sessions", "search", "bug")
    assert len(rows) in {ROWS - 3, ROWS - 4}
    count = sum(number % 3 == 0 for number in range(COUNT))
    assert more == f"… {count - len(rows) // 2} more: clinvk sessions search -n 0 bug"


def test_a_pipe_and_a_number_get_what_they_ask_for(clinvk: Command) -> None:
    """All rows in a pipe and in JSON; `-n` wins, and 0 is all."""
    assert len(clinvk("sessions", "list").stdout.splitlines()) == COUNT + 1
    assert len(clinvk("sessions", "list", "-n", "0").stdout.splitlines()) == COUNT + 1
    assert len(clinvk("sessions", "list", "-n", "3").stdout.splitlines()) == 4
    assert len(json.loads(clinvk("sessions", "list", "--json").stdout)) == COUNT
    assert len(json.loads(clinvk("sessions", "list", "--json", "-n", "0").stdout)) == COUNT
    assert len(clinvk("sessions", "search", "-n", "0", "bug").stdout.splitlines()) > COUNT // 2


def test_a_number_given_by_hand_wins_on_a_terminal(clinvk: Command) -> None:
    """More than the screen has, or fewer; then there is no last line."""
    env = {**clinvk.home.env, "PATH": f"{clinvk.program.parent}:/usr/bin:/bin"}
    with Terminal(env, clinvk.home.project, columns=80, rows=ROWS) as terminal:
        terminal.run("clinvk", "sessions", "list", "-n", "0")
        terminal.wait_for(f"{COUNT - 1:012x}")
        assert " more" not in terminal.wait_for_shell()
        terminal.clear()
        terminal.run("clinvk", "sessions", "list", "-n", "2")
        terminal.wait_for(f"{1:012x}")
        assert len(terminal.wait_for_shell().splitlines()) == 5
