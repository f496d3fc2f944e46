"""Reads `events.jsonl`, in which copilot keeps a conversation. Tested with 1.0.102.

Each request to a model leaves a record of what it used, and the end of each run the totals of the
conversation so far. A run that is killed leaves no totals, but the next one counts its records too.
"""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from clinvk.agents.kit.counters import usage_since
from clinvk.agents.kit.jsonl import count, items, mapping, parse_json, parse_object, text
from clinvk.agents.kit.native import Native, TurnReader, parse_time
from clinvk.model.events import Json
from clinvk.model.native import BegunConversation, NativeTurn
from clinvk.model.request import TurnRequest
from clinvk.model.usage import UNKNOWN_USAGE, Usage

Line = Mapping[str, Json]
Counters = Mapping[str, int]

_START, _RECORD, _END = "session.start", "session.usage_record", "session.shutdown"

_WHOLE = "agentMetrics"
"""Stands in totals that are those of the whole conversation, as in 1.0.85 and later."""

_FIGURES = {
    "input_tokens": "inputTokens",
    "cached_tokens": "cacheReadTokens",
    "cache_write_tokens": "cacheWriteTokens",
    "output_tokens": "outputTokens",
    "reasoning_tokens": "reasoningTokens",
}
_NOTHING: Counters = dict.fromkeys(_FIGURES.values(), 0)


class EventLog(Native):
    """One conversation per file."""

    def has_content(self, lines: Iterable[str]) -> bool:
        """Whether it can be loaded and has a prompt: 1.0.102 goes on from a start with nothing."""
        logged = iter(lines)
        if (parse_object(next(logged, "")) or {}).get("type") != _START:
            return False
        return any('"user.message"' in line for line in logged)

    def turns(self, lines: Iterable[str]) -> tuple[NativeTurn, ...]:
        """The turns that a person began."""
        turns: list[_Turn] = []
        used = _NOTHING
        for entry in filter(None, map(parse_object, lines)):
            kind, data = text(entry.get("type")), mapping(entry.get("data"))
            if kind == "user.message" and _is_prompt(data):
                turns.append(_Turn(entry, data, used))
            used = _counted(used, kind, data)
            if turns and not (entry.get("agentId") or data.get("parentToolCallId")):
                turns[-1].add(kind, entry, data)
            if turns:
                turns[-1].used = used
        return tuple(turn.build() for turn in turns)

    @staticmethod
    def counters(lines: Iterable[str]) -> Counters | None:
        """What all requests of the conversation used; `lines` are in reverse order.

        None if there is neither a total nor the start of the conversation, and for an older version
        such as 1.0.60, whose totals are those of one run.
        """
        later = _NOTHING
        for line in lines:
            if not any(f'"{kind}"' in line for kind in (_RECORD, _END, _START)):
                continue
            entry = parse_object(line) or {}
            kind, data = text(entry.get("type")), mapping(entry.get("data"))
            if kind == _RECORD:
                later = _counted(later, kind, data)
            elif kind == _END and data.get("modelMetrics"):
                return _sum((_totals(data), later)) if _WHOLE in data else None
            elif kind == _START:
                return later
        return None

    def title(self, conversation: str, lines: Iterable[str]) -> str | None:
        """The name in `workspace.yaml` if a person gave it; otherwise it is the first prompt."""
        fields = {name: value.strip() for name, _, value in (one.partition(":") for one in lines)}
        if fields.get("id") != conversation or fields.get("user_named") != "true":
            return None
        name = fields.get("name", "")
        return text(parse_json(name)) or name.strip("'") or None

    def conversation_start(self, line: str) -> BegunConversation | None:
        """The start of a conversation."""
        entry = parse_object(line) or {}
        data = mapping(entry.get("data"))
        session, started_at = text(data.get("sessionId")), parse_time(data.get("startTime"))
        if entry.get("type") != _START or not session or started_at is None:
            return None
        cwd = text(mapping(data.get("context")).get("cwd"))
        return BegunConversation(id=session, cwd=cwd, started_at=started_at)


def used_since(counters: Mapping[str, Json], request: TurnRequest) -> Usage:
    """What was added to the counters since the request; unknown without earlier ones."""
    before = request.counters if request.baseline_known else None
    return _usage(counters, before if request.resume else _NOTHING)


class _Turn(TurnReader):
    """A turn that is being read; `used` is what the conversation used so far."""

    def __init__(self, entry: Line, data: Line, used: Counters) -> None:
        identity = text(data.get("messageId")) or text(entry.get("id"))
        prompt = text(data.get("content")).strip()
        super().__init__(identity, prompt, parse_time(entry.get("timestamp")))
        self._before = self.used = used
        self._answered = False

    def add(self, kind: str, entry: Line, data: Line) -> None:
        """Add a line of the turn."""
        if kind == "assistant.message":
            self.text = text(data.get("content")) or self.text
            self.model = text(data.get("model")) or self.model
            self._answered = not items(data.get("toolRequests"))
            self.failed = self.interrupted = False
        elif kind == "session.error":
            self.failed, self.text = True, text(data.get("message")) or self.text
        elif kind == "abort":
            self.interrupted = True
        else:
            return
        self.ended_at = parse_time(entry.get("timestamp")) or self.ended_at

    def build(self) -> NativeTurn:
        """The turn as far as it went; what an answer used that broke off is unknown."""
        self.interrupted = self.interrupted or not (self._answered or self.failed)
        counted = self.used != self._before  # an older version leaves no records
        known = counted and self._answered and not self.interrupted and not self.failed
        usage = _usage(self.used, self._before) if known else UNKNOWN_USAGE
        return self.turn(usage, counters=dict(self.used))


def _is_prompt(data: Line) -> bool:
    """Whether a person wrote it: the agent tells itself to continue, and what a skill says."""
    told = data.get("isAutopilotContinuation") is True or data.get("source") not in (None, "user")
    return bool(text(data.get("content")).strip()) and not told


def _counted(used: Counters, kind: str, data: Line) -> Counters:
    """The counters after that line."""
    if kind == _RECORD:
        return _sum((used, _figures(mapping(data.get("usage")))))
    if kind == _END and data.get("modelMetrics") and _WHOLE in data:
        return _totals(data)
    return used


def _totals(data: Line) -> Counters:
    """The totals of all models at the end of a run."""
    models = mapping(data.get("modelMetrics")).values()
    return _sum(_figures(mapping(mapping(one).get("usage"))) for one in models)


def _figures(usage: Line) -> Counters:
    return {name: count(usage.get(name)) or 0 for name in _FIGURES.values()}


def _sum(parts: Iterable[Counters]) -> Counters:
    listed = [*parts]
    return {name: sum(part.get(name, 0) for part in listed) for name in _NOTHING}


def _usage(now: Mapping[str, Json], before: Mapping[str, Json] | None) -> Usage:
    used = usage_since(now, before, _FIGURES)
    # It also counts 0 if the service has no figure for it.
    return replace(used, cache_write_tokens=used.cache_write_tokens or None)
