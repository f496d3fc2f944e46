"""What is said of sessions that were changed, deleted or cleaned."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from clinvk.cli.render.changed import Form, deletion_line, render_deleted, render_each
from clinvk.cli.render.cleaned import render_cleaned
from clinvk.errors import SessionBusyError, StoreError
from clinvk.model.session import Session
from clinvk.services.sessions.clean import Cleaned, Sweep, Swept
from clinvk.services.sessions.each import Applied, apply_each
from clinvk.services.sessions.known_conversation import NativeTranscript
from clinvk.services.sessions.lifecycle import Deleted, DeletionTarget

NOW = datetime(2025, 1, 27, 12, 0, tzinfo=UTC)
THEN = NOW - timedelta(days=40)
HOSTILE = Session(
    id="aaaa00000001", backend="demo", cwd="/p", created_at=THEN, last_used_at=THEN,
    title="a\x1b[2J\nb\u202ec", turns=1,
)  # fmt: skip
PLAIN = Session(
    id="bbbb00000001", backend="demo", cwd="/p", created_at=THEN, last_used_at=THEN, turns=1_234
)
NATIVE = NativeTranscript(agent="Demo", root=Path("/d"), files=(Path("/d/1.json"),))
ALL = Sweep(older_than_s=30 * 86_400.0)


def _busy(_: object) -> Any:
    raise SessionBusyError("session is busy", hint="wait")


def test_each_of_several_has_a_line(screen: Any) -> None:
    """What was done on stdout, what was not on stderr; the first failure is the exit status."""
    outcomes = [
        *apply_each([HOSTILE], lambda _: True),
        *apply_each([PLAIN], lambda _: False),
        *apply_each([PLAIN], _busy),
    ]
    assert render_each(outcomes, "closed", screen.streams(), as_json=False) == 75
    assert screen.out.getvalue() == (
        "closed session aaaa00000001: a bc\nsession bbbb00000001 was already closed: untitled\n"
    )
    assert screen.err.getvalue() == (
        "error: session bbbb00000001 is unchanged: session is busy\nhint: wait\n"
    )


def test_a_program_gets_each_with_its_error(screen: Any) -> None:
    """An array in the order of what was named; the log of a script has the failures too."""
    outcomes = [*apply_each([PLAIN], lambda _: False), *apply_each([PLAIN], _busy)]
    assert render_each(outcomes, "closed", screen.streams(), as_json=True) == 75
    unchanged, failed = json.loads(screen.out.getvalue())
    assert (unchanged["outcome"], unchanged["error"]) == ("unchanged", None)
    assert (failed["outcome"], failed["error"]["code"]) == ("failed", "session_busy")
    assert screen.err.getvalue() == (
        "error: session bbbb00000001 is unchanged: session is busy\nhint: wait\n"
    )


def test_the_user_sees_what_will_be_deleted() -> None:
    """Title, turns and age, harmless; a damaged record is called damaged."""
    assert deletion_line(DeletionTarget(id=HOSTILE.id, session=HOSTILE), NOW) == (
        "aaaa00000001  a bc  (1 turn, last used a month ago)"
    )
    assert "untitled  (1,234 turns," in deletion_line(
        DeletionTarget(id=PLAIN.id, session=PLAIN), NOW
    )
    assert "a damaged record" in deletion_line(DeletionTarget(id="x", session=None), NOW)


def test_a_deletion_says_where_the_agents_own_is(screen: Any) -> None:
    """The files, or the folder in which there was none, or only whose it is."""
    natives = [
        NATIVE,
        NativeTranscript(agent="Demo", root=Path("/d"), files=()),
        NativeTranscript(agent="gone", root=None, files=()),
        None,
    ]
    target = DeletionTarget(id=HOSTILE.id, session=HOSTILE)
    outcomes = [
        outcome
        for native in natives
        for outcome in apply_each([target], lambda _, it=native: Deleted(freed=2_500, native=it))
    ]
    assert render_deleted(outcomes, screen.streams(), Form.LINES) == 0
    start = "deleted session aaaa00000001 (a bc), freed 2.5 kB"
    assert screen.out.getvalue().splitlines() == [
        f"{start}; Demo's own transcript is kept: /d/1.json",
        f"{start}; Demo's own transcript is kept: /d (no file found)",
        f"{start}; gone's own transcript is kept",
        start,
        (
            "deleted 4 sessions, freed 10.0 kB;"
            " the agent's own transcripts are kept: Demo's (/d), gone's"
        ),
    ]


def test_the_deletion_of_one_is_a_line_and_of_several_one_too(screen: Any) -> None:
    """Errors are on stderr, and counted; `-q` leaves only them."""
    target = DeletionTarget(id=HOSTILE.id, session=HOSTILE)
    (done,) = apply_each([target], lambda _: Deleted(freed=2_500, native=NATIVE))
    busy = Applied(target, None, SessionBusyError("busy"))
    told = []
    for outcomes, form in (
        ([done], Form.SUMMARY),
        ([done, busy, done], Form.SUMMARY),
        ([done, busy], Form.QUIET),
        ([done], Form.QUIET),
    ):
        fresh = type(screen)()
        status = render_deleted(outcomes, fresh.streams(), form)
        assert status == (75 if busy in outcomes else 0)
        told.append((fresh.out.getvalue(), fresh.err.getvalue()))
    error = "error: session aaaa00000001 is unchanged: busy\n"
    one = (
        "deleted session aaaa00000001 (a bc), freed 2.5 kB;"
        " Demo's own transcript is kept: /d/1.json\n"
    )
    several = (
        "deleted 2 sessions, freed 5.0 kB; could not delete 1 session;"
        " the agent's own transcripts are kept: Demo's (/d)\n"
    )
    assert told == [
        (one, ""),
        (several, error),
        ("", error),
        ("", ""),
    ]


def test_cleaning_is_one_line_with_any_result(screen: Any) -> None:
    """Counts, bytes, what stayed and why; an error of one is on stderr and in the status."""
    swept = (Swept(session=HOSTILE, size=1_000, native=NATIVE), Swept(session=PLAIN, size=234))
    failed = (("cccc00000001", StoreError("cannot")),)
    cleaned = Cleaned(swept=swept, in_use=("d",), failed=failed)
    status = render_cleaned(cleaned, ALL, screen.streams(), now=NOW, form=Form.SUMMARY)
    assert status == 1
    assert screen.out.getvalue() == (
        "cleaned 2 sessions, freed 1.2 kB; kept 1 session in use;"
        " could not clean 1 session;"
        " the agent's own transcripts are kept: Demo's (/d)\n"
    )
    assert screen.err.getvalue() == "error: session cccc00000001 is unchanged: cannot\n"


def test_nothing_to_clean_has_its_reason(screen: Any) -> None:
    """Nothing so old, or nothing at all by the settings."""
    for age_s in (ALL.older_than_s, None):
        sweep = Sweep(older_than_s=age_s)
        assert render_cleaned(Cleaned(), sweep, screen.streams(), now=NOW, form=Form.SUMMARY) == 0
    assert screen.out.getvalue().splitlines() == [
        "nothing to clean: no such session was last used more than 30d ago",
        "nothing to clean: `session.retention_days` is 0, so sessions are kept forever",
    ]


def test_a_dry_run_names_the_sessions(screen: Any) -> None:
    """A line each, harmless, and then what it would come to."""
    sweep = Sweep(older_than_s=1.0, dry_run=True, archive=Path("/a"))
    swept = (Swept(session=HOSTILE, size=1_000), Swept(session=PLAIN, size=12))
    cleaned = Cleaned(swept=swept)
    render_cleaned(cleaned, sweep, screen.streams(), now=NOW, form=Form.LINES)
    assert screen.out.getvalue() == (
        "aaaa00000001  demo  a month ago  1.0 kB    a bc\n"
        "bbbb00000001  demo  a month ago  12 bytes  untitled\n"
        "would move 2 sessions to /a and free 1.0 kB\n"
    )


def test_a_dry_run_fits_the_screen(screen: Any) -> None:
    """Of 500 sessions as many as there is room for, each cut to a line; a pipe gets all."""
    sweep = Sweep(older_than_s=1.0, dry_run=True)
    long = replace(PLAIN, title="a long title " * 20)
    cleaned = Cleaned(swept=(Swept(session=long, size=1),) * 500)
    render_cleaned(cleaned, sweep, screen.streams(out_tty=True), now=NOW, form=Form.LINES)
    *rows, more, summary = screen.out.getvalue().splitlines()
    assert len(rows) == 20
    assert all(len(row) <= 80 for row in rows)
    assert more == "… 480 more: add `| less`"
    assert summary.startswith("would clean 500 sessions")
    here = type(screen)()
    render_cleaned(cleaned, sweep, here.streams(), now=NOW, form=Form.LINES)
    assert len(here.out.getvalue().splitlines()) == 501


def test_a_program_gets_what_was_cleaned_as_an_object(screen: Any) -> None:
    """One object on one line, with every session that went."""
    cleaned = Cleaned(swept=(Swept(session=PLAIN, size=7, native=NATIVE),), in_use=("d",))
    render_cleaned(cleaned, ALL, screen.streams(), now=NOW, form=Form.JSON)
    assert json.loads(screen.out.getvalue()) == {
        "dry_run": False,
        "older_than_s": 2_592_000.0,
        "archive": None,
        "cleaned": 1,
        "freed_bytes": 7,
        "temporary_files": 0,
        "sessions": [
            {
                "id": "bbbb00000001",
                "title": "",
                "backend": "demo",
                "last_used_at": "2024-12-18T12:00:00Z",
                "bytes": 7,
                "moved_to": [],
                "agent_transcripts": ["/d/1.json"],
            }
        ],
        "in_use": ["d"],
        "undated": [],
        "failed": [],
    }
