"""The lines of a transcript, as JSON objects: one function for each kind that we write.

Whatever may be large and is not the point (a tool's output, an unknown line) is cut at `LONGEST`,
and the line says so. A prompt or an answer is never cut.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, assert_never

from clinvk.model.events import (
    Event,
    Failed,
    FileChange,
    Init,
    Message,
    Raw,
    Result,
    Thinking,
    ToolResult,
    ToolUse,
    UsageReported,
    Warned,
)
from clinvk.model.failure import Failure
from clinvk.model.files import FileReport, file_to_json
from clinvk.model.session import Session
from clinvk.store.sessions.record_fields import FIELDS, encode
from clinvk.text.json_codec import json_line, time_to_text

LONGEST = 256 * 1024

_LEFT_OUT = {"type"} | {field.name for field in FIELDS if field.told_by_turns}
"""What the lines of the turns tell of a record, and a field that says what a line is."""

Line = dict[str, Any]


def session_line(session: Session) -> Line:
    """Everything of the session that its turns do not tell; the last such line counts."""
    told = {key: value for key, value in encode(session).items() if key not in _LEFT_OUT}
    return {"type": "session"} | told


def backend_session_line(turn: int, at: datetime, conversation: str, model: str | None) -> Line:
    """The agent has said its session id."""
    return {
        "type": "backend_session",
        "turn": turn,
        "at": time_to_text(at),
        "id": conversation,
        "model": model,
    }


def event_line(turn: int, at: datetime, event: Event) -> Line | None:
    """The line of one event; None for the result, which is a part of `turn_finished`."""
    if isinstance(event, Init):
        return backend_session_line(turn, at, event.backend_session_id, event.model)
    if isinstance(event, Result):
        return None
    return {"type": event.type, "turn": turn} | _body(event)


def text_line(kind: str, turn: int, text: str, *, continues: bool | None = None) -> Line:
    """A piece of a message or of reasoning that was streamed."""
    line = {"type": kind, "turn": turn, "delta": True, "text": text}
    return line if continues is None else {**line, "continues": continues}


def failure_body(failure: Failure | None) -> Line | None:
    """A failure, without what its code says by itself."""
    if failure is None:
        return None
    return {
        "code": failure.code.value,
        "message": failure.message,
        "hint": failure.hint,
        "detail": failure.detail,
    } | ({"retry_at": time_to_text(failure.retry_at)} if failure.retry_at else {})


def files_body(files: Iterable[FileReport]) -> list[Line]:
    """Changed files, in order."""
    return [{**file_to_json(file)} for file in files]


def _body(  # noqa: PLR0911  one return a kind of event
    event: Message
    | Thinking
    | ToolUse
    | ToolResult
    | FileChange
    | UsageReported
    | Warned
    | Failed
    | Raw,
) -> Line:
    match event:
        case Message():
            told = {} if event.continues is None else {"continues": event.continues}
            return {"text": event.text} | ({"delta": True} if event.delta else {}) | told
        case Thinking():
            return {"text": event.text} | ({"delta": True} if event.delta else {})
        case ToolUse():
            return {"id": event.id, "name": event.name, "summary": event.summary} | _input(event)
        case ToolResult():
            return {"id": event.id, "ok": event.ok} | _cut("text", event.text)
        case FileChange():
            return {"path": event.path, "change": event.change.value}
        case UsageReported():
            return {"usage": event.usage.figures}
        case Warned():
            return {"message": event.message, "code": event.code}
        case Failed():
            return {"failure": failure_body(event.failure)}
        case Raw():
            return _cut("line", event.line)
        case _:
            assert_never(event)


def _cut(name: str, text: str) -> Line:
    if len(text) <= LONGEST:
        return {name: text}
    return {name: text[:LONGEST], "truncated": len(text)}


def _input(event: ToolUse) -> Line:
    size = len(json_line(event.input)) if event.input else 0
    return {"input": event.input} if size <= LONGEST else {"truncated": size}
