"""Holds one turn with an agent that speaks the Agent Client Protocol.

`initialize`, then the conversation, then its mode, then the prompt: each only after the answer to
the one before. Unless files and terminals are offered to the agent, it uses its own.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from clinvk.agents.base import Parser, Reply
from clinvk.agents.kit.acp.errors import ENDS, FAILED_ENDS, failure_of
from clinvk.agents.kit.acp.images import image_blocks, takes_images
from clinvk.agents.kit.acp.permission import option, permission_request, selected
from clinvk.agents.kit.acp.tools import ToolCall, ToolReports
from clinvk.agents.kit.acp.updates import Updates
from clinvk.agents.kit.failures import Words, failure, failure_at_exit
from clinvk.agents.kit.json_rpc import (
    AgentRequest,
    Incoming,
    JsonRpc,
    Line,
    Notification,
    Refused,
    Response,
)
from clinvk.agents.kit.jsonl import mapping, one_line, text
from clinvk.agents.kit.recovery import recovering
from clinvk.agents.kit.tools import not_allowed
from clinvk.model.events import (
    Event,
    Failed,
    Init,
    Json,
    PermissionAnswer,
    Raw,
    Result,
    StopReason,
    UsageReported,
    Warned,
)
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.permission import DecidedBy, Decision
from clinvk.model.request import TurnRequest
from clinvk.model.usage import UNKNOWN_USAGE, Usage
from clinvk.text.bounded import CUT_NOTE

_VERSION = 1
_HISTORY = frozenset({"user_message_chunk", "agent_message_chunk", "tool_call"})


class Dialect(Struct, frozen=True, kw_only=True):
    """How an agent differs from others.

    `resume` is the method that continues a conversation, `mode` the session's mode, None to leave
    it. `late_history`: it repeats the history after it has answered `resume`. `whole_thoughts`: a
    piece of its thoughts is a whole one. `details_follow`: it asks before it says with which
    arguments. `stops_when_denied`: a denial ends its work, so that it has to be told to go on.
    `words` and `noise` are as in `failure_at_exit`.
    """

    words: Words
    noise: str
    resume: str = "session/load"
    mode: str | None = None
    late_history: bool = False
    whole_thoughts: bool = False
    details_follow: bool = False
    stops_when_denied: bool = False


def opening(*, files: bool = False, terminal: bool = False) -> bytes:
    """What is sent first, in place of a prompt: also what the agent may do through us."""
    return _initialize(JsonRpc(), files=files, terminal=terminal).data


def _initialize(rpc: JsonRpc, *, files: bool = False, terminal: bool = False) -> Reply:
    offered = {"fs": {"readTextFile": files, "writeTextFile": files}, "terminal": terminal}
    client = {"name": "clinvk", "title": "clinvk", "version": "1"}
    params = {"protocolVersion": _VERSION, "clientCapabilities": offered, "clientInfo": client}
    return rpc.request("initialize", params, "initialize")


_Parsed = Iterator[Event | Reply]


class AcpParser(Parser):
    """Follows one turn; what only one agent tells is read by overriding the methods below."""

    def __init__(self, request: TurnRequest, dialect: Dialect) -> None:
        self._request = request
        self._dialect = dialect
        self._rpc = JsonRpc()
        _initialize(self._rpc)  # it was sent as the invocation's stdin
        self._init: Init | None = None
        self._session = ""
        self._offers: Line = {}
        self._history_seen = False
        self.prompts = 0
        """How many prompts the agent was given: a denial may need another one."""
        self.steps = 0
        """How many answers of its model were counted."""
        self._tools = ToolReports(self.tool_name)
        self.updates = Updates(self._tools, whole_thoughts=dialect.whole_thoughts)
        self._asked: dict[str, tuple[Line, ToolCall]] = {}
        self._unclear: dict[str, str] = {}
        self._to_say: list[str] = []
        self._stopped = self._finished = False

    # What one agent tells in its own way.

    def tool_name(self, call: ToolCall) -> str:
        """The name of a call's tool."""
        return call.first_title

    def model_name(self, session: Line) -> str | None:
        """The model of a new or loaded session."""
        return text(mapping(session.get("models")).get("currentModelId")) or None

    def note_usage(self, update: Line) -> Usage | None:
        """What the turn used so far, if an update says it."""
        del update
        return None

    def note_prompt(self, result: Line) -> None:
        """Note the response to a prompt."""

    def ended(self, told: Result) -> Result:
        """The turn's result, with what only this agent tells."""
        return told

    # The lines.

    def feed(self, line: str) -> Iterable[Event | Reply]:
        """The events of one line, and what is to be sent next."""
        parsed = list(self._feed_whole(line))
        if parsed == [Raw(line=line)]:
            parsed += self._take(self._rpc.read_cut(line))
        return parsed

    @recovering
    def _feed_whole(self, line: str) -> Iterable[Event | Reply]:
        if self._finished or not line.strip():
            return []
        return list(self._take(self._rpc.read(line), Raw(line=line)))

    def _take(self, incoming: Incoming | None, *raw: Raw) -> Iterable[Event | Reply]:
        if isinstance(incoming, Response):
            return self._respond(incoming)
        if isinstance(incoming, AgentRequest):
            return self._requested(incoming)
        if isinstance(incoming, Refused):
            return [incoming.reply, *self._withdrawn(incoming.key), *raw]
        told = None if incoming is None else self._notified(incoming)
        return raw if told is None else told

    def answer(self, answer: PermissionAnswer) -> Iterable[Event | Reply]:
        """The reply, never one that allows more than this call."""
        if answer.id not in self._asked:
            return
        params, call = self._asked.pop(answer.id)
        allows = answer.decision.allows
        chosen = option(params, "allow_once" if allows else "reject_once")
        yield from self._rpc.respond(answer.id, selected(chosen))
        if allows:
            return
        self._say_denied(call, answer)
        yield from self._tools.end(call, ok=False, said=answer.reason or "not allowed")
        if answer.decision is Decision.STOP:
            self._stopped = True
            yield self._rpc.notify("session/cancel", {"sessionId": self._session})

    def finish(self, exit_code: int | None, stderr_tail: str) -> Iterable[Event]:
        """The failure that the agent's end shows."""
        if self._finished:
            return []
        self._finished = True
        why = failure_at_exit(exit_code, stderr_tail, self._dialect.words, self._dialect.noise)
        return [self._result(why)]

    # Our requests, one after the other.

    def _respond(self, response: Response) -> _Parsed:
        if response.error is not None:
            opening = response.awaited == "session"
            yield from self._fail(failure_of(response.error, self._dialect.words, opening=opening))
            return
        result = mapping(response.result)
        if response.awaited == "initialize":
            self._offers = mapping(result.get("agentCapabilities"))
            yield from self._initialized()
        elif response.awaited == "session":
            yield from self._opened(result)
        elif response.awaited == "mode":
            yield from self._begun()
        else:
            yield from self._prompted(result)

    def _initialized(self) -> _Parsed:
        if self._request.images and not takes_images(self._offers):
            why = failure(FailureCode.OPTION_REFUSED, "the agent takes no pictures here")
            yield from self._fail(why)
            return
        params: dict[str, Json] = {"cwd": str(self._request.cwd), "mcpServers": []}
        if self._request.resume:
            params["sessionId"] = self._request.conversation
        method = self._dialect.resume if self._request.resume else "session/new"
        yield self._rpc.request(method, params, "session")

    def _opened(self, result: Line) -> _Parsed:
        asked = self._request.conversation if self._request.resume else None
        self._session = asked or text(result.get("sessionId"))
        if not self._session:
            yield from self._fail(failure(FailureCode.AGENT_FAILED, "the agent named no session"))
            return
        self._init = Init(backend_session_id=self._session, model=self.model_name(result))
        yield self._init
        mode = mapping(result.get("modes")).get("currentModeId")
        late = self._request.resume and self._dialect.late_history
        if late or (self._dialect.mode is not None and mode != self._dialect.mode):
            yield self._set_mode()
        else:
            yield self._prompt(self._request.prompt)

    def _set_mode(self) -> Reply:
        """Set the session's mode, also to see from the answer that the history is complete."""
        self._history_seen = False
        params = {"sessionId": self._session, "modeId": self._dialect.mode}
        return self._rpc.request("session/set_mode", params, "mode")

    def _begun(self) -> _Parsed:
        # The agent writes a piece of the history between any two answers until there are no more.
        yield self._set_mode() if self._history_seen else self._prompt(self._request.prompt)

    def _prompt(self, words: str) -> Reply:
        images = () if self.prompts else image_blocks(self._request.images)
        self.prompts += 1
        params = {"sessionId": self._session, "prompt": [{"type": "text", "text": words}, *images]}
        return self._rpc.request("session/prompt", params, "prompt")

    def _prompted(self, result: Line) -> _Parsed:
        reason = text(result.get("stopReason"))
        denied = bool(self._to_say) and not self._stopped
        if denied and self._dialect.stops_when_denied:
            reason = reason.removeprefix("cancelled")
        self.note_prompt(result)
        if denied and reason not in FAILED_ENDS:
            words, self._to_say = "\n".join(self._to_say), []
            self.updates.end_message()
            yield self._prompt(words)
            return
        for key in list(self._asked):
            yield from self._withdrawn(key)
        if reason in FAILED_ENDS:
            code, words, stop_reason = FAILED_ENDS[reason]
            told = self.ended(self._result(failure(code, words), stop_reason))
        else:
            told = self.ended(self._result(None, ENDS.get(reason, StopReason.END_TURN)))
        if told.failure is not None:
            yield Failed(failure=told.failure)
        if self.updates.answer.cut:
            yield Warned(message=CUT_NOTE)
        self._finished = True
        yield told

    def _fail(self, why: Failure) -> _Parsed:
        self._finished = True
        yield from (Failed(failure=why), self._result(why))

    def _stop_at_limit(self) -> _Parsed:
        """Stop the agent, which has no such limit here: its next step has begun."""
        yield self._rpc.notify("session/cancel", {"sessionId": self._session})
        yield from self._prompted({"stopReason": "max_turn_requests"})

    def _result(self, why: Failure | None, stop_reason: StopReason = StopReason.ERROR) -> Result:
        return Result(
            text=self.updates.answer.text,
            stop_reason=stop_reason,
            usage=UNKNOWN_USAGE,
            failure=why,
            backend_session_id=self._init.backend_session_id if self._init else None,
            model=self._init.model if self._init else None,
        )

    # The agent's requests.

    def _requested(self, request: AgentRequest) -> _Parsed:
        if request.method != "session/request_permission":
            yield from self._rpc.refuse(request.key, "clinvk does not offer this")
            return
        if not self.prompts:
            yield from self._rpc.respond(request.key, selected(None))
            return
        call = self._tools.call(mapping(request.params.get("toolCall")))
        self.updates.end_message()
        if option(request.params, "allow_once") is None:
            yield from self._tools.tell(call)
            rejected = option(request.params, "reject_once")
            note = " (the agent does not offer to allow it once)"
            yield from self._rpc.respond(request.key, selected(rejected))
            yield not_allowed(self.tool_name(call), call.summary, note)
            yield from self._tools.end(call, ok=False, said="not allowed")
            return
        self._asked[request.key] = (request.params, call)
        if self._dialect.details_follow and not call.begun and not call.given:
            self._unclear[call.id] = request.key
            return
        yield from self._ask(request.key, call)

    def _ask(self, key: str, call: ToolCall) -> Iterator[Event]:
        yield from self._tools.tell(call)
        yield permission_request(key, self.tool_name(call), call)

    def _withdrawn(self, key: str | None) -> Iterator[Event]:
        if key is not None and self._asked.pop(key, None) is not None:
            yield PermissionAnswer(id=key, decision=Decision.DENY, by=DecidedBy.AGENT)

    def _say_denied(self, call: ToolCall, answer: PermissionAnswer) -> None:
        """Note what to tell the agent: the protocol has no place for a reason."""
        if not answer.reason and not self._dialect.stops_when_denied:
            return
        what = f"{self.tool_name(call)} {call.summary}".strip()
        why = answer.reason or "Continue without it."
        self._to_say.append(f"I did not allow this: {one_line(what)}. {why}")

    def _notified(self, message: Notification) -> Iterable[Event | Reply] | None:
        update = mapping(message.params.get("update"))
        if message.method != "session/update" or not update:
            return None
        if not self.prompts:
            self._history_seen = self._history_seen or text(update.get("sessionUpdate")) in _HISTORY
            return ()
        own = message.params.get("sessionId") == self._session
        events = self.updates.read(update) if own else None
        return None if events is None else self._continued(update, list(events))

    def _continued(self, update: Line, events: list[Event]) -> Iterable[Event | Reply]:
        """The events, with the figures and the request that the update completes."""
        limit = self._request.max_turns
        if limit is not None and self.steps >= limit and self.updates.begins_step(update):
            yield from self._stop_at_limit()
            return
        yield from events
        if (usage := self.note_usage(update)) is not None:
            self.updates.end_message()
            yield UsageReported(usage=usage)
        key = self._unclear.pop(text(update.get("toolCallId")), "")
        if key in self._asked:
            yield from self._ask(key, self._asked[key][1])
