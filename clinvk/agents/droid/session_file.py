"""Reads droid's sessions: one file each, with a line for each message, in order."""

from collections.abc import Iterable
from datetime import datetime

from clinvk.agents.kit.json_rpc import Line
from clinvk.agents.kit.jsonl import items, mapping, parse_object, text
from clinvk.agents.kit.native import Native, TurnReader, parse_time
from clinvk.model.native import NativeTurn
from clinvk.model.usage import UNKNOWN_USAGE

_CONTEXT = "<system-reminder>"
"""What it adds to the conversation itself."""


class SessionFile(Native):
    """The messages of a conversation; the figures of a single turn are not in its file."""

    def has_content(self, lines: Iterable[str]) -> bool:
        """Whether there is a message to continue."""
        return any(entry.get("type") == "message" for entry in _entries(lines))

    def turns(self, lines: Iterable[str]) -> tuple[NativeTurn, ...]:
        """The turns that a person began."""
        turns: list[_Turn] = []
        for entry in _entries(lines):
            message = mapping(entry.get("message"))
            if (prompt := _prompt(entry, message)) is not None:
                turns.append(
                    _Turn(text(entry.get("id")), prompt, parse_time(entry.get("timestamp")))
                )
            elif turns:
                turns[-1].add(entry, message)
        return tuple(turn.turn(UNKNOWN_USAGE) for turn in turns)


class _Turn(TurnReader):
    """A turn that is being read; it was cut off unless its file says how it ended."""

    def __init__(self, turn_id: str, prompt: str, started_at: datetime | None) -> None:
        super().__init__(turn_id, prompt, started_at)
        self.interrupted = True

    def add(self, entry: Line, message: Line) -> None:
        """Add a message of the agent, or the end of the turn."""
        if entry.get("type") == "agent_turn_outcome":
            reason = text(entry.get("reason"))
            self.interrupted = reason in {"cancelled", "process_exit"}
            self.failed = reason.startswith(("model_", "error", "prompt_"))
        elif message.get("role") == "assistant":
            self.ended_at = parse_time(entry.get("timestamp")) or self.ended_at
            self.model = text(message.get("modelId")) or self.model
            self.text = _spoken(message) or self.text


def _entries(lines: Iterable[str]) -> Iterable[Line]:
    return filter(None, map(parse_object, lines))


def _spoken(message: Line) -> str:
    parts = [mapping(part) for part in items(message.get("content"))]
    said = (text(part.get("text")) for part in parts if part.get("type") == "text")
    return "\n\n".join(one for one in said if one and not one.startswith(_CONTEXT))


def _prompt(entry: Line, message: Line) -> str | None:
    """The words of a person, None if the line has none."""
    if entry.get("type") != "message" or message.get("role") != "user":
        return None
    return _spoken(message).strip() or None
