"""Reads a conversation's folder: its journal, and the lists of earlier entries beside it.

The journal has a record per line: each prompt, each request with what it used, and what was added
to the history. At the start of a later run it begins anew (3.0.2): what it had is then a list, one
line with all entries so far. An entry may be in several of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from clinvk.agents.kit.counters import usage_since
from clinvk.agents.kit.jsonl import count, items, mapping, parse_json, parse_object, text
from clinvk.agents.kit.native import Native, TurnReader, from_epoch, parse_time
from clinvk.agents.vibe.entries import message_text
from clinvk.model.events import Json
from clinvk.model.native import BegunConversation, NativeTurn
from clinvk.model.request import TurnRequest
from clinvk.model.usage import UNKNOWN_USAGE, Usage, total_usage

Line = Mapping[str, Json]

_SUB_AGENT = '"toolName":"subagent.'
_TOTALS = {
    "input_tokens": "inputTokens",
    "cached_tokens": "cachedInputTokens",
    "output_tokens": "outputTokens",
}


class Journal(Native):
    """All files of one conversation, as one."""

    def turns(self, lines: Iterable[str]) -> tuple[NativeTurn, ...]:
        """The turns, in the order of their prompts."""
        turns: dict[str, _Turn] = {}
        entries: dict[str, Line] = {}
        ended: dict[str, Line] = {}
        for line in lines:
            for entry in _entries(line):
                entries[text(entry.get("id"))] = entry
            if state := _latest_turn(line):
                ended[text(state.get("id"))] = state
        for entry in sorted(entries.values(), key=_created):
            turn_id = text(entry.get("turnId"))
            if entry.get("role") == "user" and turn_id not in turns:
                turns[turn_id] = _Turn(turn_id, message_text(entry), entry)
            elif turn_id in turns:
                turns[turn_id].add(entry)
        return tuple(turn.build(ended.get(turn.id, {})) for turn in turns.values())

    def title(self, conversation: str, lines: Iterable[str]) -> str | None:
        """The title that the agent or the person gave it."""
        del conversation
        return text((parse_object("\n".join(lines)) or {}).get("title")) or None

    def conversation_start(self, line: str) -> BegunConversation | None:
        """The start of a conversation by what the agent notes of it."""
        noted = parse_object(line) or {}
        session, began = text(noted.get("session_id")), parse_time(noted.get("start_time"))
        if not session or began is None or noted.get("parent_session_id"):
            return None
        cwd = text(mapping(noted.get("environment")).get("working_directory"))
        return BegunConversation(id=session, cwd=cwd, started_at=began)

    @staticmethod
    def totals(lines: Iterable[str]) -> Mapping[str, Json] | None:
        """What the conversation used in all; `lines` in reverse order."""
        for record in map(_record, lines):
            for state in _envelopes(record):
                used = mapping(mapping(state.get("session")).get("tokenUsage"))
                if used:
                    return {name: count(used.get(name)) for name in _TOTALS.values()}
        return None

    @staticmethod
    def used_by_last_turn(lines: Iterable[str]) -> Usage:
        """What the requests since the last prompt used; `lines` in reverse order.

        Unknown if the journal does not reach back to it, if a request has no figures, or if a
        sub-agent was asked, whose requests are in a journal of its own.
        """
        parts: list[Usage] = []
        for line in lines:
            if _SUB_AGENT in line:
                break
            record = _record(line)
            payload = mapping(record.get("payload"))
            if record.get("type") == "action_result" and (used := _usage(payload)) is not None:
                parts.append(used)
            elif record.get("type") == "command_reserved" and _is_prompt(payload):
                return total_usage(parts) if parts else UNKNOWN_USAGE
        return UNKNOWN_USAGE

    def used_since(self, request: TurnRequest, lines: Iterable[str]) -> Usage:
        """What was added to the totals since the start of the turn; `lines` in reverse order."""
        before = request.counters if request.resume else dict.fromkeys(_TOTALS.values(), 0)
        now = self.totals(lines)
        known = now is not None and (request.baseline_known or not request.resume)
        return usage_since(now or {}, before, _TOTALS) if known else UNKNOWN_USAGE


class _Turn(TurnReader):
    """A turn that is being read."""

    def __init__(self, turn_id: str, prompt: str, entry: Line) -> None:
        super().__init__(turn_id, prompt, _time(entry.get("createdAt")))

    def add(self, entry: Line) -> None:
        """Add an entry after the prompt."""
        self.ended_at = _time(entry.get("updatedAt")) or self.ended_at
        if entry.get("type") == "message" and entry.get("role") == "assistant":
            self.text = message_text(entry) or self.text

    def build(self, state: Line) -> NativeTurn:
        """The turn as far as it went; `state` is the latest that is known of it."""
        status = text(state.get("status"))
        self.ended_at = _time(state.get("completedAt")) or self.ended_at
        self.interrupted = status in {"interrupted", "cancelled"} or self.ended_at is None
        self.failed = status == "failed"
        return self.turn(UNKNOWN_USAGE)


def _record(line: str) -> Line:
    return parse_object(line) or {}


def _is_prompt(payload: Line) -> bool:
    params = mapping(payload.get("params"))
    return payload.get("method") == "turn/start" and params.get("injected") is not True


def _usage(payload: Line) -> Usage | None:
    """What a request to the model used, None for an action that is none."""
    result = mapping(mapping(payload.get("result")).get("result"))
    if "usage" not in result:
        return None
    used = mapping(result.get("usage"))
    return Usage(
        input_tokens=count(used.get("input_tokens")),
        cached_tokens=count(used.get("cached_input_tokens")),
        output_tokens=count(used.get("output_tokens")),
    )


def _deltas(record: Line) -> Iterator[Line]:
    if record.get("type") == "projection_delta":
        yield from map(mapping, items(mapping(record.get("payload")).get("delta")))


def _envelopes(record: Line) -> Iterator[Line]:
    """The states of the session that a record sets."""
    for delta in _deltas(record):
        if state := mapping(delta.get("state")):
            yield state


def _latest_turn(line: str) -> Line:
    """The state of the last turn, if the line sets it."""
    if '"latestTurn"' not in line:
        return {}
    turns = [mapping(state.get("latestTurn")) for state in _envelopes(_record(line))]
    return turns[-1] if turns else {}


def _entries(line: str) -> Iterator[Line]:
    """The entries of the history in a line of the journal, or in a list."""
    found: Iterable[Line] = ()
    if line.startswith("["):
        found = map(mapping, items(parse_json(line)))
    elif '"append_entry"' in line:
        found = (mapping(delta.get("entry")) for delta in _deltas(_record(line)))
    for entry in found:
        if text(entry.get("id")) and text(entry.get("turnId")):
            yield entry


def _created(entry: Line) -> int:
    return count(entry.get("createdAt")) or 0


def _time(milliseconds: Json) -> datetime | None:
    at = count(milliseconds)
    return from_epoch(None if at is None else at / 1_000)
