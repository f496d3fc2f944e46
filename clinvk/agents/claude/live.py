"""Claude Code's control protocol: its permission requests, and the answers on its stdin.

With `--permission-prompt-tool=stdio` the stream has `control_request` lines between its events, and
the agent waits for a `control_response` on stdin, which stays open. While stdin is closed it denies
what it would ask.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from clinvk.agents.base import Reply
from clinvk.agents.kit.dialect import Dialect
from clinvk.agents.kit.jsonl import compact_json, items, mapping, parse_object, text
from clinvk.agents.kit.recovery import recovering
from clinvk.agents.kit.spending import SpendingSum
from clinvk.agents.kit.stream_json import StreamJsonParser
from clinvk.agents.kit.tools import denial_words, summary_of
from clinvk.model.events import Event, Json, PermissionAnswer, PermissionRequest, Raw
from clinvk.model.permission import DecidedBy, Decision, FileEdit, ToolKind
from clinvk.model.request import TurnRequest
from clinvk.text.json_codec import json_line

Line = Mapping[str, Json]

_KINDS = {
    **dict.fromkeys(("Write", "Edit", "MultiEdit", "NotebookEdit"), ToolKind.EDIT),
    **dict.fromkeys(("Bash", "PowerShell"), ToolKind.EXECUTE),
    **dict.fromkeys(("Read", "NotebookRead", "Glob", "Grep", "LS"), ToolKind.READ),
    **dict.fromkeys(("WebFetch", "WebSearch"), ToolKind.FETCH),
}
_PATHS = ("file_path", "notebook_path", "path", "url")
_SHOWN_ELSEWHERE = {
    ToolKind.EDIT: {"content", "old_string", "new_string", "edits", "new_source"},
    ToolKind.EXECUTE: {"command", "description"},
}
_QUESTION = "AskUserQuestion"

_UNANSWERED = "There is no answer. Decide yourself, or end with the question as your answer."

_CUT_REQUEST = re.compile(
    r'\s*\{"type":\s*"control_request",\s*"request_id":\s*"([\w-]{1,100})"', re.ASCII
)
"""The start of a request; one of more than 10 MB is cut off and cannot be parsed."""


class _Asked(Struct, frozen=True):
    """An open request: the agent's id for it, the call, and the tool's arguments as JSON."""

    id: str
    call: str
    tool: str
    arguments: str


class LiveParser(StreamJsonParser):
    """The stream of events with the agent's requests between them."""

    def __init__(self, request: TurnRequest, dialect: Dialect, spending: SpendingSum) -> None:
        super().__init__(request, dialect, spending)
        self._asked = 0
        self._open: dict[str, _Asked] = {}
        """The agent's open requests, by our ids."""
        self._running: set[str] = set()
        self._lists_tasks = self._over = False

    def feed(self, line: str) -> Iterable[Event | Reply]:
        """The events of one line, and the replies to requests that are not to be answered."""
        parsed = self._feed_whole(line)
        if "control_request" in line[:60] and (cut := _CUT_REQUEST.match(line)):
            parsed = [*parsed]
            if parsed == [Raw(line=line)]:  # no object in it is whole
                return [*parsed, _refusal(cut[1], "the request is too long")]
        return parsed

    @recovering
    def _feed_whole(self, line: str) -> Iterable[Event | Reply]:
        entry = parse_object(line) if '"control_' in line else {}
        kind = "" if entry is None else text(entry.get("type"))
        if entry is None or self._finished:
            return [] if self._finished else [Raw(line=line)]
        if kind == "control_request":
            return self._ask(entry, line)
        if kind == "control_cancel_request":
            return self._withdraw(entry, line)
        if kind == "control_response":  # clinvk requests nothing
            return [Raw(line=line)]
        parsed = super().feed(line)
        self._over = self._over or self.settled
        return parsed

    def answer(self, answer: PermissionAnswer) -> Iterable[Event | Reply]:
        """The response to the request; what it allows is the call with all its arguments."""
        asked = self._open.pop(answer.id, None)
        if asked is None or self._finished:
            return []
        arguments = asked.arguments
        if answer.decision.allows:
            if answer.command is not None:
                arguments = json.dumps({**json.loads(arguments), "command": answer.command})
            # Never `updatedPermissions`: those would outlast the request, or even the turn.
            return [_response(asked.id, f'{{"behavior": "allow", "updatedInput": {arguments}}}')]
        self._tools.deny(asked.call, asked.tool)  # the result repeats what was denied here
        denied: dict[str, Json] = {"behavior": "deny", "message": _told(asked.tool, answer)}
        if answer.decision is Decision.STOP:
            denied["interrupt"] = True
        return [_response(asked.id, json.dumps(denied))]

    @property
    def settled(self) -> bool:
        """Whether the last line was a result, and no task is running that may ask.

        The agent waits for more prompts until its stdin is closed. Then it continues as a headless
        one does: 2.1.197 gives shell commands in the background 5 s, so that a server that the
        agent has started does not keep the turn open; 2.1.332 waits for them.
        """
        return self._settled and not self._running

    def _system(self, entry: Line) -> list[Event] | None:
        task, subtype = text(entry.get("task_id")), entry.get("subtype")
        if subtype == "background_tasks_changed":  # only in newer versions
            self._lists_tasks = True
            listed = {text(mapping(one).get("task_id")) for one in items(entry.get("tasks"))}
            self._running &= listed
        elif subtype == "task_started":
            if self._lists_tasks or entry.get("task_type") != "local_bash":
                self._running.add(task)
        elif subtype == "task_notification":
            self._running.discard(task)
        elif subtype == "task_updated":
            status = mapping(entry.get("patch")).get("status")
            if status not in {None, "pending", "running", "completed"}:  # no round follows
                self._running.discard(task)
        return super()._system(entry)

    def _end(self, entry: Line) -> list[Event] | None:
        events = super()._end(entry)
        self._settled = self._outcome is not None  # also after a round that does not count
        return events

    def _ask(self, entry: Line, line: str) -> list[Event | Reply]:
        """A request of the agent; those for anything but a tool are refused."""
        asked, request = text(entry.get("request_id")), mapping(entry.get("request"))
        if not asked:
            return [Raw(line=line)]
        if request.get("subtype") != "can_use_tool":
            kind = text(request.get("subtype")) or "unnamed"
            return [Raw(line=line), _refusal(asked, f"the request `{kind[:100]}` is not supported")]
        if any(asked == other.id for other in self._open.values()):
            return [Raw(line=line), _refusal(asked, "another request with this id is open")]
        if self._over:  # stdin is closed, or will be
            return [Raw(line=line), _refusal(asked, "the turn is over")]
        try:
            # The arguments are sent back with the answer, so every number and letter is kept.
            arguments = json.dumps({**json.loads(line)["request"]["input"]}, allow_nan=False)
        except (ValueError, LookupError, TypeError, RecursionError):
            return [Raw(line=line), _refusal(asked, "the arguments cannot be read")]
        self._asked += 1
        ours = f"request-{self._asked}"
        call, tool = text(request.get("tool_use_id")), text(request.get("tool_name"))
        self._open[ours] = _Asked(asked, call, tool, arguments)
        self._answer.interrupt()
        return [_permission_request(ours, request)]

    def _withdraw(self, entry: Line, line: str) -> list[Event | Reply]:
        for ours, asked in self._open.items():
            if asked.id == entry.get("request_id"):
                del self._open[ours]
                self._answer.interrupt()
                return [PermissionAnswer(id=ours, decision=Decision.DENY, by=DecidedBy.AGENT)]
        return [] if entry.get("request_id") else [Raw(line=line)]  # [] if it was answered


def _permission_request(ours: str, request: Line) -> PermissionRequest:
    tool, arguments = text(request.get("tool_name")), mapping(request.get("input"))
    kind = _KINDS.get(tool, ToolKind.OTHER)
    command = text(arguments.get("command")) if kind is ToolKind.EXECUTE else None
    paths = [text(arguments.get(name)) for name in _PATHS]
    questions = [mapping(one) for one in items(arguments.get("questions"))]
    summary = summary_of(arguments) or " ".join(text(one.get("question")) for one in questions)
    return PermissionRequest(
        id=ours,
        tool=tool,
        kind=kind,
        summary=summary,
        tool_use_id=text(request.get("tool_use_id")) or None,
        command=command,
        paths=() if kind is ToolKind.OTHER else tuple(filter(None, paths)),
        edits=tuple(_edits(arguments)) if kind is ToolKind.EDIT else (),
        reason="\n".join(
            _choices(questions) if tool == _QUESTION else _reasons(kind, summary, request)
        ),
        editable=command is not None,
    )


def _edits(arguments: Line) -> Iterator[FileEdit]:
    path = text(arguments.get("file_path")) or text(arguments.get("notebook_path"))
    if "content" in arguments:
        yield FileEdit(path=path, new=text(arguments.get("content")))
    elif "new_source" in arguments:  # a cell, whose old text is not told
        yield FileEdit(path=path, old="", new=text(arguments.get("new_source")))
    for edit in (arguments, *map(mapping, items(arguments.get("edits")))):
        if "old_string" in edit:
            yield FileEdit(
                path=path, old=text(edit.get("old_string")), new=text(edit.get("new_string"))
            )


def _reasons(kind: ToolKind, summary: str, request: Line) -> Iterator[str]:
    """The agent's explanations, then the arguments that are shown nowhere else."""
    arguments = mapping(request.get("input"))
    yield from filter(None, (text(request.get("decision_reason")),))
    if kind is ToolKind.EXECUTE and (description := text(arguments.get("description"))):
        yield description
    shown = set() if kind is ToolKind.OTHER else {*_PATHS, *_SHOWN_ELSEWHERE.get(kind, ())}
    for name, value in arguments.items():
        if value and name not in shown and value != summary:
            yield f"{name}: {value if isinstance(value, str) else compact_json(value)}"


def _choices(questions: Iterable[Line]) -> Iterator[str]:
    for one in questions:
        labels = (text(mapping(option).get("label")) for option in items(one.get("options")))
        yield f"{text(one.get('question'))} ({', '.join(filter(None, labels))})"
    yield "To answer it, deny it, with the answer as the reason."


def _told(tool: str, answer: PermissionAnswer) -> str:
    """What the model reads about a denial."""
    if tool == _QUESTION:
        return f"The user answers: {answer.reason}" if answer.reason else _UNANSWERED
    return denial_words(answer)


def _response(asked: str, response: str) -> Reply:
    head = '{"type": "control_response", "response": {"subtype": "success", "request_id": '
    return Reply(f'{head}{json.dumps(asked)}, "response": {response}}}}}\n'.encode())


def _refusal(asked: str, why: str) -> Reply:
    response = {"subtype": "error", "request_id": asked, "error": f"clinvk: {why}"}
    return Reply(json_line({"type": "control_response", "response": response}))
