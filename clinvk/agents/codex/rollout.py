"""Reads rollouts: codex's own files, one for each thread, with one event per line.

Their token counts are totals of the whole thread, as in its headless output. The figures of a turn
are therefore the totals after it minus the totals before it.
"""

from collections.abc import Iterable, Mapping

from clinvk.agents.kit.counters import usage_since
from clinvk.agents.kit.jsonl import count, mapping, parse_object, text
from clinvk.agents.kit.native import Native, TurnReader, parse_time, spoken
from clinvk.model.events import Json
from clinvk.model.native import BegunConversation, NativeTurn
from clinvk.model.usage import UNKNOWN_USAGE

Line = Mapping[str, Json]

_TURN_BEGINS = ("user_message", "task_started")
_LAST_CALL = "last_token_usage"


_PREAMBLE = frozenset(
    {"session_meta", "turn_context", "world_state", "task_started", "thread_settings_applied"}
)
"""Kinds of lines at the start of a turn, before anything was said or done."""


def _of_preamble(entry: Line) -> bool:
    payload = mapping(entry.get("payload"))
    if entry.get("type") == "response_item":
        # Instructions besides the prompt are messages too; the event of the prompt follows.
        return payload.get("type") == "message" and payload.get("role") != "assistant"
    return _kind(entry) in _PREAMBLE


def _kind(entry: Line) -> str:
    """The kind of a line, or of the event in it."""
    event = mapping(entry.get("payload")) if entry.get("type") == "event_msg" else entry
    return text(event.get("type"))


class Rollouts(Native):
    """One thread per file; `figures` maps the fields of `Usage` to its totals."""

    def __init__(self, figures: Mapping[str, str]) -> None:
        self._figures = figures

    def has_content(self, lines: Iterable[str]) -> bool:
        """Whether the first line can be read, and a turn follows.

        0.171.0 resumes a rollout without a turn as an empty thread, and one without its first line
        fails with "failed to read session metadata".
        """
        logged = iter(lines)
        if parse_object(next(logged, "")) is None:
            return False
        return any(not _of_preamble(entry) for entry in filter(None, map(parse_object, logged)))

    def turns(self, lines: Iterable[str]) -> tuple[NativeTurn, ...]:
        """The turns that a person began, without those that the agent began itself."""
        turns: list[_Turn] = []
        totals: Mapping[str, int] = dict.fromkeys(self._figures.values(), 0)
        for entry in filter(None, map(parse_object, lines)):
            payload = mapping(entry.get("payload"))
            kind = _kind(entry)
            if kind == "task_started":
                turns.append(_Turn(entry, payload, totals))
            elif kind == "token_count":
                totals = self._totals(payload) or totals
            if turns:
                turns[-1].add(kind, entry, payload, totals)
        return tuple(turn.build(self._figures) for turn in turns if turn.prompts)

    def last_totals(self, lines: Iterable[str]) -> Mapping[str, int] | None:
        """The thread's last totals, zero if it has none; `lines` are in reverse order.

        None if there is neither a total nor the start of the thread.
        """
        for line in lines:
            if '"token_count"' not in line and '"session_meta"' not in line:
                continue
            entry = parse_object(line) or {}
            payload = mapping(entry.get("payload"))
            if _kind(entry) == "session_meta":
                return dict.fromkeys(self._figures.values(), 0)
            if _kind(entry) == "token_count" and (totals := self._totals(payload)) is not None:
                return totals
        return None

    def totals_before_last_turn(self, lines: Iterable[str]) -> Mapping[str, int] | None:
        """The totals at the start of the thread's last turn; `lines` are in reverse order.

        Zero if the agent counts each run separately, as 0.44 and 0.64 do: they have no totals
        before the first answer, while 0.98 and later first repeat the earlier ones. None if the
        turn counted nothing.
        """
        nothing = dict.fromkeys(self._figures.values(), 0)
        first: Line | None = None
        in_turn = True
        for line in lines:
            entry = parse_object(line) or {}
            payload = mapping(entry.get("payload"))
            kind = _kind(entry)
            if in_turn and kind == "token_count":
                first = payload
            elif in_turn and kind in _TURN_BEGINS:
                if first is None or self._totals(first) is None:
                    return None if first is None else nothing
                in_turn = False
            elif kind == "session_meta":
                return nothing if first is not None else None
            elif kind == "token_count" and (earlier := self._totals(payload)) is not None:
                began = self._totals(first or {})
                restarted = began != earlier and began == self._totals(first or {}, _LAST_CALL)
                return nothing if restarted else earlier
        return None

    def title(self, conversation: str, lines: Iterable[str]) -> str | None:
        """The name in the index of threads; the last line about the thread is used."""
        name = None
        for line in lines:
            if conversation in line and (entry := parse_object(line)) is not None:
                name = text(entry.get("thread_name")) if entry.get("id") == conversation else name
        return name or None

    def conversation_start(self, line: str) -> BegunConversation | None:
        """The start of a thread, None if the agent began it for itself."""
        entry = parse_object(line) or {}
        payload = mapping(entry.get("payload"))
        started_at = parse_time(payload.get("timestamp"))
        thread, cwd = text(payload.get("id")), text(payload.get("cwd"))
        own = payload.get("thread_source") not in (None, "user")
        if entry.get("type") != "session_meta" or own or not thread or started_at is None:
            return None
        return BegunConversation(id=thread, cwd=cwd, started_at=started_at)

    def _totals(self, payload: Line, of: str = "total_token_usage") -> Mapping[str, int] | None:
        counted = mapping(mapping(payload.get("info")).get(of))
        figures = {name: count(counted.get(name)) for name in self._figures.values()}
        return {name: figure for name, figure in figures.items() if figure is not None} or None


class _Turn(TurnReader):
    """A turn that is being read."""

    def __init__(self, entry: Line, payload: Line, totals: Mapping[str, int]) -> None:
        turn_id = text(payload.get("turn_id")) or text(entry.get("timestamp"))
        super().__init__(turn_id, "", parse_time(entry.get("timestamp")))
        self.prompts: list[str] = []
        self._before = self._after = totals

    def add(self, kind: str, entry: Line, payload: Line, totals: Mapping[str, int]) -> None:
        """Add a line of the turn."""
        if self.ended_at is not None:
            return
        self._after = totals
        match kind:
            case "item_completed":
                self._item(mapping(payload.get("item")))
            case "turn_context":
                self.model = text(payload.get("model")) or self.model
            case "error":
                self.failed, self.text = True, text(payload.get("message")) or self.text
            case "task_complete" | "turn_aborted":
                self.interrupted = kind == "turn_aborted"
                self.text = text(payload.get("last_agent_message")) or self.text
                self.ended_at = parse_time(entry.get("timestamp"))

    def build(self, figures: Mapping[str, str]) -> NativeTurn:
        """The turn as far as it went; the totals do not include what an interrupted turn used."""
        ended = self.ended_at is not None
        known = ended and not self.interrupted and not self.failed
        usage = usage_since(self._after, self._before, figures) if known else UNKNOWN_USAGE
        self.prompt = "\n\n".join(self.prompts)
        self.interrupted = self.interrupted or not ended
        return self.turn(usage, counters=dict(self._after) if ended else None)

    def _item(self, item: Line) -> None:
        said = spoken(item.get("content"))
        if item.get("type") == "UserMessage":
            self.prompts.append(said or "[image]")
        elif item.get("type") == "AgentMessage" and said:
            self.text = said
