"""Parses the output of the demo agent, and writes the answers to its requests."""

import re
from collections.abc import Callable, Iterable, Mapping

from msgspec import ValidationError, convert

from clinvk.agents.base import Parser, Reply
from clinvk.agents.kit.jsonl import count, mapping, parse_object
from clinvk.agents.kit.recovery import recovering
from clinvk.model.events import (
    Event,
    Failed,
    FileChange,
    Init,
    Json,
    Message,
    PermissionAnswer,
    PermissionRequest,
    Raw,
    Result,
    StopReason,
    Thinking,
    ToolResult,
    ToolUse,
    Warned,
)
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.permission import DecidedBy, Decision, FileEdit, ToolKind
from clinvk.model.usage import UNKNOWN_USAGE, Usage
from clinvk.text.bounded import BoundedText
from clinvk.text.json_codec import json_line

_STOP_REASONS = {
    FailureCode.TURN_LIMIT: StopReason.MAX_TURNS,
    FailureCode.KILLED: StopReason.CANCELLED,
}

_SAME_FIELDS = {
    "think": Thinking,
    "tool": ToolUse,
    "tool_result": ToolResult,
    "file": FileChange,
}
"""The agent's lines that have the fields of our events."""


_CUT_REQUEST = re.compile(r'\s*\{"type":\s*"ask",\s*"id":\s*"([\w-]{1,100})"', re.ASCII)
"""The start of a request; one of more than 10 MB is cut off and cannot be parsed."""


class DemoParser(Parser):
    """Reads the agent's lines; each kind of event has one method."""

    def __init__(self) -> None:
        self._said = BoundedText()
        self._init: Init | None = None
        self._finished = False
        self._asked = 0
        self._open: dict[str, str] = {}
        """The agent's ids of its open requests, by ours."""
        self._readers: Mapping[str, Callable[[Mapping[str, Json]], Iterable[Event | Reply]]] = {
            "start": self._start,
            "text": self._text,
            "wait": lambda _: [],
            "warning": _warning,
            "ask": self._ask,
            "withdraw": self._withdraw,
            "done": self._done,
            "error": self._error,
        }

    def feed(self, line: str) -> Iterable[Event | Reply]:
        """The events of one line; none after the result."""
        parsed = [*self._feed_whole(line)]
        if parsed == [Raw(line=line)] and (cut := _CUT_REQUEST.match(line)):
            return [*parsed, _reply(cut[1], None)]
        return parsed

    @recovering
    def _feed_whole(self, line: str) -> Iterable[Event | Reply]:
        if self._finished or not line.strip():
            return ()
        try:
            entry = parse_object(line) or {}
            if entry["type"] in _SAME_FIELDS:
                return (convert(entry, _SAME_FIELDS[entry["type"]]),)
            return self._readers[entry["type"]](entry)
        except (ValidationError, ValueError, LookupError, TypeError, AttributeError):
            return (Raw(line=line),)

    def answer(self, answer: PermissionAnswer) -> Iterable[Event | Reply]:
        """The answer in the agent's format, with the agent's id of the request.

        Empty if the turn is stopped: with an answer the agent would continue, so it gets none.
        """
        asked = self._open.pop(answer.id, None)
        if asked is None or self._finished or answer.decision is Decision.STOP:
            return ()
        return (_reply(asked, answer),)

    def finish(self, exit_code: int | None, stderr_tail: str) -> Iterable[Event]:
        """The result of a turn that the agent did not end itself."""
        if self._finished:
            return ()
        from clinvk.agents.kit.stderr_errors import error_lines

        if exit_code is None or exit_code < 0:
            code, how = FailureCode.KILLED, "was stopped"
        else:
            code = FailureCode.AGENT_FAILED if exit_code else FailureCode.NO_RESULT
            how = f"exited with {exit_code}"
        errors = error_lines(stderr_tail, r"(?!)") if code is FailureCode.AGENT_FAILED else []
        message = errors[0].text if errors else f"the agent {how} without a result"
        failure = Failure(code=code, message=message, detail=stderr_tail or None)
        return (self._result(self._said.text, UNKNOWN_USAGE, StopReason.ERROR, failure),)

    def _start(self, entry: Mapping[str, Json]) -> Iterable[Event]:
        self._init = Init(backend_session_id=str(entry["session"]), model=str(entry["model"]))
        return (self._init,)

    def _text(self, entry: Mapping[str, Json]) -> Iterable[Event]:
        text = str(entry["text"])
        self._said.add(text)
        return (Message(text=text, delta=True),)

    def _ask(self, entry: Mapping[str, Json]) -> Iterable[Event | Reply]:
        asked, name, given = str(entry["id"]), str(entry["name"]), dict(entry["input"])
        if asked in self._open.values():  # an answer would be that to the other
            return Raw(line=f"two requests with the id {asked}"), _reply(asked, None)
        path, text, command = given.get("path"), given.get("text"), given.get("command")
        edits = path is not None and text is not None
        self._asked += 1
        request = PermissionRequest(
            id=f"request-{self._asked}",
            tool=name,
            kind=ToolKind.EDIT if edits else ToolKind.EXECUTE if command else ToolKind.OTHER,
            summary=str(entry["summary"]),
            tool_use_id=str(entry["tool"]) if entry.get("tool") else None,
            command=None if command is None else str(command),
            paths=() if path is None else (str(path),),
            edits=(FileEdit(path=str(path), new=f"{text}\n"),) if edits else (),
            reason=str(entry.get("reason", "")),
            editable=command is not None,
        )
        self._open[request.id] = asked
        return (request,)

    def _withdraw(self, entry: Mapping[str, Json]) -> Iterable[Event]:
        for ours, asked in self._open.items():
            if asked == str(entry["id"]):
                del self._open[ours]
                return (PermissionAnswer(id=ours, decision=Decision.DENY, by=DecidedBy.AGENT),)
        return (Raw(line=f"no request with the id {entry['id']}"),)

    def _done(self, entry: Mapping[str, Json]) -> Iterable[Event]:
        return (self._result(str(entry["text"]), usage_of(entry), StopReason.END_TURN, None),)

    def _error(self, entry: Mapping[str, Json]) -> Iterable[Event]:
        failure = Failure(code=_failure_code(entry["code"]), message=str(entry["message"]))
        stop_reason = _STOP_REASONS.get(failure.code, StopReason.ERROR)
        result = self._result(self._said.text, usage_of(entry), stop_reason, failure)
        return Failed(failure=failure), result

    def _result(
        self, text: str, usage: Usage, stop_reason: StopReason, failure: Failure | None
    ) -> Result:
        self._finished = True
        return Result(
            text=text,
            stop_reason=stop_reason,
            usage=usage,
            failure=failure,
            backend_session_id=self._init.backend_session_id if self._init else None,
            model=self._init.model if self._init else None,
        )


def _reply(asked: str, answer: PermissionAnswer | None) -> Reply:
    """The agent's line for an answer; None denies."""
    line = {"type": "answer", "id": asked, "allow": answer is not None and answer.decision.allows}
    if answer is not None and answer.reason:
        line["reason"] = answer.reason
    if answer is not None and answer.command is not None:
        line["command"] = answer.command
    return Reply(json_line(line))


def _warning(entry: Mapping[str, Json]) -> Iterable[Event]:
    denied = entry.get("code") == "denied"
    return (Warned(message=str(entry["message"]), code="denied" if denied else "agent"),)


def _failure_code(code: Json) -> FailureCode:
    if code == "cancelled":  # on SIGINT or SIGTERM; the caller knows whether it sent the signal
        return FailureCode.KILLED
    try:
        return FailureCode(code)
    except ValueError:
        return FailureCode.AGENT_FAILED


def usage_of(entry: Mapping[str, Json]) -> Usage:
    """The figures that are present and valid."""
    used = mapping(entry.get("usage"))
    names = ("input", "cached", "output", "reasoning")
    return Usage(**{f"{name}_tokens": count(used.get(name)) for name in names})
