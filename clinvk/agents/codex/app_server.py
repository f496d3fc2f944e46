"""Reads and answers `codex app-server`, the channel on which it asks: JSON-RPC, a message a line.

A thread is started or resumed, then one turn is started in it, and its end has the result. Items
and totals are those of headless runs in other spelling, and a thread continues on either channel.
Before a resumed thread's turn its totals are repeated, which are then what the turn began with.
"""

from collections.abc import Callable, Iterable, Mapping

from clinvk.agents.base import Parser, Reply
from clinvk.agents.codex.approvals import QUESTIONS, Approvals
from clinvk.agents.codex.failures import NOISE, WORDS, failure_of, stop_reason_of
from clinvk.agents.codex.live_items import IGNORED_ITEMS, headless_item, sandbox_refusal
from clinvk.agents.codex.live_start import opening
from clinvk.agents.codex.thread_items import (
    CALLS,
    ITEMS,
    call_of,
    call_result,
    file_changes,
    text_events,
)
from clinvk.agents.codex.totals import FIGURES, baseline, totals
from clinvk.agents.kit.answer import Answer
from clinvk.agents.kit.counters import usage_since
from clinvk.agents.kit.failures import (
    Words,
    failure,
    failure_at_exit,
    without_conversation_gone,
)
from clinvk.agents.kit.json_rpc import (
    AgentRequest,
    Incoming,
    JsonRpc,
    Notification,
    Refused,
    Response,
)
from clinvk.agents.kit.jsonl import mapping, one_line, parse_json, text
from clinvk.agents.kit.recovery import recovering
from clinvk.model.events import (
    Event,
    Failed,
    Init,
    Json,
    Message,
    PermissionAnswer,
    Raw,
    Result,
    StopReason,
    Warned,
    ends_message,
)
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.permission import DecidedBy, Decision
from clinvk.model.request import TurnRequest
from clinvk.model.usage import UNKNOWN_USAGE

Line = Mapping[str, Json]
_Out = list[Event | Reply]

_TOTALS = {
    "input_tokens": "inputTokens",
    "cached_input_tokens": "cachedInputTokens",
    "cache_write_input_tokens": "cacheWriteInputTokens",
    "output_tokens": "outputTokens",
    "reasoning_output_tokens": "reasoningOutputTokens",
}
"""The totals of headless runs, and their names here."""

_IGNORED = frozenset(
    {
        "account/rateLimits/updated",
        "account/updated",
        "app/list/updated",
        "configWarning",
        "deprecationNotice",
        "item/commandExecution/outputDelta",
        "item/commandExecution/terminalInteraction",
        "item/fileChange/outputDelta",
        "item/fileChange/patchUpdated",
        "item/mcpToolCall/progress",
        "item/plan/delta",
        "item/reasoning/summaryPartAdded",
        "item/reasoning/summaryTextDelta",
        "item/reasoning/textDelta",
        "mcpServer/startupStatus/updated",
        "remoteControl/status/changed",
        "skills/changed",
        "thread/goal/cleared",
        "thread/name/updated",
        "thread/readState/changed",
        "thread/settings/updated",
        "thread/started",
        "thread/status/changed",
        "turn/diff/updated",
        "turn/plan/updated",
    }
)
"""What says nothing that the items, the totals and the end of the turn do not say."""


class AppServerParser(Parser):
    """Reads one turn of one thread; what other threads (sub-agents) do is only asked about."""

    def __init__(self, request: TurnRequest, images: Iterable[str] = ()) -> None:
        self._request = request
        self._images = tuple(images)
        self._rpc = JsonRpc()
        opening(self._rpc, request)  # the same numbers as in the invocation
        self._approvals = Approvals(self._rpc, str(request.cwd))
        self._before = baseline(request)
        self._totals: dict[str, int] = {}
        self._init: Init | None = None
        self._turn = ""
        self._answer = Answer()
        self._message = ""
        self._started: set[str] = set()
        self._last_error: Failure | None = None
        self._finished = False
        self._readers: Mapping[str, Callable[[Line], _Out | None]] = {
            "turn/started": self._turn_started,
            "item/started": self._item_started,
            "item/completed": self._item_completed,
            "item/agentMessage/delta": self._delta,
            "thread/tokenUsage/updated": self._counted,
            "serverRequest/resolved": self._resolved,
            "error": self._error,
            "warning": _warning,
            "turn/completed": self._completed,
        }

    def feed(self, line: str) -> Iterable[Event | Reply]:
        """The events and replies of one line; none after the result."""
        parsed = [*self._feed_whole(line)]
        if parsed == [Raw(line=line)]:
            return [*parsed, *(self._take(self._rpc.read_cut(line), line) or ())]
        return parsed

    @recovering
    def _feed_whole(self, line: str) -> Iterable[Event | Reply]:
        if self._finished or not line.strip():
            return []
        taken = self._take(self._rpc.read(line), line)
        return [Raw(line=line)] if taken is None else taken

    def _take(self, incoming: Incoming | None, line: str) -> _Out | None:
        """What a message means; None if it means nothing."""
        taken: _Out | None
        if isinstance(incoming, Response):
            taken = self._responded(incoming)
        elif isinstance(incoming, Notification):
            reader = self._readers.get(incoming.method)
            ignored: _Out | None = [] if incoming.method in _IGNORED else None
            taken = reader(incoming.params) if reader else ignored
        elif isinstance(incoming, AgentRequest):
            taken = self._asked(incoming, line)
        elif isinstance(incoming, Refused):
            taken = [incoming.reply, *self._withdrawn(incoming.key)]
        else:
            taken = None
        for one in taken or ():
            if not isinstance(one, Reply | Message) and ends_message(
                one.type, getattr(one, "code", None)
            ):
                self._answer.interrupt()
        return taken

    def answer(self, answer: PermissionAnswer) -> Iterable[Event | Reply]:
        """The decision, for this once; a person's reason follows as words to the running turn.

        A refusal itself has no place for a reason.
        """
        if self._finished:
            return []
        return [*self._approvals.answer(answer)]

    def finish(self, exit_code: int | None, stderr_tail: str) -> Iterable[Event]:
        """The result if the turn did not end: why the agent ended."""
        if self._finished:
            return []
        why = failure_at_exit(exit_code, stderr_tail, self._words, NOISE)
        return [self._result(StopReason.ERROR, self._last_error or why)]

    @property
    def _words(self) -> Words:
        """The phrases of its errors; after a turn began, the thread cannot be missing."""
        return without_conversation_gone(WORDS) if self._turn else WORDS

    def _responded(self, response: Response) -> _Out:
        if response.awaited == "turn/steer":
            if response.error is None:
                return []
            note = f"the reason did not reach the agent: {one_line(response.error.message)}"
            return [Warned(message=note)]
        if response.error is not None:
            why = failure_of(response.error.message, self._words)
            return [Failed(failure=why), self._result(StopReason.ERROR, why)]
        told = mapping(response.result)
        if response.awaited == "turn/start":
            self._turn = self._turn or text(mapping(told.get("turn")).get("id"))
        if response.awaited in {"thread/start", "thread/resume"}:
            return self._opened(told)
        return []

    def _opened(self, told: Line) -> _Out:
        thread = text(mapping(told.get("thread")).get("id"))
        asked = self._request.conversation if self._request.resume else None
        if not thread or (asked is not None and thread.lower() != asked.lower()):
            # The prompt is not for any other thread.
            what = f"another thread: {thread}" if thread else "no thread"
            why = failure(FailureCode.CONVERSATION_GONE, f"the agent opened {what}")
            opened = [Init(backend_session_id=thread)] if thread else []
            return [*opened, Failed(failure=why), self._result(StopReason.ERROR, why)]
        self._init = Init(
            backend_session_id=thread, model=text(told.get("model")) or self._request.model
        )
        paths = (*self._images, *(str(one.path) for one in self._request.images))
        images = [{"type": "localImage", "path": path} for path in paths]
        prompt = {"type": "text", "text": self._request.prompt}
        turn: Json = {"threadId": thread, "input": [*images, prompt]}
        if self._request.schema is not None:
            turn = {**turn, "outputSchema": parse_json(self._request.schema)}
        return [self._init, self._rpc.request("turn/start", turn, awaits="turn/start")]

    def _asked(self, request: AgentRequest, line: str) -> _Out:
        if (asked := self._approvals.ask(request)) is not None:
            return [asked]
        note = QUESTIONS.get(request.method)
        refusal = self._rpc.refuse(request.key, note or "clinvk does not know this request")
        event = Raw(line=line) if note is None else Warned(message=note, code="denied")
        return [event, *refusal]

    def _resolved(self, params: Line) -> _Out:
        return self._withdrawn(self._rpc.withdraw(params.get("requestId")))

    def _withdrawn(self, key: str | None) -> _Out:
        if key is None or not self._approvals.forget(key):
            return []
        return [PermissionAnswer(id=key, decision=Decision.DENY, by=DecidedBy.AGENT)]

    def _ours(self, params: Line) -> bool:
        return self._init is not None and params.get("threadId") == self._init.backend_session_id

    def _turn_started(self, params: Line) -> _Out:
        if self._ours(params):
            self._turn = self._turn or text(mapping(params.get("turn")).get("id"))
        return []

    def _item_started(self, params: Line) -> _Out | None:
        item = headless_item(mapping(params.get("item")))
        self._approvals.note_item(item)
        kind = text(item.get("type"))
        if not self._ours(params) or kind in IGNORED_ITEMS:
            return []
        if kind == "agent_message":
            self._begin_message(text(item.get("id")))
        if kind in CALLS:
            return self._use(item)
        return [] if kind in ITEMS else None

    def _item_completed(self, params: Line) -> _Out | None:
        item = headless_item(mapping(params.get("item")))
        self._approvals.forget_item(item)
        kind = text(item.get("type"))
        if not self._ours(params) or kind in IGNORED_ITEMS:
            return []
        if kind not in ITEMS:
            return None
        if kind in CALLS:
            before = [] if text(item.get("id")) in self._started else self._use(item)
            return [*before, *call_result(item), *sandbox_refusal(item)]
        if kind == "file_change":
            return [*file_changes(item)]
        if kind != "agent_message":
            return [*text_events(item)]
        self._begin_message(text(item.get("id")))
        return [*self._answer.complete_block({"type": "text", "text": item.get("text")})]

    def _use(self, item: Line) -> _Out:
        self._started.add(text(item.get("id")))
        return [call_of(item)]

    def _delta(self, params: Line) -> _Out:
        if not self._ours(params):
            return []
        self._begin_message(text(params.get("itemId")))
        return [*self._answer.add_piece({"type": "text_delta", "text": params.get("delta")})]

    def _begin_message(self, item_id: str) -> None:
        if item_id != self._message:
            self._message = item_id
            self._answer.restart_message()

    def _counted(self, params: Line) -> _Out:
        if self._ours(params):
            told = mapping(mapping(params.get("tokenUsage")).get("total"))
            counted = totals({name: told.get(here) for name, here in _TOTALS.items()})
            if self._turn and params.get("turnId") == self._turn:
                self._totals = counted
            elif self._request.resume and not self._totals:
                self._before = counted
        return []

    def _error(self, params: Line) -> _Out:
        words = text(mapping(params.get("error")).get("message"))
        if not self._ours(params) and self._init is not None:
            return []
        if params.get("willRetry") is True or words.startswith("Reconnecting..."):
            return [Warned(message=one_line(words), code="retry")]
        self._last_error = failure_of(words, self._words)
        return [Failed(failure=self._last_error)]

    def _completed(self, params: Line) -> _Out:
        turn = mapping(params.get("turn"))
        if not self._ours(params) or (self._turn and turn.get("id") != self._turn):
            return []
        status = text(turn.get("status"))
        if status == "interrupted":
            why = failure(FailureCode.KILLED, "the turn was interrupted")
            return [self._result(StopReason.CANCELLED, why)]
        if status == "completed":
            return [self._result(StopReason.END_TURN, None)]
        words = text(mapping(turn.get("error")).get("message"))
        known = self._last_error if self._last_error and not words else None
        failed = known or failure_of(words, self._words)
        events: _Out = [] if failed == self._last_error else [Failed(failure=failed)]
        return [*events, self._result(stop_reason_of(failed), failed)]

    def _result(self, stop_reason: StopReason, why: Failure | None) -> Result:
        self._finished = True
        usage = usage_since(self._totals, self._before, FIGURES) if self._totals else UNKNOWN_USAGE
        return Result(
            text=self._answer.last_text,
            stop_reason=stop_reason,
            usage=usage,
            failure=why,
            backend_session_id=self._init.backend_session_id if self._init else None,
            model=self._init.model if self._init else self._request.model,
            counters=self._totals or None,
        )


def _warning(params: Line) -> _Out:
    words = text(params.get("message"))
    return [Warned(message=one_line(words))] if words else []
