"""Holds one turn with droid over its JSON-RPC channel (`--input-format=stream-jsonrpc`).

The conversation is opened, then set up, then prompted: each only after the answer to the one
before, because it handles requests side by side. `agent_turn_completed` ends the turn.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec.structs import replace

from clinvk.agents.base import Parser, Reply
from clinvk.agents.droid.asking import ASKS_TO_ACT, Asking, is_inside
from clinvk.agents.droid.messages import Messages
from clinvk.agents.droid.opening import ENVELOPE, open_conversation, prompt, set_up
from clinvk.agents.droid.spent import Spent
from clinvk.agents.kit.answer import missing_value_warning
from clinvk.agents.kit.failures import (
    Words,
    code_of_status,
    code_of_words,
    failure,
    failure_at_exit,
    without_conversation_gone,
)
from clinvk.agents.kit.json_rpc import (
    AgentRequest,
    Incoming,
    JsonRpc,
    Line,
    Notification,
    Refused,
    Response,
)
from clinvk.agents.kit.jsonl import count, items, mapping, one_line, text
from clinvk.agents.kit.recovery import recovering
from clinvk.agents.kit.tools import not_allowed
from clinvk.model.access import Access
from clinvk.model.events import (
    Event,
    Failed,
    Init,
    Json,
    Message,
    PermissionAnswer,
    PermissionRequest,
    Raw,
    Result,
    StopReason,
    UsageReported,
    Warned,
    ends_message,
)
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.permission import DecidedBy, Decision, ToolKind
from clinvk.model.request import TurnRequest
from clinvk.text.bounded import CUT_NOTE

_NOT_FOUND = -32_004
WORDS: Words = (
    (r"\bsession not found\b", FailureCode.CONVERSATION_GONE),
    (r"\bno access token\b|\bsession expired\b|\bno authentication\b", FailureCode.AUTH),
    (r"\binvalid model\b", FailureCode.MODEL_UNKNOWN),
    (r"\binvalid flags\b", FailureCode.OPTION_REFUSED),
)
NOISE = r"^(Available (built-in|custom) models|Note: )"

_ENDS: Mapping[str, FailureCode] = {
    "model_authentication_failed": FailureCode.AUTH,
    "model_usage_exhausted": FailureCode.RATE_LIMITED,
    "model_provider_unreachable": FailureCode.NETWORK,
    "model_provider_unavailable": FailureCode.SERVER_ERROR,
    "prompt_rejected": FailureCode.PROMPT_REFUSED,
    "structured_output_schema_invalid": FailureCode.OPTION_REFUSED,
    "cancelled": FailureCode.KILLED,
    "process_exit": FailureCode.KILLED,
}
"""What the reason of an end means if its error says nothing more."""

_NO_VALUE = frozenset({"structured_output_missing", "structured_output_invalid"})
_DONE = frozenset({"completed", "permission_rejected", "spec_handoff", *_NO_VALUE})
_SILENT = frozenset(
    {
        *("droid_working_state_changed", "settings_updated", "mcp_status_changed"),
        *("session_title_updated", "thinking_text_complete", "assistant_text_complete"),
        *("tool_call", "tool_execution_phase_changed", "tool_progress_update"),
        *("tool_execution_heartbeat", "hook_execution_started", "hook_execution_completed"),
        *("permission_resolved", "child_session_available", "loop_state_changed"),
        "session_working_directory_changed",
    }
)
"""Notifications that say nothing that the others do not say."""

_Out = Iterable[Event | Reply]


class DroidParser(Parser):
    """Follows one turn; what sub-agents do is only seen as their tool's result."""

    def __init__(self, request: TurnRequest) -> None:
        self._request = request
        self._rpc = JsonRpc(ENVELOPE)
        open_conversation(self._rpc, request)  # it was sent as the invocation's stdin
        self._asking = Asking(self._rpc)
        self._init: Init | None = None
        self._messages = Messages()
        self._spent = Spent()
        self._last_error: Failure | None = None
        self._prompted = self._finished = False
        self._to_say: list[str] = []
        self._structured: Json = None
        self._readers: Mapping[str, Callable[[Line], _Out | None]] = {
            "assistant_text_delta": lambda told: self._messages.piece(told, "text"),
            "thinking_text_delta": lambda told: self._messages.piece(told, "thinking"),
            "create_message": self._messages.complete,
            "tool_result": self._messages.tool_result,
            "session_token_usage_changed": self._counted,
            "llm_retry": self._retry,
            "structured_output": self._valued,
            "session_compacted": _compacted,
            "error": self._error,
            "agent_turn_completed": self._completed,
        }

    def feed(self, line: str) -> Iterable[Event | Reply]:
        """The events of one line, and what is to be sent next."""
        parsed = [*self._feed_whole(line)]
        if parsed == [Raw(line=line)]:
            parsed += self._take(self._rpc.read_cut(line)) or ()
        return parsed

    @recovering
    def _feed_whole(self, line: str) -> Iterable[Event | Reply]:
        if self._finished or not line.strip():
            return []
        taken = self._take(self._rpc.read(line))
        return [Raw(line=line)] if taken is None else taken

    def _take(self, incoming: Incoming | None) -> list[Event | Reply] | None:
        """What a message means; None if it means nothing."""
        taken: _Out | None = None
        if isinstance(incoming, Response):
            taken = self._responded(incoming)
        elif isinstance(incoming, AgentRequest):
            taken = self._requested(incoming)
        elif isinstance(incoming, Refused):
            taken = [incoming.reply, *self._withdrawn(incoming.key)]
        elif isinstance(incoming, Notification):
            taken = self._notified(incoming)
        if taken is None:
            return None
        events = [*taken]
        for one in events:
            if not isinstance(one, Reply | Message) and ends_message(
                one.type, getattr(one, "code", None)
            ):
                self._messages.interrupt()
        return events

    def answer(self, answer: PermissionAnswer) -> Iterable[Event | Reply]:
        """The reply, never one that allows more than this call.

        A denial ends its turn without a further word, so another prompt tells it to go on.
        """
        call = self._asking.call(answer.id)
        if self._finished or call is None:
            return
        yield from self._asking.answer(answer)
        if not answer.decision.allows:
            what = one_line(f"{call.tool} {call.summary}")
            why = answer.reason or "Continue without it."
            self._to_say.append(f"I did not allow this: {what}. {why}")
        if answer.decision is Decision.STOP:
            self._to_say.clear()
            yield self._rpc.request("droid.interrupt_session", {}, "interrupt")

    def finish(self, exit_code: int | None, stderr_tail: str) -> Iterable[Event]:
        """The failure that the agent's end shows."""
        if self._finished:
            return []
        self._finished = True
        why = failure_at_exit(exit_code, stderr_tail, self._words, NOISE)
        return [self._result(self._last_error or why)]

    @property
    def _words(self) -> Words:
        """The phrases of its errors; after the prompt, the conversation cannot be missing."""
        return without_conversation_gone(WORDS) if self._prompted else WORDS

    # Our requests, one after the other.

    def _responded(self, response: Response) -> _Out:
        if response.awaited == "interrupt":
            return []
        if response.error is not None:
            words = response.error.message or "the agent failed and did not say why"
            gone = response.error.code == _NOT_FOUND and response.awaited == "session"
            code = FailureCode.CONVERSATION_GONE if gone else code_of_words(words, self._words)
            return self._fail(failure(code or FailureCode.AGENT_FAILED, words))
        if response.awaited == "session":
            return self._opened(mapping(response.result))
        if response.awaited == "set up":
            self._prompted = True
            return [prompt(self._rpc, self._request)]
        return []

    def _opened(self, result: Line) -> _Out:
        asked = self._request.conversation if self._request.resume else None
        conversation = asked or text(result.get("sessionId"))
        if not conversation:
            return self._fail(failure(FailureCode.AGENT_FAILED, "the agent named no session"))
        model = self._request.model or text(mapping(result.get("settings")).get("modelId")) or None
        self._init = Init(backend_session_id=conversation, model=model)
        self._spent.begin(result)
        known = {text(mapping(one).get("id")) for one in items(result.get("availableModels"))}
        # It takes any name and keeps it with the conversation, and fails only at the prompt.
        if self._request.model is not None and known and self._request.model not in known:
            why = failure(FailureCode.MODEL_UNKNOWN, f"unknown model: {self._request.model}")
            return [self._init, *self._fail(why)]
        return [self._init, set_up(self._rpc, self._request)]

    def _fail(self, why: Failure) -> list[Event]:
        self._finished = True
        return [Failed(failure=why), self._result(why)]

    # Its requests.

    def _requested(self, request: AgentRequest) -> _Out:
        if request.method == "droid.ask_user":
            return self._rpc.respond(request.key, {"cancelled": True, "answers": []})
        if request.method != ASKS_TO_ACT:
            return self._rpc.refuse(request.key, "clinvk does not offer this")
        asked = self._asking.ask(request)
        if not asked:
            return self._asking.reply(request.key, allow=False)
        outside = self._request.access is Access.EDIT and any(
            one.kind is ToolKind.EDIT and not is_inside(one, self._request.cwd) for one in asked
        )
        return [*self._denied(asked)] if outside else asked

    def _denied(self, asked: Iterable[PermissionRequest]) -> _Out:
        """The answer to a change outside of the working directory, which is not `edit`."""
        for one in asked:
            answer = PermissionAnswer(id=one.id, decision=Decision.DENY, by=DecidedBy.ACCESS)
            yield from self.answer(answer)
            yield not_allowed(one.tool, one.summary)

    def _withdrawn(self, key: str | None) -> Iterator[Event]:
        for identity in self._asking.withdraw(key) if key else ():
            yield PermissionAnswer(id=identity, decision=Decision.DENY, by=DecidedBy.AGENT)

    # What it tells.

    def _notified(self, message: Notification) -> _Out | None:
        told = mapping(message.params.get("notification"))
        kind = text(told.get("type"))
        session = text(message.params.get("sessionId"))
        if message.method != "droid.session_notification" or not kind:
            return None
        foreign = self._init is None or session not in {"", self._init.backend_session_id}
        if kind in _SILENT or foreign or not self._prompted:
            return []
        reader = self._readers.get(kind)
        return reader(told) if reader else None

    def _counted(self, told: Line) -> list[Event]:
        usage = self._spent.so_far(told)
        return [UsageReported(usage=usage)] if usage.known else []

    def _retry(self, told: Line) -> list[Event]:
        self._messages.restart()
        why = text(told.get("reason")).replace("_", " ")
        attempt = count(told.get("attempt"))
        notice = "the service failed" + (f" ({why})" if why else "") + ", trying again"
        notice += f" (attempt {attempt})" if attempt is not None else ""
        return [Warned(message=notice, code="retry")]

    def _valued(self, told: Line) -> list[Event]:
        """Note the value of an answer that matches the schema."""
        self._structured = told.get("structuredOutput")
        return []

    def _error(self, told: Line) -> list[Event]:
        """Note an error: the end of the turn follows, and says more."""
        words = text(told.get("message")) or text(mapping(told.get("error")).get("message"))
        status, _, rest = words.partition(" ")
        number = (
            int(status) if len(status) == 3 and status.isascii() and status.isdecimal() else None
        )
        shown = rest if number and rest else words
        meant = code_of_words(shown, self._words)
        code = code_of_status(number)
        if meant in {FailureCode.BUDGET_LIMIT, FailureCode.CONTEXT_TOO_LONG} or code is None:
            code = meant or code
        shown = shown or "the agent failed and did not say why"
        self._last_error = failure(code or FailureCode.AGENT_FAILED, shown)
        return []

    def _completed(self, told: Line) -> list[Event | Reply]:
        reason = text(told.get("reason"))
        self._spent.add(told)
        if reason in _DONE and self._to_say:
            words, self._to_say = "\n".join(self._to_say), []
            return [prompt(self._rpc, replace(self._request, prompt=words, images=()))]
        open_calls: Iterable[str] = self._asking.withdraw()
        events: list[Event | Reply] = [
            PermissionAnswer(id=one, decision=Decision.DENY, by=DecidedBy.AGENT)
            for one in open_calls
        ]
        self._finished = True
        why = None if reason in _DONE else self._why(reason)
        if why is None and self._messages.answered and not self._spent.counted:
            why = failure(FailureCode.NETWORK, "the service broke off its answer")
        if why is not None:
            return [*events, Failed(failure=why), self._result(why)]
        if self._messages.cut:
            events.append(Warned(message=CUT_NOTE))
        result = self._result(None)
        if self._request.schema is not None:
            result = replace(result, structured=self._structured)
            events += missing_value_warning(result)
        return [*events, result]

    def _why(self, reason: str) -> Failure:
        meant = _ENDS.get(reason, FailureCode.AGENT_FAILED)
        if self._last_error is None:
            words = f"the turn ended: {reason.replace('_', ' ') or 'no reason given'}"
            return failure(meant, words)
        unclear = self._last_error.code is FailureCode.AGENT_FAILED
        return replace(self._last_error, code=meant) if unclear else self._last_error

    def _result(self, why: Failure | None) -> Result:
        return Result(
            text=self._messages.text,
            stop_reason=StopReason.END_TURN if why is None else StopReason.ERROR,
            usage=self._spent.usage,
            failure=why,
            backend_session_id=self._init.backend_session_id if self._init else None,
            model=self._init.model if self._init else None,
        )


def _compacted(told: Line) -> list[Event]:
    del told
    return [Warned(message="the agent summarized the conversation to make room")]
