"""`sessions list`, for a person and for a program."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from clinvk.cli.render.list import Rest, render_ids, render_list
from clinvk.model.session import Session, Status
from clinvk.model.usage import FIGURES, Usage
from clinvk.services.sessions.list import Listed, SessionList
from clinvk.store.sessions.records import DamagedRecord
from clinvk.text.width import display_width

NOW = datetime(2025, 1, 27, 12, 0, tzinfo=UTC)
CREATED = datetime(2025, 1, 27, 10, 0, tzinfo=UTC)
EMPTY = SessionList(sessions=(), damaged=())


def listed(status: Status = Status.ACTIVE, **fields: Any) -> Listed:
    """A session that was used half an hour ago, but for what is said."""
    usual = {
        "id": "7f3a9c2b11dd",
        "backend": "agent",
        "cwd": "/w",
        "created_at": CREATED,
        "last_used_at": NOW - timedelta(minutes=30),
        "title": "fix the bug",
        "usage": Usage(input_tokens=1234, output_tokens=5678),
    }
    return Listed(session=Session(**{**usual, **fields}), status=status)


SESSIONS = SessionList(
    sessions=(
        listed(),
        listed(Status.RUNNING, id="a1", title="日本語 の題", usage=Usage(), name="pr-1"),
        listed(Status.ERROR, backend="another", title="", last_used_at=NOW + timedelta(hours=1)),
    ),
    damaged=(DamagedRecord(path=Path("/h/sessions/b2.json"), id_guess="b2", reason="odd"),),
)


def test_the_columns_are_those_of_the_contract(screen: Any) -> None:
    """Words for times, separators in numbers, `—` for what is unknown, damaged records too."""
    render_list(SESSIONS, screen.streams(), now=NOW, as_json=False)
    assert screen.out.getvalue() == (
        "ID            BACKEND  STATUS   LAST USED       TOKENS  TITLE/PROMPT\n"
        "7f3a9c2b11dd  agent    active   30 minutes ago   6,912  fix the bug\n"
        "a1            agent    running  30 minutes ago       —  (pr-1) 日本語 の題\n"
        "7f3a9c2b11dd  another  error    just now         6,912  untitled\n"
        "b2            —        damaged  —                    —  /h/sessions/b2.json\n"
    )


def test_on_a_terminal_a_session_is_one_line(screen: Any) -> None:
    """Titles are cut to the width, and a narrow terminal goes without the least of the columns."""
    found = SessionList(sessions=(listed(title="日本語" * 40), listed(title="x" * 200)), damaged=())
    for width in (200, 80, 60, 40, 20):
        here = type(screen)()
        render_list(found, here.streams(out_tty=True, width=width), now=NOW, as_json=False)
        head, *lines = here.out.getvalue().splitlines()
        assert len(lines) == 2
        assert all("…" in line for line in lines)
        assert all(display_width(line) <= width for line in (head, *lines))
        assert ("LAST USED" in head) == (width >= 60)


def test_a_pipe_gets_whole_titles_without_colour(screen: Any) -> None:
    """Nothing is cut where nobody looks at the width."""
    found = SessionList(sessions=(listed(title="x" * 200),), damaged=())
    render_list(found, screen.streams(width=40), now=NOW, as_json=False)
    assert f"  {'x' * 200}\n" in screen.out.getvalue()
    assert "\x1b" not in screen.out.getvalue()


def test_the_columns_line_up_in_colour_too(screen: Any) -> None:
    """Colour changes no text."""
    plain, colored = type(screen)(), type(screen)()
    render_list(SESSIONS, plain.streams(), now=NOW, as_json=False)
    render_list(SESSIONS, colored.streams(color=True), now=NOW, as_json=False)
    without = colored.out.getvalue()
    assert "\x1b[31merror  \x1b[0m" in without
    for code in ("0", "2", "31", "32"):
        without = without.replace(f"\x1b[{code}m", "")
    assert without == plain.out.getvalue()


def test_a_hostile_title_is_one_harmless_line(screen: Any) -> None:
    """A title may have come from an agent, or from a prompt that was pasted."""
    found = SessionList(sessions=(listed(title="a\x1b[2J\nb\u202ec"),), damaged=())
    render_list(found, screen.streams(), now=NOW, as_json=False)
    assert screen.out.getvalue().endswith("  a bc\n")


def test_an_empty_list_is_a_message_on_stderr(screen: Any) -> None:
    """Nothing found is not an error, and prints no data."""
    render_list(EMPTY, screen.streams(), now=NOW, as_json=False)
    render_list(EMPTY, screen.streams(), now=NOW, as_json=False, filtered=True)
    assert screen.out.getvalue() == ""
    assert screen.err.getvalue() == (
        'no sessions yet; `clinvk "…"` starts the first\nno session matches\n'
    )


def test_a_program_reads_an_array(screen: Any) -> None:
    """Each session is an object on a line of its own, damaged ones included."""
    render_list(SESSIONS, screen.streams(), now=NOW, as_json=True)
    assert screen.out.getvalue().count("\n") == 6
    first, _, _, damaged = json.loads(screen.out.getvalue())
    assert first == {
        "id": "7f3a9c2b11dd",
        "name": None,
        "title": "fix the bug",
        "backend": "agent",
        "status": "active",
        "cwd": "/w",
        "model": None,
        "created_at": "2025-01-27T10:00:00Z",
        "last_used_at": "2025-01-27T11:30:00Z",
        "turns": 0,
        "turns_reported": 0,
        "usage": {
            "input_tokens": 1234,
            "cached_tokens": None,
            "cache_write_tokens": None,
            "output_tokens": 5678,
            "reasoning_tokens": None,
            "total_tokens": 6912,
        },
        "cost_usd": None,
        "figures_reported": dict.fromkeys(FIGURES, 0),
        "tags": [],
        "archived": False,
    }
    assert damaged.keys() == {*first, "path", "reason"}
    assert (damaged["id"], damaged["status"], damaged["path"]) == (
        "b2",
        "damaged",
        "/h/sessions/b2.json",
    )


def test_ids_alone_are_for_a_shell(screen: Any) -> None:
    """One a line, no damaged ones among them: those are said on stderr."""
    render_ids(SESSIONS, screen.streams())
    assert screen.out.getvalue() == "7f3a9c2b11dd\na1\n7f3a9c2b11dd\n"
    assert screen.err.getvalue() == "warning: the record `/h/sessions/b2.json` is damaged: odd\n"


def test_a_damaged_record_is_only_a_warning_in_a_filtered_list(screen: Any) -> None:
    """Whether it matches is unknown, so it is reported on stderr."""
    for as_json in (False, True):
        here = type(screen)()
        render_list(SESSIONS, here.streams(), now=NOW, as_json=as_json, filtered=True)
        assert "b2" not in here.out.getvalue()
        assert "/h/sessions/b2.json" in here.err.getvalue()


FOREIGN = replace(
    SESSIONS,
    damaged=tuple(
        DamagedRecord(path=Path(f"/h/sessions/{number}.json"), id_guess=None, reason="odd")
        for number in range(2_000)
    ),
)


def test_many_damaged_records_are_one_warning(screen: Any) -> None:
    """How many there are, a few of them, and the way out."""
    told = (
        "warning: 2,000 records cannot be read: `/h/sessions/0.json`, `/h/sessions/1.json`,"
        " `/h/sessions/2.json` and 1,997 more; `clinvk doctor` shows why, and how to fix it\n"
    )
    for show in (
        lambda here: render_ids(FOREIGN, here.streams()),
        lambda here: render_list(FOREIGN, here.streams(), now=NOW, as_json=True, filtered=True),
        lambda here: render_list(FOREIGN, here.streams(), now=NOW, as_json=False, filtered=True),
    ):
        here = type(screen)()
        show(here)
        assert here.err.getvalue() == told


def test_many_damaged_records_do_not_bury_a_list(screen: Any) -> None:
    """A person sees some of them and how many there are more, a program sees them all."""
    render_list(FOREIGN, screen.streams(), now=NOW, as_json=False)
    assert len(screen.out.getvalue().splitlines()) == 1 + len(SESSIONS.sessions) + 20
    assert screen.err.getvalue() == (
        "warning: 1,980 more records cannot be read; `clinvk doctor` lists them\n"
    )
    here = type(screen)()
    render_list(FOREIGN, here.streams(), now=NOW, as_json=True)
    assert len(json.loads(here.out.getvalue())) == len(SESSIONS.sessions) + 2_000
    assert not here.err.getvalue()


def test_an_empty_array_is_an_array(screen: Any) -> None:
    """A program need not ask whether there was anything."""
    render_list(EMPTY, screen.streams(), now=NOW, as_json=True)
    assert screen.out.getvalue() == "[]\n"


def test_a_total_that_leaves_a_turn_out_is_marked_as_a_lower_bound(screen: Any) -> None:
    """Two turns, one of which told its figures: the sum is at least that."""
    known = {"turns": 2, "usage": Usage(input_tokens=1000, output_tokens=234)}
    for reported, told in ((1, " ≥1,234 "), (2, "  1,234 ")):
        here = type(screen)()
        counts = {"figures_reported": dict.fromkeys(FIGURES, reported)}
        session = listed(**known, turns_reported=reported, **counts)
        one = SessionList(sessions=(session,), damaged=())
        render_list(one, here.streams(), now=NOW, as_json=False)
        assert told in here.out.getvalue()


def rest(shown: int) -> Rest:
    """The rest of 4,000 sessions."""
    return Rest(count=4_000 - shown, command="clinvk sessions list -n 0")


def test_a_list_fits_the_screen_and_says_what_is_left(screen: Any) -> None:
    """24 lines: the command, the head, the rows, the last line and the shell's prompt."""
    found = SessionList(sessions=(listed(),) * 22, damaged=())
    render_list(found, screen.streams(out_tty=True), now=NOW, as_json=False, rest=rest)
    *rows, more = screen.out.getvalue().splitlines()
    assert len(rows) == 1 + 20
    assert more == "… 3,980 more: clinvk sessions list -n 0"
    for all_that_fit in (21, 3):
        here = type(screen)()
        found = SessionList(sessions=(listed(),) * all_that_fit, damaged=())
        render_list(found, here.streams(out_tty=True), now=NOW, as_json=False, rest=rest)
        assert len(here.out.getvalue().splitlines()) == 1 + all_that_fit


def test_damaged_records_leave_room_for_sessions(screen: Any) -> None:
    """On a screen they are a third of the lines; the warning counts the others."""
    found = replace(FOREIGN, sessions=(listed(),) * 22)
    render_list(found, screen.streams(out_tty=True), now=NOW, as_json=False, rest=rest)
    rows = screen.out.getvalue().splitlines()
    assert sum("damaged" in row for row in rows) == 7
    assert sum("fix the bug" in row for row in rows) == 12
    assert len(rows) + len(screen.err.getvalue().splitlines()) == 22


def test_a_pipe_has_no_last_line(screen: Any) -> None:
    """All that was found, whatever the height of the terminal beside it."""
    found = SessionList(sessions=(listed(),) * 500, damaged=())
    render_list(found, screen.streams(err_tty=True), now=NOW, as_json=False, rest=rest)
    assert len(screen.out.getvalue().splitlines()) == 501


def test_a_wide_terminal_has_the_directory(screen: Any) -> None:
    """`~` for the home, cut at its front; it leaves the title most of the room."""
    found = SessionList(
        sessions=(
            listed(cwd="/home/me/code/app", title="x" * 300),
            listed(cwd="/srv/" + "日本語/" * 9 + "end"),
            listed(cwd="/home/me"),
        ),
        damaged=SESSIONS.damaged,
    )
    for width, columns in ((90, None), (120, 20), (160, 34)):
        here = type(screen)()
        streams = here.streams(out_tty=True, width=width)
        render_list(found, streams, now=NOW, as_json=False, user_home=Path("/home/me"))
        head, *lines = here.out.getvalue().splitlines()
        assert all(display_width(line) <= width for line in lines)
        assert head.endswith("DIRECTORY") == (columns is not None)
        if columns is not None:
            shown = [line.rpartition("  ")[2] for line in lines[:3]]
            assert shown[0] == "~/code/app"
            assert shown[1].startswith("…")
            assert shown[1].endswith("語/end")
            assert columns - 2 <= display_width(shown[1]) <= columns
            assert shown[2] == "~"
