"""Reads chats whose messages are lists of parts, with a line of telemetry per request.

Headless runs restore their running total from the telemetry, so the totals after a turn are the
counters that the next turn is compared with.
"""

from collections.abc import Iterable, Mapping

from clinvk.agents.kit.jsonl import count, mapping, parse_object, text
from clinvk.agents.kit.native import Native, TurnReader, parse_time, spoken
from clinvk.model.events import Json
from clinvk.model.native import NativeTurn
from clinvk.model.usage import UNKNOWN_USAGE, Usage, total_usage

Line = Mapping[str, Json]

_TELEMETRY = '"ui_telemetry"'
_FIGURES = {
    "input_tokens": "input_token_count",
    "cached_tokens": "cached_content_token_count",
    "output_tokens": "output_token_count",
    "reasoning_tokens": "thoughts_token_count",
}
_COUNTERS = {
    "input_tokens": "input_tokens",
    "cache_read_input_tokens": "cached_tokens",
    "output_tokens": "output_tokens",
}


def _is_note(entry: Line) -> bool:
    kind = text(entry.get("type"))
    return not kind or (kind == "system" and entry.get("subtype") != "chat_compression")


class PartsLog(Native):
    """One conversation per file."""

    def has_content(self, lines: Iterable[str]) -> bool:
        """Whether there is a message: 0.24.4 answers from nothing without one."""
        return any(not _is_note(entry) for entry in filter(None, map(parse_object, lines)))

    def turns(self, lines: Iterable[str]) -> tuple[NativeTurn, ...]:
        """The turns that a person began."""
        turns: list[_Turn] = []
        spent: list[Usage] = []
        for entry in filter(None, map(parse_object, lines)):
            if entry.get("type") == "user" and entry.get("provenance") in (None, "real_user"):
                if prompt := _spoken(entry).strip():
                    turns.append(_Turn(entry, prompt))
            elif turns:
                turns[-1].add(entry)
            if (usage := _usage(entry)) is not None:
                spent.append(usage)
                if turns:
                    turns[-1].add_usage(usage, total_usage(spent))
        return tuple(turn.build() for turn in turns)

    def counters(self, lines: Iterable[str]) -> Mapping[str, Json] | None:
        """What all requests of the conversation used; the lines may be in any order.

        None if there is no line at all.
        """
        spent: list[Usage] = []
        kept = False
        for line in lines:
            kept = True
            if _TELEMETRY in line and (usage := _usage(parse_object(line) or {})) is not None:
                spent.append(usage)
        return _counters(total_usage(spent)) if kept else None

    def title(self, conversation: str, lines: Iterable[str]) -> str | None:
        """The last title that was made or set in the agent's own screen."""
        found = None
        for line in lines:
            if '"custom_title"' not in line:
                continue
            entry = parse_object(line) or {}
            if entry.get("sessionId") in (None, conversation):
                payload = mapping(entry.get("systemPayload"))
                found = text(payload.get("customTitle")) or text(payload.get("title")) or found
        return found


class _Turn(TurnReader):
    """A turn that is being read."""

    def __init__(self, entry: Line, prompt: str) -> None:
        super().__init__(text(entry.get("uuid")), prompt, parse_time(entry.get("timestamp")))
        self.ended_at = self.started_at
        self._answered = False
        self._usage: list[Usage] = []
        self._total: Usage | None = None

    def add(self, entry: Line) -> None:
        """Add a line after the prompt."""
        if entry.get("type") == "assistant":
            self._answered, self.failed = True, False
            self.text = _spoken(entry) or self.text
            self.model = text(entry.get("model")) or self.model
            self.ended_at = parse_time(entry.get("timestamp")) or self.ended_at
        elif text(_telemetry(entry).get("event.name")).endswith(".api_error"):
            self.failed = True
            self.text = text(_telemetry(entry).get("error_message")) or self.text

    def add_usage(self, usage: Usage, so_far: Usage) -> None:
        """Add what a request used; `so_far` is the usage of the whole conversation."""
        self._usage.append(usage)
        self._total = so_far

    def build(self) -> NativeTurn:
        """The turn as far as it went."""
        self.interrupted = not self._answered and not self.failed
        usage = total_usage(self._usage) if self._answered else UNKNOWN_USAGE
        return self.turn(usage, counters=None if self._total is None else _counters(self._total))


def _counters(total: Usage) -> Mapping[str, Json]:
    return {name: getattr(total, field) or 0 for name, field in _COUNTERS.items()}


def _spoken(entry: Line) -> str:
    return spoken(mapping(entry.get("message")).get("parts"))


def _telemetry(entry: Line) -> Line:
    return mapping(mapping(entry.get("systemPayload")).get("uiEvent"))


def _usage(entry: Line) -> Usage | None:
    """What one request used, None for any other line."""
    figures = {field: count(_telemetry(entry).get(name)) for field, name in _FIGURES.items()}
    known = figures["input_tokens"] is not None and figures["output_tokens"] is not None
    return Usage(**figures) if known else None
