"""Reads Kimi Code's own file of a conversation: an event on each line (2.1.0).

Only it says what a turn used, and whether it failed: the protocol calls a failed turn ended. What
a sub-agent used is there once it has completed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from clinvk.agents.kit.counters import Tokens
from clinvk.agents.kit.jsonl import count, items, mapping, parse_object, text
from clinvk.agents.kit.native import Native, TurnReader, from_epoch
from clinvk.model.events import Json
from clinvk.model.native import BegunConversation, NativeTurn
from clinvk.model.usage import UNKNOWN_USAGE, Usage

Line = Mapping[str, Json]

_MADE_TITLES = ("generated", "custom")


class WireLog(Native):
    """The main file of a conversation; its state file has the title and the start."""

    def turns(self, lines: Iterable[str]) -> tuple[NativeTurn, ...]:
        """The turns that a person began."""
        return tuple(turn.build() for turn in _turns(filter(None, map(parse_object, lines))))

    def has_content(self, lines: Iterable[str]) -> bool:
        """Whether anything was said in it."""
        return any('"turn.prompt"' in line for line in lines)

    def title(self, conversation: str, lines: Iterable[str]) -> str | None:
        """The title that it or a person made; the first is the start of the prompt."""
        for entry in filter(None, map(parse_object, lines)):
            if entry.get("id") == conversation and entry.get("titleKind") in _MADE_TITLES:
                return text(entry.get("title")) or None
        return None

    def conversation_start(self, line: str) -> BegunConversation | None:
        """The start, by the state file."""
        entry = parse_object(line) or {}
        conversation, cwd = text(entry.get("id")), text(entry.get("cwd"))
        created = count(entry.get("createdAt"))
        started_at = None if created is None else from_epoch(created / 1000)
        if not conversation or started_at is None:
            return None
        return BegunConversation(id=conversation, cwd=cwd, started_at=started_at)


class Turn(TurnReader):
    """A turn that is being read; `error` is what ended it, empty for none."""

    def __init__(self, entry: Line) -> None:
        said = "\n\n".join(text(mapping(part).get("text")) for part in items(entry.get("input")))
        turn_id = text(entry.get("promptId")) or f"turn-{entry.get('turnId')}"
        super().__init__(turn_id, said.strip() or "[file]", _time(entry))
        self.error: Line = {}
        self.broke_off = False
        """Whether the last answer of the model has no end."""
        self._used = Tokens()
        self._counted = True
        self._working: set[str] = set()
        self._parts: list[str] = []

    @property
    def usage(self) -> Usage:
        """What it used; unknown if an answer broke off, or what a sub-agent used is."""
        if not self._counted or self._working or self._used == Tokens():
            return UNKNOWN_USAGE
        used = self._used
        return Usage(
            input_tokens=used.fresh + used.cached + used.cache_write,
            cached_tokens=used.cached,
            # Zero also where the service has no word for it.
            cache_write_tokens=used.cache_write or None,
            output_tokens=used.output,
        )

    def add(self, entry: Line) -> None:
        """Add a line after the prompt."""
        kind = entry.get("type")
        if kind == "usage.record":
            self.model = text(entry.get("model")) or self.model
            self._used += _tokens(mapping(entry.get("usage")))
        elif kind == "context.append_loop_event":
            self._step(mapping(entry.get("event")))
        elif text(kind).startswith("subagent."):
            self._sub_agent(text(kind), text(entry.get("subagentId")), entry)
        elif kind == "turn.ended":
            reason = entry.get("reason")
            self.ended_at = _time(entry)
            self.interrupted, self.failed = reason == "cancelled", reason == "failed"
            self.error = mapping(entry.get("error"))

    def _step(self, event: Line) -> None:
        kind = event.get("type")
        if kind == "step.begin":
            self._parts = []
        elif kind == "content.part":
            part = mapping(event.get("part"))
            if part.get("type") == "text":
                self._parts.append(text(part.get("text")))
            self.text = "".join(self._parts) or self.text
        elif kind == "step.end":
            failed = event.get("finishReason") == "error"
            self.broke_off = not failed and not text(event.get("rawFinishReason"))
            self._counted = self._counted and not self.broke_off

    def _sub_agent(self, kind: str, name: str, entry: Line) -> None:
        if kind == "subagent.spawned":
            self._working.add(name)
        elif kind == "subagent.completed" and name in self._working:
            self._working.remove(name)
            self._used += _tokens(mapping(entry.get("usage")))
        elif name not in self._working:  # one of an earlier turn: its figures include that
            self._counted = False

    def build(self) -> NativeTurn:
        """The turn as far as it went."""
        self.interrupted = self.interrupted or self.ended_at is None
        self.text = text(self.error.get("message")) if self.failed else self.text
        return self.turn(UNKNOWN_USAGE if self.interrupted else self.usage)


def last_turns(prompts: int, backwards: Iterable[str]) -> Sequence[Turn]:
    """The turns of the last `prompts`, from the lines of the file, last first."""
    tail: list[Line] = []
    for entry in filter(None, map(parse_object, backwards)):
        tail.append(entry)
        prompts -= _is_prompt(entry)
        if not prompts:
            break
    return list(_turns(reversed(tail)))


def _turns(entries: Iterable[Line]) -> Iterator[Turn]:
    turn: Turn | None = None
    for entry in entries:
        if _is_prompt(entry):
            if turn is not None:
                yield turn
            turn = Turn(entry)
        elif turn is not None:
            turn.add(entry)
    if turn is not None:
        yield turn


def _is_prompt(entry: Line) -> bool:
    return entry.get("type") == "turn.prompt" and mapping(entry.get("origin")).get("kind") == "user"


def _tokens(usage: Line) -> Tokens:
    return Tokens(
        fresh=count(usage.get("inputOther")) or 0,
        cached=count(usage.get("inputCacheRead")) or 0,
        cache_write=count(usage.get("inputCacheCreation")) or 0,
        output=count(usage.get("output")) or 0,
    )


def _time(entry: Line) -> datetime | None:
    at_ms = count(entry.get("time"))
    return from_epoch(None if at_ms is None else at_ms / 1000)
