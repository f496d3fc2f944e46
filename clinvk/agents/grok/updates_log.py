"""Reads grok's sessions: `updates.jsonl` has what the protocol would say, with the figures."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from clinvk.agents.grok.figures import tokens_of_prompt, told_usage
from clinvk.agents.kit.jsonl import amount, mapping, parse_object, text
from clinvk.agents.kit.native import Native, TurnReader, from_epoch
from clinvk.model.events import Json
from clinvk.model.native import NativeTurn
from clinvk.model.usage import UNKNOWN_USAGE, Usage

Line = Mapping[str, Json]

_WELL = frozenset({"end_turn", "max_tokens", "max_turn_requests", "refusal"})
_TITLE = '"generated_title"'


class UpdatesLog(Native):
    """One session per file."""

    def has_content(self, lines: Iterable[str]) -> bool:
        """Whether there is a prompt."""
        return any(_kind(_update(entry)) == "user_message_chunk" for entry in _entries(lines))

    def turns(self, lines: Iterable[str]) -> tuple[NativeTurn, ...]:
        """The turns of the session."""
        turns: list[_Turn] = []
        for entry in _entries(lines):
            update = _update(entry)
            kind = _kind(update)
            if kind == "user_message_chunk":
                index = mapping(update.get("_meta")).get("promptIndex")
                if not turns or turns[-1].index != index or turns[-1].answered:
                    turns.append(_Turn(len(turns), index, entry))
                turns[-1].prompt += _words(update)
            elif turns:
                turns[-1].add(kind, update, entry)
        return tuple(turn.build() for turn in turns)

    def title(self, conversation: str, lines: Iterable[str]) -> str | None:
        """The title that was made for it, or that the person gave it."""
        del conversation
        for line in lines:
            if _TITLE in line:
                found = parse_object(f"{{{line.strip().removesuffix(',')}}}") or {}
                return text(found.get("generated_title")) or None
        return None


class _Turn(TurnReader):
    """A turn that is being read."""

    def __init__(self, number: int, index: Json, entry: Line) -> None:
        super().__init__(f"prompt-{number}", "", _time(entry))
        self.ended_at = self.started_at
        self.index = index
        self.answered = False
        self._ended = False
        self._usage = UNKNOWN_USAGE
        self._in_message = False

    def add(self, kind: str, update: Line, entry: Line) -> None:
        """Add a line after the prompt."""
        if kind == "agent_message_chunk":
            words = _words(update)
            self.text = self.text + words if self._in_message else words
            self._in_message = self.answered = True
        elif kind in ("tool_call", "agent_thought_chunk"):
            self._in_message, self.answered = False, True
        elif kind == "turn_completed":
            self._complete(update)
        self.ended_at = _time(entry) or self.ended_at

    def _complete(self, update: Line) -> None:
        self._ended = True
        reason = text(update.get("stop_reason"))
        self.interrupted = reason == "cancelled"
        self.failed = not self.interrupted and reason not in _WELL
        used = mapping(update.get("usage"))
        models = list(mapping(used.get("modelUsage")))
        self.model = models[0] if models else self.model
        tokens = tokens_of_prompt(used)
        self._usage = UNKNOWN_USAGE if tokens is None else told_usage(tokens)

    def build(self) -> NativeTurn:
        """The turn as far as it went."""
        self.interrupted = self.interrupted or not self._ended
        usage: Usage = UNKNOWN_USAGE if self.interrupted else self._usage
        return self.turn(usage)


def _entries(lines: Iterable[str]) -> Iterable[Line]:
    return filter(None, map(parse_object, lines))


def _update(entry: Line) -> Line:
    return mapping(mapping(entry.get("params")).get("update"))


def _kind(update: Line) -> str:
    return text(update.get("sessionUpdate"))


def _words(update: Line) -> str:
    return text(mapping(update.get("content")).get("text"))


def _time(entry: Line) -> datetime | None:
    return from_epoch(amount(entry.get("timestamp")))
