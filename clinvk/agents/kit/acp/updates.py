"""Reads what an agent reports during a turn: words, thoughts, tools, a plan."""

from collections.abc import Iterable

from clinvk.agents.kit.acp.tools import ToolReports
from clinvk.agents.kit.json_rpc import Line
from clinvk.agents.kit.jsonl import items, mapping, one_line, text
from clinvk.model.events import Event, Message, Thinking, ToolResult, ToolUse
from clinvk.text.bounded import BoundedText

_SILENT = frozenset(
    {
        "user_message_chunk",
        "available_commands_update",
        "current_mode_update",
        "config_option_update",
        "session_info_update",
        "usage_update",  # how full the context is
    }
)
"""Updates that are not part of the turn."""


_SPOKEN = ("agent_message_chunk", "agent_thought_chunk")

_NO_HEADING = "****\n"
"""The heading of a thought that has none."""


class Updates:
    """Follows one turn; `answer` is its last message. `whole_thoughts` as in `Dialect`."""

    def __init__(self, tools: ToolReports, *, whole_thoughts: bool) -> None:
        self.answer = BoundedText()
        self._tools = tools
        self._whole_thoughts = whole_thoughts
        self.in_message = False
        """Whether its last words are the end of the turn so far."""
        self._message_id = ""
        self._plans = 0

    def read(self, update: Line) -> Iterable[Event] | None:
        """The events of a `session/update`, None if it is unknown."""
        kind = text(update.get("sessionUpdate"))
        if kind == "agent_message_chunk":
            return self._message(update)
        if kind == "agent_thought_chunk":
            return self._thought(update)
        if kind in {"tool_call", "tool_call_update"}:
            events = list(self._tools.update(update))
            self.in_message = self.in_message and not events
            return events
        if kind == "plan":
            return self._plan(update)
        return () if kind in _SILENT else None

    @staticmethod
    def begins_step(update: Line) -> bool:
        """Whether it is a part of an answer of the model, and not of the tools after it."""
        kind = text(update.get("sessionUpdate"))
        words = text(mapping(update.get("content")).get("text"))
        return kind == "tool_call" or (kind in _SPOKEN and bool(words))

    def end_message(self) -> None:
        """Note that the next words are a new message."""
        self.in_message = False

    def _message(self, update: Line) -> Iterable[Event] | None:
        content = mapping(update.get("content"))
        if not (words := text(content.get("text"))):
            return () if content.get("type") == "text" else None
        identity = text(update.get("messageId"))
        other = self.in_message and identity != self._message_id
        if other or not self.in_message:
            self.answer = BoundedText()
        self.answer.add(words)
        self.in_message, self._message_id = True, identity
        return [Message(text=words, delta=True, continues=False if other else None)]

    def _thought(self, update: Line) -> Iterable[Event]:
        thought = text(mapping(update.get("content")).get("text")).removeprefix(_NO_HEADING)
        if not thought:
            return ()
        self.in_message = False
        return [Thinking(text=thought, delta=not self._whole_thoughts)]

    def _plan(self, update: Line) -> Iterable[Event]:
        """The plan as a tool, as those agents show it that have a tool for it."""
        entries = [mapping(one) for one in items(update.get("entries"))]
        done = sum(one.get("status") == "completed" for one in entries)
        now = next((one for one in entries if one.get("status") == "in_progress"), {})
        summary = one_line(f"{done} of {len(entries)} done: {text(now.get('content'))}")
        self._plans += 1
        self.in_message = False
        identity = f"plan-{self._plans}"
        use = ToolUse(id=identity, name="plan", summary=summary, input={"entries": entries})
        return [use, ToolResult(id=identity, ok=True)]
