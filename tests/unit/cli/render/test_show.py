"""`sessions show`, for a person and for a program."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from bed.kept import session_of
from clinvk.cli.render.show import render_show
from clinvk.model.access import Access
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
from clinvk.text.width import display_width

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
        f"{CONTRACT}Cost:              —\nTurns:             1\nLast Turn:         answered\n"
        "Files Changed:     a.py (created)\n\nLast Prompt:\n  do it\n\nLast Answer:\n  done\n"
    )


def test_everything_that_is_known_is_shown(screen: Any) -> None:
    """In the order of the contract, to the command that needs no clinvk and the last prompt."""
    failure = Failure(code=FailureCode.AUTH, message="not\nsigned in")
    changed = (
        FileReport(path="/projects/my app/a.py", change=Change.MODIFIED),
        FileReport(path="/else/b.py", change=Change.DELETED, source=FileSource.OBSERVED),
    )
    second = replace(
        TURN, number=2, outcome=Outcome(files=changed, failure=failure, duration_s=12.5)
    )
    session = replace(
        SESSION,
        name="pr-1",
        title="fix \x1b[1mit",
        tags=("a", "b"),
        cost_usd=0.08,
        turns=2,
        parent="fed321",
        access=Access.EDIT,
        system_prompt="be brief\nand kind",
        conversations=(
            Conversation(backend="other", id="0ld"),
            Conversation(backend="agent", id="c0ffee"),
        ),
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
        "Last Turn:         failed, 12.5s\n"
        "Last Error:        not signed in\n"
        "Files Changed:     a.py (created)\n"
        "                   /else/b.py (deleted, observed)\n"
        "Access:            edit\n"
        "System Prompt:     be brief and kind\n"
        "Parent:            fed321\n"
        "Agent Session:     other:0ld\n"
        "                   agent:c0ffee\n"
        "Damaged Lines:     1 in the transcript, skipped\n"
        "Without clinvk:    cd '/projects/my app' && agent --resume 'c0 ffee'\n"
        "\n"
        "Last Prompt:\n"
        "  do it\n"
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


def on_a_terminal(screen: Any, width: int, **fields: Any) -> str:
    """What a terminal of that width shows; `fields` are those of the last turn."""
    outcome = replace(TURN.outcome, **{"text": "done", **fields.pop("outcome", {})})
    turn = replace(TURN, **fields, outcome=outcome)
    native = ("agent", "--resume", "0f7c6f0e-6d5f-4f0a-9d8e-3c2b1a000001")
    shown = replace(SHOWN, transcript=Transcript(turns=(turn,)), native_resume=native)
    render_show(shown, screen.streams(out_tty=True, width=width), now=NOW, as_json=False)
    return str(screen.out.getvalue())


@pytest.mark.parametrize("width", [50, 80, 120])
def test_no_word_is_broken_on_a_terminal(screen: Any, width: int) -> None:
    """Values go on below themselves, a command on lines that can be copied, an answer rendered."""
    words = "a paragraph of many words that goes on and on " * 4
    shown = on_a_terminal(
        screen, width, prompt=words, outcome={"text": f"# Done\n\n**{words.strip()}**\n\n- one"}
    )
    ids = "0f7c6f0e-6d5f-4f0a-9d8e-3c2b1a000001"
    assert all(display_width(line) <= width for line in shown.splitlines() if ids not in line)
    assert [*words.split()] == shown.partition("Last Prompt:")[2].partition("Last Answer:")[
        0
    ].split()
    answer = shown.partition("Last Answer:\n")[2]
    assert answer.startswith("  Done\n\n  a paragraph")
    assert "**" not in answer
    assert answer.endswith("one\n")
    command = shown.partition("Without clinvk:")[2].partition("\n\n")[0]
    assert " ".join(command.split()) == f"cd '/projects/my app' && agent --resume {ids}"
    assert ("\n" in command.strip()) == (width < 120)


def test_a_long_prompt_does_not_bury_the_answer(screen: Any) -> None:
    """Of a pasted log twenty lines are shown, and how many more it has; a pipe gets all."""
    log = "\n".join(f"line {number}" for number in range(1_000))
    shown = on_a_terminal(screen, 80, prompt=log)
    assert "  line 18\n  line 19\n  … 980 more lines\n\nLast Answer:" in shown
    turn = replace(TURN, prompt=log)
    here = type(screen)()
    render_show(
        replace(SHOWN, transcript=Transcript(turns=(turn,))), here.streams(), now=NOW, as_json=False
    )
    assert "  line 999\n" in here.out.getvalue()


def test_prompt_and_answer_control_no_terminal(screen: Any) -> None:
    """What the agent wrote is text, also in Markdown's own notation, and in a page for a pager."""
    evil = "\x1b]0;owned\x07\x1b[2Jscarlet &#27;[31m `\x1b[1m` [x](%1B[2J)\u202e"
    shown = on_a_terminal(screen, 80, prompt=evil, outcome={"text": evil})
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert shown.count("scarlet") == 2


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"outcome": {"duration_s": 12.0}}, Status.ACTIVE, "answered, 12.0s"),
        ({"outcome": {"stop_reason": StopReason.CANCELLED}}, Status.INTERRUPTED, "interrupted"),
        ({"outcome": {"stop_reason": StopReason.MAX_TURNS}}, Status.ACTIVE, "limit of steps"),
        ({"ended_at": None}, Status.INTERRUPTED, "interrupted"),
        ({"ended_at": None}, Status.RUNNING, "still running"),
        ({"outcome": {"stop_reason": None}}, Status.ACTIVE, "ended"),
    ],
    ids=str,
)
def test_how_the_last_turn_ended_is_said(
    screen: Any, fields: dict[str, Any], status: Status, said: str
) -> None:
    """In words, with its duration; an answer that was cut off is marked."""
    outcome = replace(TURN.outcome, **fields.pop("outcome", {}))
    turn = replace(TURN, **fields, outcome=outcome)
    shown = replace(SHOWN, status=status, transcript=Transcript(turns=(turn,)))
    render_show(shown, screen.streams(), now=NOW, as_json=False)
    page = screen.out.getvalue()
    assert f"Last Turn:         {said}" in page or f"{said}\n" in page
    assert ("Last Answer (incomplete):" in page) == (turn.ended_at is None)
