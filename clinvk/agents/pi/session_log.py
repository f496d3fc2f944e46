"""Reads session files: one entry per line, each with the one that it follows.

Going back in the conversation adds a branch; the last entry is on the current one. Summaries that
take the place of earlier messages are entries too.
"""

from collections.abc import Iterable, Mapping

from clinvk.agents.kit.jsonl import items, mapping, parse_object, text
from clinvk.agents.kit.native import Native, TurnReader, parse_time, spoken
from clinvk.agents.pi.failures import refusal
from clinvk.agents.pi.spent import Spent, model_name
from clinvk.model.events import Json
from clinvk.model.native import NativeTurn

Line = Mapping[str, Json]


class SessionLog(Native):
    """One conversation per file."""

    def has_content(self, lines: Iterable[str]) -> bool:
        """Whether there is a message: 1.6.0 opens a file without one as an empty conversation."""
        return any(
            entry.get("type") == "message" for entry in filter(None, map(parse_object, lines))
        )

    def turns(self, lines: Iterable[str]) -> tuple[NativeTurn, ...]:
        """The turns on the current branch."""
        turns: list[_Turn] = []
        for entry in _branch([*filter(None, map(parse_object, lines))]):
            message = mapping(entry.get("message"))
            if message.get("role") == "user":
                turns.append(_Turn(entry, message))
            elif turns:
                turns[-1].add(entry, message)
        return tuple(turn.build() for turn in turns)


class _Turn(TurnReader):
    """A turn that is being read."""

    def __init__(self, entry: Line, message: Line) -> None:
        content = message.get("content")
        images = any(mapping(part).get("type") == "image" for part in items(content))
        prompt = spoken(content) or ("[image]" if images else "")
        super().__init__(text(entry.get("id")), prompt, parse_time(entry.get("timestamp")))
        self.ended_at = self.started_at
        self._spent = Spent()
        self._reason = ""

    def add(self, entry: Line, message: Line) -> None:
        """Add an entry after the prompt."""
        kind = entry.get("type")
        if kind in ("compaction", "branch_summary", "usage"):
            self._spent.add(entry.get("usage"))
        if kind != "message":
            return
        self.ended_at = parse_time(entry.get("timestamp")) or self.ended_at
        if message.get("role") != "assistant":
            if (usage := message.get("usage")) is not None:
                self._spent.add(usage)
            return
        self._reason = text(message.get("stopReason"))
        self.model = model_name(message, "model") or self.model
        self.text = spoken(message.get("content")) or self.text
        if self._reason in {"error", "aborted"}:
            status = refusal(text(message.get("errorMessage"))).status
            self._spent.add_failed(message.get("usage"), refused=status is not None)
        else:
            self._spent.add(message.get("usage"))

    def build(self) -> NativeTurn:
        """The turn as far as it went."""
        self.failed = self._reason == "error"
        self.interrupted = self._reason in {"", "aborted", "toolUse"}
        return self.turn(self._spent.usage, cost_usd=self._spent.cost_usd)


def _branch(entries: list[Line]) -> list[Line]:
    """The entries from the root to the last one; all of them in a file that has no branches."""
    parents = {text(entry.get("id")): text(entry.get("parentId")) for entry in entries}
    last = next((text(one.get("id")) for one in reversed(entries) if "parentId" in one), "")
    current: set[str] = set()
    while last and last not in current:
        current.add(last)
        last = parents.get(last, "")
    return [one for one in entries if not current or text(one.get("id")) in current]
