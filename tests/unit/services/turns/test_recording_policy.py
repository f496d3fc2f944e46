"""What a person does not want on disk does not get near it."""

from datetime import UTC, datetime
from typing import get_args

import pytest
from msgspec.structs import fields

from clinvk.model.events import (
    Change,
    Event,
    Failed,
    FileChange,
    Init,
    Message,
    PermissionAnswer,
    PermissionRequest,
    Raw,
    Result,
    StopReason,
    Thinking,
    ToolResult,
    ToolUse,
    UsageReported,
    Warned,
)
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.permission import DecidedBy, Decision, FileEdit, ToolKind
from clinvk.model.session import Session, TitleSource
from clinvk.model.usage import Usage
from clinvk.services.turns.recording_policy import KEEP_ALL, RecordingPolicy

AT = datetime(2025, 1, 27, tzinfo=UTC)
SECRET = "xyzzy"
FAILURE = Failure(code=FailureCode.AUTH, message=SECRET, hint=SECRET, detail=SECRET)
EVENTS: tuple[Event, ...] = (
    Init(backend_session_id="id", model="m"),
    Message(text=SECRET),
    Thinking(text=SECRET),
    ToolUse(id="1", name="Bash", summary=SECRET, input={"command": SECRET}),
    ToolResult(id="1", ok=True, text=SECRET),
    FileChange(path="a.py", change=Change.CREATED),
    UsageReported(usage=Usage(input_tokens=4711)),
    Warned(message=SECRET, code="denied"),
    Failed(failure=FAILURE),
    PermissionRequest(
        id="1",
        tool="Bash",
        kind=ToolKind.EXECUTE,
        summary=SECRET,
        command=SECRET,
        edits=(FileEdit(path="a.py", old=SECRET, new=SECRET),),
        diff=SECRET,
        reason=SECRET,
        paths=(SECRET,),
    ),
    PermissionAnswer(
        id="1", decision=Decision.DENY, by=DecidedBy.PERSON, reason=SECRET, command=SECRET
    ),
    Raw(line=f"{SECRET} 4711"),
    Result(
        text=SECRET,
        stop_reason=StopReason.ERROR,
        usage=Usage(input_tokens=4711),
        cost_usd=47.11,
        failure=FAILURE,
        backend_session_id="id",
        model="m",
        counters={"total": 4711},
    ),
)


def test_the_table_has_every_kind_of_event() -> None:
    """A new kind has to be thought about here."""
    assert {type(event) for event in EVENTS} == set(get_args(Event))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_everything_is_kept_unless_the_person_says_otherwise(event: Event) -> None:
    """The defaults lose nothing."""
    assert KEEP_ALL.event(event) == event
    assert KEEP_ALL.prompt(SECRET) == SECRET


@pytest.mark.parametrize("event", EVENTS[:-1], ids=lambda event: event.type)
def test_without_the_transcript_no_event_has_content(event: Event) -> None:
    """Messages and reasoning are dropped, tools and failures lose their text."""
    assert SECRET not in repr(RecordingPolicy(content=False).event(event))


def test_without_the_transcript_the_frame_of_a_turn_stays() -> None:
    """Ids, the names of tools, changed files, figures and our own warnings are no secrets."""
    keep = RecordingPolicy(content=False)
    ours = Warned(message="going on elsewhere", code="clinvk")
    assert [keep.event(one) for one in (EVENTS[0], EVENTS[5], EVENTS[6], ours)] == [
        EVENTS[0],
        EVENTS[5],
        EVENTS[6],
        ours,
    ]
    assert keep.event(EVENTS[3]) == ToolUse(id="1", name="Bash", summary="")
    assert keep.event(EVENTS[4]) == ToolResult(id="1", ok=True)


def test_without_the_transcript_a_result_keeps_its_kind_and_its_figures() -> None:
    """How it ended, what it cost and how to go on; not what it said."""
    result = EVENTS[-1]
    assert isinstance(result, Result)
    kept = RecordingPolicy(content=False).outcome(result)
    assert SECRET not in repr(kept)
    assert kept.failure == Failure(code=FailureCode.AUTH, message="auth")
    assert (kept.usage, kept.counters, kept.backend_session_id) == (
        result.usage,
        result.counters,
        "id",
    )


@pytest.mark.parametrize("event", EVENTS[:-1], ids=lambda event: event.type)
def test_without_figures_no_event_has_any(event: Event) -> None:
    """Nor does a line that nobody understood."""
    kept = RecordingPolicy(usage=False).event(event)
    assert "4711" not in repr(kept)
    assert kept == (None if isinstance(event, UsageReported | Raw) else event)


def test_without_figures_a_result_has_none_and_all_the_rest() -> None:
    """The agent's own counters are figures, too."""
    result = EVENTS[-1]
    assert isinstance(result, Result)
    kept = RecordingPolicy(usage=False).outcome(result)
    differ = {
        one.name for one in fields(Result) if getattr(kept, one.name) != getattr(result, one.name)
    }
    assert differ == {"usage", "cost_usd", "counters"}
    assert "4711" not in repr(kept)


@pytest.mark.parametrize("source", TitleSource)
def test_a_title_stays_only_if_a_person_gave_it(source: TitleSource) -> None:
    """One that was made from the prompt would be the prompt."""
    session = Session(
        id="0123456789ab",
        backend="demo",
        cwd="/p",
        created_at=AT,
        last_used_at=AT,
        title=SECRET,
        title_source=source,
    )
    kept = RecordingPolicy(content=False).session(session)
    assert kept.title == (SECRET if source is TitleSource.PERSON else "")
    assert KEEP_ALL.session(session) == session
