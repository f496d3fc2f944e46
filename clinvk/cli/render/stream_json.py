"""`-o stream-json`: one event a line as it happens, and last the report."""

from collections.abc import Mapping
from typing import Any, assert_never

from clinvk.cli.streams import Streams
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
from clinvk.model.report import RunReport, TurnStart, report_to_json, usage_to_json
from clinvk.text.json_codec import json_line
from clinvk.text.units import format_time


class StreamJson:
    """Publishes each event; raw lines are the backend's own and are not published."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._turn: TurnStart | None = None

    def started(self, turn: TurnStart) -> None:
        """Wait for the agent: `init` says what is known once it has a conversation."""
        self._turn = turn

    def event(self, event: Event) -> None:
        """Write the event's line."""
        if (body := event_to_json(event)) is None:
            return
        if isinstance(event, Init):
            body = {**_known(self._turn), **body, "model": event.model or _model(self._turn)}
        self._write(event.type, body)

    def finished(self, report: RunReport) -> None:
        """Write the report as the last line."""
        self._write("result", report_to_json(report))

    def close(self) -> None:
        """Leave nothing to do."""

    def _write(self, kind: str, body: Mapping[str, Any]) -> None:
        self._streams.out_json(json_line({"type": kind, **body}).decode())


def event_to_json(event: Event) -> Mapping[str, Any] | None:  # noqa: PLR0911  one for each type
    """The published fields of an event without its type, None for one that is not published."""
    match event:
        case Init():
            return {"backend_session_id": event.backend_session_id, "model": event.model}
        case Message() | Thinking():
            told = {"continues": event.continues} if isinstance(event, Message) else {}
            return {"text": event.text, "delta": event.delta, **told}
        case ToolUse():
            fields = {"id": event.id, "name": event.name, "summary": event.summary}
            return {**fields, "input": event.input}
        case ToolResult():
            return {"id": event.id, "ok": event.ok, "text": event.text}
        case FileChange():
            return {"path": event.path, "change": event.change.value}
        case UsageReported():
            return usage_to_json(event.usage)
        case Warned():
            return {"code": event.code, "message": event.message}
        case Failed():
            failure = event.failure
            fields = {"code": failure.code.value, "message": failure.message}
            at = failure.retry_at and format_time(failure.retry_at)
            more = {"hint": failure.way_out, "retryable": failure.retryable, "retry_at": at}
            return {**fields, **more}
        case Raw() | Result():
            return None
        case _:
            assert_never(event)


def _known(turn: TurnStart | None) -> dict[str, Any]:
    return {
        "session_id": turn and turn.session_id,
        "backend": turn and turn.backend,
        "backend_session_id": None,
        "model": None,
        "cwd": turn and turn.cwd,
        "turn": turn and turn.turn,
        "resumed": bool(turn and turn.resumed),
    }


def _model(turn: TurnStart | None) -> str | None:
    return turn.model if turn else None
