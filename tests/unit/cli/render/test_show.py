"""`sessions show`, for a person and for a program."""

import json
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from bed.kept import session_of
from clinvk.cli.render.show import render_show
from clinvk.model.conversation import Conversation
from clinvk.model.events import Change, StopReason
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.files import FileReport, FileSource
from clinvk.model.outcome import Outcome
from clinvk.model.request import IfMissing
from clinvk.model.session import Status
from clinvk.model.turn import ToolCall, Turn
from clinvk.model.usage import FIGURES, Usage
from clinvk.services.sessions.list import Shown
from clinvk.store.transcripts.transcript import Transcript

NOW = datetime(2025, 1, 27, 12, 0, tzinfo=UTC)
CREATED = datetime(2025, 1, 27, 10, 0, tzinfo=UTC)
SESSION = session_of(
    id="abc123",
    backend="agent",
    conversation={"model": "model-4"},
    cwd="/projects/my app",
    created_at=CREATED,
    last_used_at=datetime(2025, 1, 27, 11, 30, tzinfo=UTC),
    turns=1,
    turns_reported=1,
    usage=Usage(input_tokens=1234, cached_tokens=500, output_tokens=5678),
    figures_reported=dict.fromkeys(FIGURES, 1),
)
TURN = Turn(
    number=1,
    started_at=CREATED,
    ended_at=CREATED,
    prompt="do it",
    outcome=Outcome(
        text="done",
        files=(FileReport(path="/projects/my app/a.py", change=Change.CREATED),),
        stop_reason=StopReason.END_TURN,
    ),
    tools=(ToolCall(name="Bash", summary="ls", ok=True),),
)
SHOWN = Shown(
    session=SESSION, status=Status.ACTIVE, transcript=Transcript(turns=(TURN,)), native_resume=None
)

CONTRACT = """\
ID:                abc123
Backend:           agent
Model:             model-4
Status:            active
Created:           2025-01-27T10:00:00Z
Last Used:         2025-01-27T11:30:00Z (30 minutes ago)
Working Directory: /projects/my app
Token Usage:
  Input:           1,234
  Output:          5,678
  Cached:          500
  Total:           6,912
"""


def test_a_session_is_shown_in_the_form_of_the_contract(screen: Any) -> None:
    """Label by label and column by column, followed by what else is known."""
    render_show(SHOWN, screen.streams(), now=NOW, as_json=False)
    assert screen.out.getvalue() == (
        f"{CONTRACT}Cost:              —\nTurns:             1\nFiles Changed:     a.py (created)\n"
    )


def test_everything_that_is_known_is_shown(screen: Any) -> None:
    """Name, title, tags, error, files, parent and the command that needs no clinvk."""
    failure = Failure(code=FailureCode.AUTH, message="not\nsigned in")
    changed = (
        FileReport(path="/projects/my app/a.py", change=Change.MODIFIED),
        FileReport(path="/else/b.py", change=Change.DELETED, source=FileSource.OBSERVED),
    )
    second = replace(TURN, number=2, outcome=Outcome(files=changed, failure=failure))
    session = replace(
        SESSION,
        name="pr-1",
        title="fix \x1b[1mit",
        tags=("a", "b"),
        cost_usd=0.08,
        turns=2,
        parent="fed321",
        conversations=(Conversation(backend="agent", id="c0ffee"),),
    )
    shown = Shown(
        session=session,
        status=Status.ERROR,
        transcript=Transcript(turns=(TURN, second), damaged_lines=1),
        native_resume=("agent", "--resume", "c0 ffee"),
    )
    render_show(shown, screen.streams(), now=NOW, as_json=False)
    assert screen.out.getvalue().partition("Working Directory: /projects/my app\n")[2] == (
        "Token Usage:       (1 of 2 turns reported)\n"
        "  Input:           1,234\n"
        "  Output:          5,678\n"
        "  Cached:          500\n"
        "  Total:           6,912\n"
        "Name:              pr-1\n"
        "Title:             fix it\n"
        "Tags:              a, b\n"
        "Cost:              $0.08 (1 of 2 turns reported)\n"
        "Turns:             2\n"
        "Last Error:        not signed in\n"
        "Parent:            fed321\n"
        "Agent Session:     c0ffee\n"
        "Damaged Lines:     1 in the transcript, skipped\n"
        "Files Changed:     a.py (created)\n"
        "                   /else/b.py (deleted, observed)\n"
        "Without clinvk:    cd '/projects/my app' && agent --resume 'c0 ffee'\n"
    )


def test_unknown_figures_are_no_zeros(screen: Any) -> None:
    """A session whose agent reports nothing has a dash for each figure."""
    session = replace(SESSION, usage=Usage(), conversations=(), turns_reported=0)
    render_show(replace(SHOWN, session=session), screen.streams(), now=NOW, as_json=False)
    for label in ("Model:", "  Input:", "  Output:", "  Cached:", "  Total:", "Cost:"):
        assert f"{label:<19}—\n" in screen.out.getvalue()


def test_a_program_reads_the_record_with_status_and_turns(screen: Any) -> None:
    """The status is the one the session has now, and each turn is an object."""
    shown = replace(SHOWN, status=Status.RUNNING, native_resume=("agent", "x"))
    render_show(shown, screen.streams(), now=NOW, as_json=True)
    value = json.loads(screen.out.getvalue())
    assert value["id"] == "abc123"
    assert value["status"] == "running"
    assert value["usage"]["total_tokens"] == 6912
    assert value["native_resume"] == ["agent", "x"]
    assert value["files"] == [
        {"path": "/projects/my app/a.py", "change": "created", "source": "reported"}
    ]
    (turn,) = value["turn_list"]
    assert turn["prompt"] == "do it"
    assert turn["tools"] == [{"name": "Bash", "summary": "ls", "ok": True}]
    assert turn["error"] is None
    assert turn["stop_reason"] == "end_turn"


def test_a_partial_cost_is_marked(screen: Any) -> None:
    """As for tokens: the sum is never shown as the complete cost."""
    told = {**dict.fromkeys(FIGURES, 2), "cached_tokens": 1, "cost_usd": 1}
    session = replace(SESSION, turns=2, turns_reported=2, cost_usd=0.5, figures_reported=told)
    shown = replace(SHOWN, session=session)
    render_show(shown, screen.streams(), now=NOW, as_json=False)
    assert "Cost:              $0.50 (1 of 2 turns reported)\n" in screen.out.getvalue()
    assert "  Cached:          500 (1 of 2 turns reported)\n" in screen.out.getvalue()
    assert "  Total:           6,912\n" in screen.out.getvalue()


def test_a_total_that_was_not_counted_is_at_least_that(screen: Any) -> None:
    """An older version kept no counts, and the transcript is not whole."""
    session = replace(SESSION, turns=2, turns_reported=2, cost_usd=0.5, figures_reported=None)
    render_show(replace(SHOWN, session=session), screen.streams(), now=NOW, as_json=False)
    assert "Cost:              $0.50 (at least)\n" in screen.out.getvalue()
    assert "  Total:           6,912 (at least)\n" in screen.out.getvalue()


def test_a_conversation_that_was_started_again_is_marked(screen: Any) -> None:
    """At which turn, and whether it was told the earlier ones; for programs it is in the turn."""
    turns = (
        TURN,
        replace(TURN, number=2, conversation_origin=IfMissing.REPLAY),
        replace(TURN, number=3, conversation_origin=IfMissing.NEW),
    )
    shown = replace(SHOWN, transcript=Transcript(turns=turns))
    render_show(shown, screen.streams(), now=NOW, as_json=False)
    said = "Started Again:     at turn 2 (replayed), at turn 3 (empty)\n"
    assert said in screen.out.getvalue()
    screen.out.truncate(0)
    screen.out.seek(0)
    render_show(shown, screen.streams(), now=NOW, as_json=True)
    told = json.loads(screen.out.getvalue())["turn_list"]
    assert [turn["afresh"] for turn in told] == [None, "replay", "new"]
