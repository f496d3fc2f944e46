"""Reads one turn of pi: its events, and in RPC mode its responses and what its extensions ask.

Its end is `agent_settled`: an answer that failed is retried after its own `agent_end`. In 1.6.0 the
exit code is 0 whatever happened; a failed answer has the `stopReason` `error`.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from clinvk.agents.base import Parser, Reply
from clinvk.agents.kit.answer import Answer
from clinvk.agents.kit.failures import failure, failure_at_exit
from clinvk.agents.kit.jsonl import amount, clip, count, items, mapping, parse_object, text
from clinvk.agents.kit.recovery import recovering
from clinvk.agents.kit.tools import ToolCalls, denial_words, result_text
from clinvk.agents.pi.failures import NOISE, WORDS, refusal
from clinvk.agents.pi.gate import Asked, cancelled, read_request, response
from clinvk.agents.pi.spent import Spent, model_name
from clinvk.model.access import Access
from clinvk.model.events import (
    Change,
    Event,
    Failed,
    FileChange,
    Init,
    Json,
    PermissionAnswer,
    Raw,
    Result,
    StopReason,
    ToolResult,
    UsageReported,
    Warned,
)
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.permission import Decision
from clinvk.model.request import TurnRequest
from clinvk.text.bounded import CUT_NOTE
from clinvk.text.json_codec import json_line

Line = Mapping[str, Json]
_Out = list[Event | Reply]

_IGNORED = frozenset(
    {
        "agent_end",  # repeats all messages of the run
        "agent_start",
        "auto_retry_end",
        "compaction_start",
        "entry_appended",
        "queue_update",
        "session_info_changed",
        "thinking_level_changed",
        "tool_execution_update",
        "turn_end",
        "turn_start",
    }
)
_ASKING = frozenset({"select", "confirm", "input", "editor"})
_CUT_REQUEST = re.compile(r'\{"type":"extension_ui_request","id":"([\w-]{1,100})"', re.ASCII)
"""The start of a request; one of more than 10 MB is cut off and cannot be parsed."""
_NOT_OFFERED = re.compile(r"Tool \S+ not found")


class EventParser(Parser):
    """Follows one turn."""

    def __init__(self, request: TurnRequest) -> None:
        self._request = request
        self._init: Init | None = None
        self._model = request.model
        self._answer = Answer()
        self._spent = Spent()
        self._tools = ToolCalls()
        self._calls: dict[str, tuple[str, str]] = {}
        self._files: set[str] = set()
        self._open: dict[str, Asked] = {}
        self._asked = 0
        self._reason = ""
        self._last_error: Failure | None = None
        self._finished = False
        self._readers: Mapping[str, Callable[[Line], _Out | None]] = {
            "session": self._begin,
            "response": self._respond,
            "message_start": self._begin_message,
            "message_update": self._update,
            "message_end": self._end_message,
            "tool_execution_start": self._use,
            "tool_execution_end": self._end_tool,
            "auto_retry_start": self._retry,
            "compaction_end": self._compacted,
            "extension_ui_request": self._requested,
            "extension_error": _extension_failed,
            "agent_settled": self._settle,
        }

    def feed(self, line: str) -> Iterable[Event | Reply]:
        """The events of one line, and replies to requests that are not to be answered."""
        parsed = list(self._feed_whole(line))
        if parsed == [Raw(line=line)] and (cut := _CUT_REQUEST.match(line)):
            return [*parsed, cancelled(cut[1])]
        return parsed

    @recovering
    def _feed_whole(self, line: str) -> Iterable[Event | Reply]:
        if self._finished or not line.strip():
            return []
        entry = parse_object(line) or {}
        kind = text(entry.get("type"))
        if kind in _IGNORED:
            return []
        reader = self._readers.get(kind)
        events = None if reader is None else reader(entry)
        return [Raw(line=line)] if events is None else events

    def answer(self, answer: PermissionAnswer) -> Iterable[Event | Reply]:
        """The answer for the extension; to stop the turn also the command that aborts it."""
        asked = self._open.pop(answer.id, None)
        if asked is None or self._finished:
            return []
        replies: _Out = [response(asked, answer, denial_words(answer))]
        if answer.decision is Decision.STOP:
            replies.append(Reply(json_line({"type": "abort"})))
        return replies

    def finish(self, exit_code: int | None, stderr_tail: str) -> Iterable[Event]:
        """The failure that the agent's end shows."""
        if self._finished:
            return []
        self._finished = True
        self._spent.mark_incomplete()
        if exit_code == 0 and self._last_error is not None:
            return [self._result(self._last_error)]
        return [self._result(failure_at_exit(exit_code, stderr_tail, WORDS, NOISE))]

    # How a turn begins and ends.

    def _begin(self, entry: Line) -> _Out | None:
        session = text(entry.get("id"))
        if not session or self._init is not None:
            return [] if session else None
        self._init = Init(backend_session_id=session, model=self._model)
        return [self._init]

    def _respond(self, entry: Line) -> _Out | None:
        if entry.get("command") == "get_state":
            return self._opened(mapping(entry.get("data")))
        if entry.get("command") != "prompt":
            return [] if entry.get("success") is True else None
        if entry.get("success") is True:
            # An extension of the user did what the prompt is for, without the model.
            handled = mapping(entry.get("data")).get("disposition") == "handled"
            return self._end(None) if handled else []
        return self._end(refusal(text(entry.get("error"))).failure)

    def _opened(self, state: Line) -> _Out | None:
        self._model = model_name(mapping(state.get("model"))) or self._model
        events = self._begin({"id": state.get("sessionId")})
        resumed = self._request.resume or self._request.conversation is None
        if events and not resumed and count(state.get("messageCount")):
            words = "the agent already has a conversation with this id"
            events += self._end(failure(FailureCode.CONVERSATION_EXISTS, words))
        return events

    def _settle(self, entry: Line) -> _Out:
        if entry.get("aborted") is True:
            return self._end(failure(FailureCode.KILLED, "the turn was cancelled"))
        if self._reason == "error":
            return self._end(self._last_error)
        if self._reason in {"", "pending"}:
            return self._end(failure(FailureCode.NO_RESULT, "the agent ended without an answer"))
        return self._end(None)

    def _end(self, why: Failure | None) -> _Out:
        self._finished = True
        events: _Out = [] if why is None else [Failed(failure=why)]
        if self._answer.cut:
            events.append(Warned(message=CUT_NOTE))
        return [*events, self._result(why)]

    def _result(self, why: Failure | None) -> Result:
        ended = StopReason.LENGTH if self._reason == "length" else StopReason.END_TURN
        if why is not None:
            budget = why.code is FailureCode.BUDGET_LIMIT
            ended = StopReason.BUDGET if budget else StopReason.ERROR
        return Result(
            text=self._answer.last_text,
            stop_reason=ended,
            usage=self._spent.usage,
            cost_usd=self._spent.cost_usd,
            failure=why,
            backend_session_id=self._init.backend_session_id if self._init else None,
            model=self._model,
        )

    # What the model says.

    def _begin_message(self, entry: Line) -> _Out | None:
        message = mapping(entry.get("message"))
        if message.get("role") == "assistant":
            self._answer.restart_message()
            self._reason = "pending"
        return [] if message else None

    def _update(self, entry: Line) -> _Out | None:
        piece = mapping(entry.get("assistantMessageEvent"))
        kind, _, what = text(piece.get("type")).partition("_")
        if what == "start":
            self._answer.begin_block(kind)
        elif what == "delta" and kind in ("text", "thinking"):
            delta = {"type": f"{kind}_delta", kind: piece.get("delta")}
            return [*self._answer.add_piece(delta)]
        return [] if kind else None

    def _end_message(self, entry: Line) -> _Out | None:
        message = mapping(entry.get("message"))
        if message.get("role") != "assistant":
            return [] if message else None
        events: _Out = []
        for block in map(mapping, items(message.get("content"))):
            if block.get("type") == "toolCall":
                self._answer.end_text()
            else:
                events += self._answer.complete_block(block)
        self._answer.end_message()
        self._model = model_name(message, "model") or self._model
        self._reason = text(message.get("stopReason"))
        if self._reason in {"error", "aborted"}:
            said = refusal(text(message.get("errorMessage")))
            self._last_error = said.failure
            self._spent.add_failed(message.get("usage"), refused=said.status is not None)
            return events
        self._spent.add(message.get("usage"))
        usage = self._spent.usage
        return [*events, UsageReported(usage=usage)] if usage.known else events

    def _retry(self, entry: Line) -> _Out:
        self._answer.restart_message()
        why = refusal(text(entry.get("errorMessage"))).failure.message
        notice = f"the service failed ({clip(why, 200)}), trying again"
        if (delay := amount(entry.get("delayMs"))) is not None:
            notice += f" in {delay / 1000:.1f} s"
        attempt, of = count(entry.get("attempt")), count(entry.get("maxAttempts"))
        if attempt is not None and of is not None:
            notice += f" (attempt {attempt} of {of})"
        return [Warned(message=notice, code="retry")]

    def _compacted(self, entry: Line) -> _Out:
        result = mapping(entry.get("result"))
        if not result:
            return []
        self._spent.add(result.get("usage"))
        return [Warned(message="the agent summarized the conversation to make room")]

    # What it does.

    def _use(self, entry: Line) -> _Out:
        call, name = text(entry.get("toolCallId")), text(entry.get("toolName"))
        self._answer.end_text()
        self._answer.interrupt()
        self._calls[call] = (name, text(mapping(entry.get("args")).get("path")))
        return [*self._tools.use({"id": call, "name": name, "input": entry.get("args")})]

    def _end_tool(self, entry: Line) -> _Out:
        call, result = text(entry.get("toolCallId")), mapping(entry.get("result"))
        name, path = self._calls.get(call, (text(entry.get("toolName")), ""))
        failed, output = entry.get("isError") is True, result_text(result.get("content"))
        if (usage := result.get("usage")) is not None:
            self._spent.add(usage)
        events: _Out = [ToolResult(id=call, ok=not failed, text=clip(output))]
        if failed:
            limited = self._request.access in {Access.READ_ONLY, Access.EDIT}
            denied = limited and _NOT_OFFERED.match(output)
            return [*events, *self._tools.deny(call, name)] if denied else events
        known = path in self._files
        self._files.add(path)
        if path and name in {"write", "edit"}:
            change = Change.CREATED if name == "write" and not known else Change.MODIFIED
            events.append(FileChange(path=path, change=change))
        return events

    def _requested(self, entry: Line) -> _Out | None:
        """A request of our extension; what another one asks is cancelled."""
        if entry.get("method") not in _ASKING:
            return []
        self._asked += 1
        ours = f"request-{self._asked}"
        found = read_request(ours, entry) if self._request.access is Access.ASK else None
        if found is None:
            title = clip(text(entry.get("title")), 200)
            note = f"an extension of the agent asked something, and nobody can answer: {title}"
            return [Warned(message=note), cancelled(entry.get("id"))]
        self._open[ours], asked = found
        self._answer.interrupt()
        return [asked]


def _extension_failed(entry: Line) -> _Out:
    words = clip(text(entry.get("error")), 500)
    return [Warned(message=f"an extension of the agent failed: {words}")]
