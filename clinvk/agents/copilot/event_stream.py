"""Reads copilot's headless output: events, one JSON object per line. Tested with 1.0.102.

Only the last line names the conversation, so its id is known from the request until then. Figures
are not in the output, they are in the conversation's own file.
"""

from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from clinvk.agents.base import Parser
from clinvk.agents.copilot.failures import NOISE, WORDS, failure_of_error, service_message
from clinvk.agents.kit.answer import Answer
from clinvk.agents.kit.failures import failure, failure_at_exit
from clinvk.agents.kit.jsonl import clip, count, items, mapping, one_line, parse_object, text
from clinvk.agents.kit.line_fields import retry_notice
from clinvk.agents.kit.recovery import recovering
from clinvk.agents.kit.tools import ToolCalls
from clinvk.model.events import (
    Change,
    Event,
    Failed,
    FileChange,
    Init,
    Json,
    Raw,
    Result,
    StopReason,
    ToolResult,
    Warned,
)
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.request import TurnRequest
from clinvk.text.bounded import CUT_NOTE

Line = Mapping[str, Json]

_CHANGES = {"create": Change.CREATED, "delete": Change.DELETED}

_SILENT = frozenset(
    {
        "agent.interrupted",
        "assistant.idle",
        "assistant.tool_call_delta",
        "assistant.turn_end",
        "model.call_final_result",
        "model.call_finished",
        "model.call_start",
        "session.background_tasks_changed",
        "session.mcp_servers_loaded",
        "session.skills_loaded",
        "tool.execution_partial_result",
        "tool.shell_output",
    }
)
"""Events that are not part of the turn."""

_SILENT_INFO = frozenset({"configuration", "file_created", "model_retry"})
"""Notes about what other events say too."""


class EventParser(Parser):
    """Follows one run."""

    def __init__(self, request: TurnRequest) -> None:
        self._asked = request.conversation
        self._init: Init | None = None
        self._model: str | None = None
        self._answer = Answer()
        self._tools = ToolCalls()
        self._names: dict[str, str] = {}
        self._cause: Line = {}
        self._last_error: Failure | None = None
        self._cancelled = self._finished = False
        self._readers: Mapping[str, Callable[[Line], list[Event] | None]] = {
            "session.tools_updated": self._note_model,
            "user.message": self._begin,
            "assistant.turn_start": self._restart,
            "assistant.message_start": self._ignore,
            "assistant.message_delta": self._text_piece,
            "assistant.reasoning_delta": self._thought_piece,
            "assistant.message": self._message,
            "assistant.reasoning": self._thought,
            "assistant.turn_retry": self._retry,
            "abort": self._aborted,
            "model.call_failure": self._note_cause,
            "tool.execution_start": self._tool,
            "tool.execution_complete": self._tool_result,
            "session.error": self._fail,
            "session.warning": self._warn,
            "session.info": self._info,
            **dict.fromkeys(_SILENT, self._ignore),
        }

    @recovering
    def feed(self, line: str) -> Iterable[Event]:
        """The events of one line; unknown ones become `Raw`."""
        if self._finished or not line.strip():
            return []
        entry = parse_object(line) or {}
        kind, data = text(entry.get("type")), mapping(entry.get("data"))
        if kind == "result" and "sessionId" in entry:
            return self._end(entry)
        reader = self._readers.get(kind)
        if reader is not None and (entry.get("agentId") or data.get("parentToolCallId")):
            return []  # a sub-agent's own: its answer is the result of the tool that started it
        events = None if reader is None else reader(data)
        return [Raw(line=line)] if events is None else events

    def finish(self, exit_code: int | None, stderr_tail: str) -> Iterable[Event]:
        """The failure that the agent's end shows."""
        if self._finished:
            return []
        self._finished = True
        why = failure_at_exit(exit_code, stderr_tail, WORDS, NOISE)
        if self._last_error is not None and exit_code is not None:
            why = replace(self._last_error, detail=stderr_tail or None)
        return [self._result(why)]

    # The conversation, and what the agent says.

    @staticmethod
    def _ignore(data: Line) -> list[Event]:
        del data
        return []

    def _note_model(self, data: Line) -> list[Event]:
        self._model = text(data.get("model")) or self._model
        return []

    def _begin(self, data: Line) -> list[Event]:
        """The prompt is in the conversation, which has the id that was asked for."""
        del data
        return [] if self._init is not None or self._asked is None else self._open(self._asked)

    def _open(self, session: str) -> list[Event]:
        self._init = Init(backend_session_id=session, model=self._model)
        return [self._init]

    def _restart(self, data: Line) -> list[Event]:
        del data
        self._answer.restart_message()
        return []

    def _text_piece(self, data: Line) -> list[Event]:
        return self._piece({"type": "text_delta", "text": data.get("deltaContent")})

    def _thought_piece(self, data: Line) -> list[Event]:
        return self._piece({"type": "thinking_delta", "thinking": data.get("deltaContent")})

    def _piece(self, delta: Line) -> list[Event]:
        return [*self._answer.add_piece(delta)]

    def _message(self, data: Line) -> list[Event]:
        self._model = text(data.get("model")) or self._model
        self._answer.begin_message(text(data.get("messageId")))
        events = self._answer.complete_block({"type": "text", "text": data.get("content")})
        self._answer.end_message()
        return [*events]

    def _thought(self, data: Line) -> list[Event]:
        thought = {"type": "thinking", "thinking": data.get("content")}
        return [*self._answer.complete_block(thought)]

    # Its tools.

    def _tool(self, data: Line) -> list[Event]:
        self._answer.end_text()
        call, name = text(data.get("toolCallId")), text(data.get("toolName"))
        self._names[call] = name
        return self._tools.use({"id": call, "name": name, "input": data.get("arguments")})

    def _tool_result(self, data: Line) -> list[Event]:
        call, error = text(data.get("toolCallId")), mapping(data.get("error"))
        said = text(mapping(data.get("result")).get("content")) or text(error.get("message"))
        # A command that failed is a success of the tool.
        ok = data.get("success") is True and not count(
            mapping(data.get("shellExecution")).get("exitCode")
        )
        events: list[Event] = [ToolResult(id=call, ok=ok, text=clip(said.strip("\n")))]
        if error.get("code") == "denied":
            return [*events, *self._tools.deny(call, self._names.get(call, ""))]
        for edit in map(mapping, items(data.get("fileEdits"))):
            if path := text(edit.get("path")):
                change = _CHANGES.get(text(edit.get("kind")), Change.MODIFIED)
                events.append(FileChange(path=path, change=change))
        return events

    # Failures, and the end.

    def _note_cause(self, data: Line) -> list[Event]:
        self._cause = data
        return []

    def _retry(self, data: Line) -> list[Event]:
        del data
        self._answer.restart_message()
        attempt = count(self._cause.get("retryAttempt"))
        notice = {
            "attempt": None if attempt is None else attempt + 1,
            "error_status": self._cause.get("statusCode"),
            "error": service_message(self._cause),
        }
        return [Warned(message=one_line(retry_notice(notice)), code="retry")]

    def _fail(self, data: Line) -> list[Event]:
        self._last_error = failure_of_error(data, self._cause)
        return [Failed(failure=self._last_error)]

    def _aborted(self, data: Line) -> list[Event]:
        del data
        self._last_error = failure(FailureCode.KILLED, "the turn was cancelled")
        self._cancelled = True
        return []

    @staticmethod
    def _warn(data: Line) -> list[Event] | None:
        said = text(data.get("message"))
        return [Warned(message=one_line(said))] if said else None

    @staticmethod
    def _info(data: Line) -> list[Event] | None:
        return [] if data.get("infoType") in _SILENT_INFO else None

    def _end(self, entry: Line) -> list[Event]:
        self._finished = True
        session = text(entry.get("sessionId"))
        events: list[Event] = []
        if session and (self._init is None or self._init.backend_session_id != session):
            events += self._open(session)
        if self._answer.cut:
            events.append(Warned(message=CUT_NOTE))
        why = None
        if entry.get("exitCode") != 0 or self._cancelled:
            why = self._last_error or failure(
                FailureCode.AGENT_FAILED, "the agent failed and did not say why"
            )
        return [*events, self._result(why)]

    def _result(self, why: Failure | None) -> Result:
        budget = why is not None and why.code is FailureCode.BUDGET_LIMIT
        failed = StopReason.BUDGET if budget else StopReason.ERROR
        return Result(
            text=self._answer.last_text,
            stop_reason=StopReason.END_TURN if why is None else failed,
            failure=why,
            backend_session_id=self._init.backend_session_id if self._init else None,
            model=self._model,
        )
