"""Follows a turn in which copilot asks, over the Agent Client Protocol; tested with 1.0.102."""

import re
from collections.abc import Iterable

from msgspec.structs import replace

from clinvk.agents.copilot.failures import NOISE, WORDS
from clinvk.agents.kit.acp.client import AcpParser, Dialect
from clinvk.agents.kit.acp.tools import ToolCall
from clinvk.agents.kit.failures import code_of_words, failure, without_conversation_gone
from clinvk.agents.kit.json_rpc import Line, Notification
from clinvk.agents.kit.jsonl import items, mapping, text
from clinvk.model.events import Event, Result, StopReason, Warned
from clinvk.model.failure import FailureCode
from clinvk.model.request import Reply, TurnRequest

_DIALECT = Dialect(
    words=WORDS,
    noise=NOISE,
    mode="https://agentclientprotocol.com/protocol/session-modes#agent",
    stops_when_denied=True,
)
_FAILED = re.compile(r"(?s)Error: (.*)")
"""An answer that says why the turn failed."""

_NOTE = re.compile(r"Info: (Operation cancelled by user|.{1,200} Retrying\.\.\.|/.*)")
"""What it says between the words of its model, each time as a whole piece."""

_EXIT = re.compile(r"<shellId: \S{1,40} completed with exit code [1-9]\d*>\s*$")
"""The end of what a command said that failed; the call itself is `completed` all the same."""

_TITLES = {"Creating": "create", "Editing": "edit", "Viewing": "view", "Reading": "view"}
_KINDS = {"execute": "bash", "edit": "edit", "read": "view", "fetch": "web_fetch"}


class CopilotLiveParser(AcpParser):
    """What is different: names of tools, notes among the words, failures as answers.

    The figures are in the conversation's own file.
    """

    def __init__(self, request: TurnRequest) -> None:
        super().__init__(request, _DIALECT)

    def tool_name(self, call: ToolCall) -> str:
        """The name in its headless output, which is not told here."""
        first = call.first_title.partition(" ")[0]
        return _TITLES.get(first) or _KINDS.get(call.kind) or call.first_title

    def _notified(self, message: Notification) -> Iterable[Event | Reply] | None:
        update = mapping(message.params.get("update"))
        if update.get("sessionUpdate") == "agent_message_chunk":
            note = _NOTE.fullmatch(text(mapping(update.get("content")).get("text")))
            if note is not None and note[1].startswith("/"):
                return ()  # the file that a tool made
            if note is not None and self.prompts:
                self.updates.end_message()
                return self._noted(note[1])
        if update.get("status") == "completed" and _EXIT.search(_said(update)):
            failed = {**message.params, "update": {**update, "status": "failed"}}
            message = replace(message, params=failed)
        return super()._notified(message)

    @staticmethod
    def _noted(note: str) -> Iterable[Event]:
        return [Warned(message=note, code="retry")] if note.endswith("...") else []

    def ended(self, told: Result) -> Result:
        """The result; an answer may say that the turn failed."""
        found = _FAILED.fullmatch(told.text)
        if told.failure is not None or found is None:
            return told
        code = code_of_words(told.text, without_conversation_gone(WORDS))
        why = failure(code or FailureCode.AGENT_FAILED, found[1])
        return replace(told, text="", stop_reason=StopReason.ERROR, failure=why)


def _said(update: Line) -> str:
    """The text of an update."""
    contents = (mapping(mapping(one).get("content")) for one in items(update.get("content")))
    return "\n".join(text(one.get("text")) for one in contents)
