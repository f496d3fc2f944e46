"""Reads the output of runs step by step: what a step said and did, then what it used.

Every line names the conversation; texts and tool calls are printed when they are complete. Only the
end of the child, after a step that requested nothing more, shows that the run is over.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from clinvk.agents.base import Parser
from clinvk.agents.kit.failures import (
    Words,
    code_of_status,
    code_of_words,
    failure,
    failure_at_exit,
    without_conversation_gone,
)
from clinvk.agents.kit.jsonl import clip, count, mapping, parse_object, text
from clinvk.agents.kit.recovery import recovering
from clinvk.agents.kit.retry_time import wait_of_headers
from clinvk.agents.kit.tools import not_allowed, summary_of
from clinvk.agents.opencode.step_sum import SUB_AGENT_TOOL, StepSum, known_end, was_cut_off
from clinvk.model.events import (
    Change,
    Event,
    Failed,
    FileChange,
    Init,
    Json,
    Message,
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
from clinvk.model.request import TurnRequest
from clinvk.model.usage import UNKNOWN_USAGE, Usage

Line = Mapping[str, Json]

_COLOURS = re.compile(r"\x1b?\[[0-9;]*m")
_MODEL_UNKNOWN = re.compile(r"ModelNotFoundError: (.{1,200}?)\.?[\")\n]")
"""An error that only the agent's log explains; on stdout it is an "unexpected server error"."""

_ASKED = re.compile(r"message=stream providerID=(\S+) modelID=(\S+) .*mode=primary")
"""The model that a step used; only the agent's log has it."""

_NAMES = {
    "ProviderAuthError": FailureCode.AUTH,
    "ContextOverflowError": FailureCode.CONTEXT_TOO_LONG,
    "ContentFilterError": FailureCode.PROMPT_REFUSED,
}
_CUT = {"length": StopReason.LENGTH, "content-filter": StopReason.FILTERED}
_CHANGES = {"write": Change.MODIFIED, "edit": Change.MODIFIED, "multiedit": Change.MODIFIED}
_REJECTED = "The user rejected permission"
_REFUSED = (_REJECTED, "The user has specified a rule", "Model tried to call unavailable tool")
_MAX_CUT_OFF_STEPS = 3
"""After this many incomplete steps in a row the service is considered unavailable.

The agent would repeat the request without end: over 600 times in two minutes (1.18.33).
"""


class StepParser(Parser):
    """Follows one run; `words` and `noise` are as in `failure_at_exit`."""

    def __init__(self, request: TurnRequest, words: Words, noise: str) -> None:
        self._model = request.model
        self._words, self._noise = words, noise
        self._init: Init | None = None
        self._texts: list[str] = []
        self._message = ""
        self._sum = StepSum()
        self._rejected = self._complete = self._compacting = self._finished = False
        self._called = False
        self._reason = ""
        self._cut_off_steps = 0
        self._last_error: Failure | None = None
        self._readers: Mapping[str, Callable[[Line, Line], list[Event]]] = {
            "step_start": self._step,
            "text": self._text,
            "reasoning": self._think,
            "tool_use": self._tool,
            "step_finish": self._count,
            "error": self._fail,
        }

    @recovering
    def feed(self, line: str) -> Iterable[Event]:
        """The events of one line; lines that do not belong to a conversation become `Raw`."""
        if self._finished or not line.strip():
            return []
        entry = parse_object(line) or {}
        reader, session = self._readers.get(text(entry.get("type"))), text(entry.get("sessionID"))
        if reader is None or not session:
            return [Raw(line=line)]
        first: list[Event] = []
        if self._init is None or self._init.backend_session_id != session:
            self._init = Init(backend_session_id=session, model=self._model)
            first = [self._init]
        return [*first, *reader(entry, mapping(entry.get("part")))]

    @property
    def settled(self) -> bool:
        """Whether the last step requested nothing more."""
        return self._complete

    def finish(self, exit_code: int | None, stderr_tail: str) -> Iterable[Event]:
        """The result: the answer of the last step, or why that step was not the last one."""
        if self._finished:
            return []
        self._finished = True
        plain = _COLOURS.sub("", stderr_tail)
        for provider, model in _ASKED.findall(plain):
            self._model = f"{provider}/{model}"
        if self._complete:
            result = self._result(None, self._sum.usage)
            if exit_code is not None and 0 < exit_code < 128:
                note = f"the agent exited with {exit_code} after its answer was complete"
                return [Warned(message=note), result]
            return [result]
        if self._rejected and exit_code == 0:
            return [self._result(None, self._sum.usage)]
        why = self._last_error
        if why is None:
            why = failure_at_exit(exit_code, plain, self._words, self._noise)
            if why.code is FailureCode.CONVERSATION_GONE:
                why = replace(why, message="the agent no longer has the conversation")
            return [self._result(why)]
        if why.code is FailureCode.AGENT_FAILED and (known := _MODEL_UNKNOWN.search(plain)):
            why = failure(FailureCode.MODEL_UNKNOWN, known[1])
        why = failure(why.code, why.message, detail=plain, wait=why.wait)
        return [self._result(why, self._sum.usage if exit_code is not None else UNKNOWN_USAGE)]

    # What a step says and does.

    def _step(self, entry: Line, part: Line) -> list[Event]:
        del entry, part
        self._complete = self._rejected = self._called = False
        self._reason = ""
        return []

    def _text(self, entry: Line, part: Line) -> list[Event]:
        del entry
        if part.get("synthetic") is True:
            again = mapping(part.get("metadata")).get("compaction_continue") is True
            self._compacting, self._complete = self._compacting and not again, False
            note = "the agent summarized the conversation to make room"
            return [Warned(message=note)] if again else []
        spoken = text(part.get("text"))
        if self._compacting or not spoken:
            return []
        message = text(part.get("messageID"))
        continues = bool(message) and message == self._message
        if not continues:
            self._texts, self._message = [], message
        self._texts.append(spoken)
        return [Message(text=spoken, continues=continues or None)]

    def _think(self, entry: Line, part: Line) -> list[Event]:
        del entry
        thought = text(part.get("text"))
        return [Thinking(text=thought)] if thought else []

    def _tool(self, entry: Line, part: Line) -> list[Event]:
        del entry
        self._message = ""  # text after a tool call is a separate message
        state = mapping(part.get("state"))
        name, given = text(part.get("tool")), mapping(state.get("input"))
        error = text(state.get("error"))
        if name == "invalid":
            name, error = text(given.get("tool")), text(given.get("error"))
            given = {}
        self._called = True
        call = ToolUse(
            id=text(part.get("callID")), name=name, summary=summary_of(given), input=given
        )
        metadata = mapping(state.get("metadata"))
        failed = state.get("status") == "error" or error or metadata.get("exit") not in (None, 0)
        output = clip(error or text(state.get("output")))
        events: list[Event] = [call, ToolResult(id=call.id, ok=not failed, text=output)]
        if name == SUB_AGENT_TOOL:
            self._sum.mark_incomplete()
        self._rejected = self._rejected or error.startswith(_REJECTED)
        if error.startswith(_REFUSED):
            return [*events, not_allowed(name, call.summary)]
        path = text(given.get("filePath"))
        if not failed and path and name in _CHANGES:
            change = Change.CREATED if metadata.get("exists") is False else _CHANGES[name]
            events.append(FileChange(path=path, change=change))
        return events

    # What a step used, and how the run ends.

    def _count(self, entry: Line, part: Line) -> list[Event]:
        del entry
        self._sum.add(part)
        broken = was_cut_off(part)
        self._cut_off_steps = self._cut_off_steps + 1 if broken else 0
        if not broken and not known_end(part) and not self._called:
            return self._stop_loop()
        more = broken or not known_end(part) or part.get("reason") == "tool-calls"
        self._reason = text(part.get("reason"))
        self._complete = not more and not self._compacting
        if self._cut_off_steps == _MAX_CUT_OFF_STEPS:
            self._finished = True
            why = failure(FailureCode.NETWORK, "the service cut off its answers")
            return [Failed(failure=why), self._result(why)]
        usage = self._sum.usage
        return [UsageReported(usage=usage)] if usage.known else []

    def _stop_loop(self) -> list[Event]:
        """Stop the agent: after such an answer 1.18.33 repeats the request 112 times a minute."""
        self._finished = True
        message = (
            "the model's service ended its answer for a reason that the agent does not know,"
            " and the agent would repeat the request without end"
        )
        why = replace(failure(FailureCode.AGENT_FAILED, message), hint="choose another model")
        return [Failed(failure=why), self._result(why, self._sum.usage)]

    def _fail(self, entry: Line, part: Line) -> list[Event]:
        del part
        error = mapping(entry.get("error"))
        details, name = mapping(error.get("data")), text(error.get("name"))
        body = mapping(parse_object(text(details.get("message"))))
        words = text(body.get("message")) or text(details.get("message")) or name
        words = words or "the agent failed and did not say why"
        status = count(details.get("statusCode"))
        # A provider's error may mention a session of the provider.
        known = (
            self._words
            if name.endswith("NotFoundError")
            else without_conversation_gone(self._words)
        )
        meant = code_of_words(f"{words}\n{text(body.get('code'))}", known)
        code = _NAMES.get(name) or code_of_status(status) or meant or FailureCode.AGENT_FAILED
        if status == 429 and meant is FailureCode.BUDGET_LIMIT:
            code = meant  # a quota is used up: waiting does not help
        self._complete = False
        self._compacting = code is FailureCode.CONTEXT_TOO_LONG
        wait = wait_of_headers(mapping(details.get("responseHeaders")))
        self._last_error = failure(code, words, wait=wait)
        return [Failed(failure=self._last_error)]

    def _result(self, why: Failure | None, usage: Usage = UNKNOWN_USAGE) -> Result:
        budget = why is not None and why.code is FailureCode.BUDGET_LIMIT
        failed = StopReason.BUDGET if budget else StopReason.ERROR
        ended = StopReason.END_TURN if why is None else failed
        return Result(
            text="".join(self._texts),
            stop_reason=_CUT.get(self._reason, ended),
            usage=usage,
            cost_usd=self._sum.cost_usd if usage.known else None,
            failure=why,
            backend_session_id=self._init.backend_session_id if self._init else None,
            model=self._model,
        )
