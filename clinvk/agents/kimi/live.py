"""Follows a turn of Kimi Code over the Agent Client Protocol; tested with 2.1.0.

It says nothing about a request that it tries again, and ends a failed turn as any other: what
happened is only in its own file of the conversation (`wire_log`).
"""

import re
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from clinvk.agents.base import Reply
from clinvk.agents.kimi.failures import WORDS
from clinvk.agents.kit.acp.client import Dialect
from clinvk.agents.kit.acp.errors import failure_of
from clinvk.agents.kit.acp.files import AcpFilesParser
from clinvk.agents.kit.acp.images import image_blocks
from clinvk.agents.kit.acp.permission import option, selected
from clinvk.agents.kit.acp.tools import ToolCall
from clinvk.agents.kit.json_rpc import AgentRequest, Line, Notification, Response
from clinvk.agents.kit.jsonl import items, mapping, text
from clinvk.model.events import Event, Init, Json, Result, Warned
from clinvk.model.permission import ToolKind
from clinvk.model.request import TurnRequest

_DIALECT = Dialect(words=WORDS, noise=r'^\{"level":', resume="session/resume", mode="default")
"""In its other modes it asks less; only our answers say what it may do."""

_SUMMARIZED = "the agent summarized the conversation to make room"
_NOTICE = re.compile(
    r"Compacting conversation context|Compaction (completed\.\n|cancelled\.|is blocked by the curr)"
)
"""How its own notices begin, which it sends as parts of the answer."""

_COMMAND = re.compile(r"to (?:Running|Starting background): (.+)", re.DOTALL)
_QUESTION, _CHANGING = "AskUserQuestion", frozenset({"Edit", "Write"})
_BY_ARGUMENT = {"command": "Bash", "old_string": "Edit", "content": "Write"}
_BY_KIND = {ToolKind.EDIT: "Write", ToolKind.EXECUTE: "Bash"}

_Parsed = Iterator[Event | Reply]


class KimiLiveParser(AcpFilesParser):
    """What is different: the model and the mode are always set, and its tools have two titles."""

    def __init__(self, request: TurnRequest) -> None:
        super().__init__(request, _DIALECT)
        self._settings: list[tuple[str, dict[str, Json]]] = []

    def tool_name(self, call: ToolCall) -> str:
        """The first title; if the model does not stream its calls, that says what it does."""
        if call.first_title and " " not in call.first_title:
            return call.first_title
        named = (name for argument, name in _BY_ARGUMENT.items() if argument in call.given)
        return next(named, _BY_KIND.get(call.means, call.first_title))

    def model_name(self, session: Line) -> str | None:
        """The requested model, else that of the session."""
        options = map(mapping, items(session.get("configOptions")))
        current = next((one.get("currentValue") for one in options if one.get("id") == "model"), "")
        return self._request.model or text(current) or None

    def ended(self, told: Result) -> Result:
        """The result, with the number of prompts that its own file has to be read for."""
        return replace(told, counters={"prompts": self.prompts}) if self.prompts else told

    def _opened(self, result: Line) -> _Parsed:
        self._session = self._request.conversation or "" if self._request.resume else ""
        self._session = self._session or text(result.get("sessionId"))
        self._init = Init(backend_session_id=self._session, model=self.model_name(result))
        yield self._init
        # It reports `default` also for a session that a person left in another mode (2.1.0).
        self._settings = [("session/set_mode", {"modeId": self._dialect.mode})]
        # The last is sent first: which efforts there are depends on the model.
        effort = self._request.effort and self._request.effort.value
        for option_id, value in (("thinking", effort), ("model", self._request.model)):
            if value is not None:
                choice = {"configId": option_id, "value": value}
                self._settings.append(("session/set_config_option", choice))
        yield from self._begun()

    def _respond(self, response: Response) -> _Parsed:
        if response.error is not None and response.awaited == "mode":
            yield from self._fail(failure_of(response.error, WORDS, opening=True))
        else:
            yield from super()._respond(response)

    def _begun(self) -> _Parsed:
        if not self._settings:
            yield self._prompt(self._request.prompt)
            return
        method, params = self._settings.pop()
        yield self._rpc.request(method, {"sessionId": self._session, **params}, "mode")

    def _prompt(self, words: str) -> Reply:
        """The prompt, as what a person says: a first text with `/` would be one of its commands."""
        images = () if self.prompts else image_blocks(self._request.images)
        self.prompts += 1
        texts = ["", words] if words.startswith("/") else [words]
        prompt = [{"type": "text", "text": one} for one in texts]
        params = {"sessionId": self._session, "prompt": [*prompt, *images]}
        return self._rpc.request("session/prompt", params, "prompt")

    def _requested(self, request: AgentRequest) -> _Parsed:
        asked = mapping(request.params.get("toolCall"))
        title = text(asked.get("title"))
        if title == _QUESTION:
            # To allow it would choose an answer; without one the model goes on by itself.
            skipped = selected(option(request.params, "reject_once"))
            yield from self._rpc.respond(request.key, skipped)
            return
        if request.method == "session/request_permission":
            _complete(self._tools.call(asked), title)
        yield from super()._requested(request)

    def _notified(self, message: Notification) -> Iterable[Event | Reply] | None:
        update = mapping(message.params.get("update"))
        said = text(mapping(update.get("content")).get("text"))
        if update.get("sessionUpdate") == "agent_message_chunk" and _NOTICE.match(said):
            self.updates.end_message()
            return [Warned(message=_SUMMARIZED)] if said.startswith("Compaction completed") else ()
        return super()._notified(message)

    def _ask(self, key: str, call: ToolCall) -> Iterator[Event]:
        if call.paths and "content" in call.given:
            whole = {"path": call.paths[0], "newText": call.given["content"]}
            call.diffs = call.diffs or (whole,)
        elif call.paths and "old_string" in call.given:
            given = call.given
            change = {"oldText": given["old_string"], "newText": given.get("new_string")}
            call.diffs = call.diffs or ({"path": call.paths[0], **change},)
        yield from super()._ask(key, call)


def _complete(call: ToolCall, title: str) -> None:
    """Add what a request for a sub-agent's call says in words: the call itself is not reported."""
    if call.kind:
        return
    if title in _CHANGING:
        call.kind = "edit"
    elif title == "Bash" and (found := _COMMAND.search(call.said)):
        whole = not found[1].endswith("…")
        # The rest is not told (2.1.0), so no rule may take this for the whole command.
        call.kind, call.given = "execute", {"command": found[1] if whole else f"{found[1]} $(…)"}
