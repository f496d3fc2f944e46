"""The lines of a transcript as JSON objects: one function for each kind that is written.

`event_from_line` reads them back.

Large content that is less important (a tool's output, an unknown line) is cut at `LONGEST`, and the
line has a note of it. A prompt or an answer is never cut.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar, assert_never

import msgspec

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
    Thinking,
    ToolResult,
    ToolUse,
    UsageReported,
    Warned,
)
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.files import file_to_json
from clinvk.model.outcome import Outcome
from clinvk.model.session import Session
from clinvk.model.usage import UNKNOWN_USAGE, Usage
from clinvk.store.sessions.record_fields import FIELDS, encode, read_usage
from clinvk.text.json_codec import json_line, time_from_text, time_to_text

LONGEST = 256 * 1024

_LEFT_OUT = {"type"} | {field.name for field in FIELDS if field.from_turns}
"""The fields of a record that follow from its turns, and the type of the line."""

Line = dict[str, Any]

_Word = TypeVar("_Word", bound=StrEnum)

_Permission = TypeVar("_Permission", PermissionRequest, PermissionAnswer)

_UNKNOWN_FAILURE = Failure(code=FailureCode.AGENT_FAILED, message="")


def session_line(session: Session) -> Line:
    """All fields of the session that do not follow from its turns; the last such line counts."""
    fields = {key: value for key, value in encode(session).items() if key not in _LEFT_OUT}
    return {"type": "session"} | fields


def backend_session_line(turn: int, at: datetime, conversation: str, model: str | None) -> Line:
    """The agent has reported its session id."""
    return {
        "type": "backend_session",
        "turn": turn,
        "at": time_to_text(at),
        "id": conversation,
        "model": model,
    }


def event_line(  # noqa: C901  one case for each kind of event
    turn: int, at: datetime, event: Event
) -> Line | None:
    """The line of one event; None for the result, which is part of `turn_finished`."""
    body: Line
    match event:
        case Init():
            return backend_session_line(turn, at, event.backend_session_id, event.model)
        case Result():
            return None
        case Message() | Thinking():
            continues = event.continues if isinstance(event, Message) else None
            body = {"text": event.text} | ({"delta": True} if event.delta else {})
            body |= {} if continues is None else {"continues": continues}
        case ToolUse():
            body = {"id": event.id, "name": event.name, "summary": event.summary} | _input(event)
        case ToolResult():
            body = {"id": event.id, "ok": event.ok} | _cut("text", event.text)
        case FileChange() | PermissionAnswer():
            body = msgspec.to_builtins(event)
        case PermissionRequest():
            body = _bounded_request(event)
        case UsageReported():
            body = {"usage": event.usage.figures}
        case Warned():
            body = {"message": event.message, "code": event.code}
        case Failed():
            body = {"failure": failure_body(event.failure)}
        case Raw():
            body = _cut("line", event.line)
        case _:
            assert_never(event)
    return {"type": event.type, "turn": turn} | body


def text_line(kind: str, turn: int, text: str, *, continues: bool | None = None) -> Line:
    """A piece of a message or of reasoning that was streamed."""
    line = {"type": kind, "turn": turn, "delta": True, "text": text}
    return line if continues is None else {**line, "continues": continues}


def failure_body(failure: Failure | None) -> Line | None:
    """A failure, without the values that follow from its code."""
    if failure is None:
        return None
    return {
        "code": failure.code.value,
        "message": failure.message,
        "hint": failure.hint,
        "detail": failure.detail,
    } | ({"retry_at": time_to_text(failure.retry_at)} if failure.retry_at else {})


def turn_finished_line(turn: int, at: datetime, outcome: Outcome) -> Line:
    """The turn has ended; `TurnBuilder` reads the outcome back. Warnings have their own lines."""
    return {
        "type": "turn_finished",
        "turn": turn,
        "at": time_to_text(at),
        "stop_reason": outcome.stop_reason and outcome.stop_reason.value,
        "text": outcome.text,
        "usage": outcome.usage.figures,
        "cost_usd": outcome.cost_usd,
        "model": outcome.model,
        "conversation": outcome.backend_session_id,
        "counters": outcome.counters,
        "failure": failure_body(outcome.failure),
        "exit_code": outcome.exit_code,
        "duration_s": outcome.duration_s,
        "files": [file_to_json(file) for file in outcome.files],
    } | ({} if outcome.structured is None else {"structured": outcome.structured})


def _cut(name: str, text: str) -> Line:
    if len(text) <= LONGEST:
        return {name: text}
    return {name: text[:LONGEST], "truncated": len(text)}


def _bounded_request(event: PermissionRequest) -> Line:
    line: Line = msgspec.to_builtins(event)
    if (size := len(json_line(line))) > LONGEST:
        line |= {"edits": [], "diff": "", "truncated": size}
        line |= {name: line[name] and line[name][:LONGEST] for name in ("command", "reason")}
    return line


def _input(event: ToolUse) -> Line:
    size = len(json_line(event.input)) if event.input else 0
    return {"input": event.input} if size <= LONGEST else {"truncated": size}


def event_from_line(line: Mapping[str, Any]) -> Event | None:
    """The event of a line; None for other lines, and for events that this version does not know.

    Raises `ValueError` for a line without its required text. Other invalid values are left out.
    """
    event = EVENTS.get(line["type"])
    return None if event is None else event(line)


def text_in(line: Mapping[str, Any], name: str) -> str:
    """The text with this name. Raises `ValueError` if there is none."""
    value = line.get(name)
    if not isinstance(value, str):
        raise ValueError(f"`{name}` is not a text")  # noqa: TRY004  one kind for all errors
    return value


def maybe_text(line: Mapping[str, Any], name: str) -> str | None:
    """The text with this name; None if there is none."""
    value = line.get(name)
    return value if isinstance(value, str) else None


def maybe_time(line: Mapping[str, Any], name: str) -> datetime | None:
    """The time with this name; None if there is none."""
    try:
        return time_from_text(line.get(name))
    except ValueError:
        return None


def usage_in(line: Mapping[str, Any]) -> Usage:
    """The token counts of a line."""
    try:
        return read_usage(line.get("usage"))
    except ValueError:
        return UNKNOWN_USAGE


def failure_in(line: Mapping[str, Any]) -> Failure | None:
    """The failure of a line; one with an unknown code is still a failure."""
    value = line.get("failure")
    if value is None:
        return None
    fields = _object(value) or {}
    return Failure(
        code=word(FailureCode, fields.get("code")) or FailureCode.AGENT_FAILED,
        message=maybe_text(fields, "message") or "",
        hint=maybe_text(fields, "hint"),
        detail=maybe_text(fields, "detail"),
        retry_at=maybe_time(fields, "retry_at"),
    )


def word(words: type[_Word], value: object) -> _Word | None:
    """The member of the enum; None for an invalid value."""
    try:
        return words(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _object(value: object) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def _message(line: Mapping[str, Any]) -> Message:
    goes_on = line.get("continues")
    return Message(
        text=text_in(line, "text"),
        delta=line.get("delta") is True,
        continues=goes_on if isinstance(goes_on, bool) else None,
    )


def _tool_use(line: Mapping[str, Any]) -> ToolUse:
    return ToolUse(
        id=str(line.get("id")),
        name=text_in(line, "name"),
        summary=maybe_text(line, "summary") or "",
        input=_object(line.get("input")) or {},
    )


def _file_change(line: Mapping[str, Any]) -> FileChange | None:
    path, change = maybe_text(line, "path"), word(Change, line.get("change"))
    return None if path is None or change is None else FileChange(path=path, change=change)


def _warned(line: Mapping[str, Any]) -> Warned:
    code = line.get("code")
    return Warned(
        message=text_in(line, "message"),
        code=code if code in ("retry", "denied", "answer", "clinvk") else "agent",
    )


def _permission(kind: type[_Permission]) -> Callable[[Mapping[str, Any]], _Permission | None]:
    def read(line: Mapping[str, Any]) -> _Permission | None:
        try:
            return msgspec.convert(line, kind)
        except msgspec.ValidationError:  # of a later version
            return None

    return read


EVENTS: Mapping[str, Callable[[Mapping[str, Any]], Event | None]] = {
    "backend_session": lambda line: Init(
        backend_session_id=text_in(line, "id"), model=maybe_text(line, "model")
    ),
    "message": _message,
    "thinking": lambda line: Thinking(text=text_in(line, "text"), delta=line.get("delta") is True),
    "tool_use": _tool_use,
    "tool_result": lambda line: ToolResult(
        id=str(line.get("id")), ok=line.get("ok") is True, text=maybe_text(line, "text") or ""
    ),
    "file_change": _file_change,
    "permission_request": _permission(PermissionRequest),
    "permission_answer": _permission(PermissionAnswer),
    "usage": lambda line: UsageReported(usage=usage_in(line)),
    "warning": _warned,
    "error": lambda line: Failed(failure=failure_in(line) or _UNKNOWN_FAILURE),
    "raw": lambda line: Raw(line=maybe_text(line, "line") or ""),
}
"""The kinds of lines for events, and the function that reads each back."""
