"""Reads the files in which an agent keeps its conversations: pure functions on their lines.

Needed after its interactive screen was used: those turns are recorded nowhere else. No reader
raises; a line that cannot be parsed is skipped.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import UTC, datetime

from clinvk.agents.kit.jsonl import items, mapping, text
from clinvk.model.events import Json
from clinvk.model.native import BegunConversation, NativeTurn
from clinvk.model.usage import Usage


class Native(ABC):
    """Reads an agent's own files; the store opens them."""

    @abstractmethod
    def turns(self, lines: Iterable[str]) -> tuple[NativeTurn, ...]:
        """The turns of a conversation in order, from all lines of its file."""

    def has_content(self, lines: Iterable[str]) -> bool:
        """Whether a conversation's file has anything to continue, by all of its lines.

        For agents that resume an emptied file without an error: their answer would come from an
        empty conversation. An unknown kind of line counts as content.
        """
        del lines
        return True

    def title(self, conversation: str, lines: Iterable[str]) -> str | None:
        """The title of the conversation, from the first and the last lines of its file."""
        del conversation, lines
        return None

    def conversation_start(self, line: str) -> BegunConversation | None:
        """The start of a conversation by the first line of its file; None if no person began it."""
        del line
        return None


class TurnReader:
    """Collects one turn from the lines of a conversation; the fields are those of `NativeTurn`."""

    def __init__(self, turn_id: str, prompt: str, started_at: datetime | None) -> None:
        self.id = turn_id
        self.prompt = prompt
        self.text = ""
        self.started_at = started_at
        self.ended_at: datetime | None = None
        self.interrupted = self.failed = False
        self.model: str | None = None

    def turn(
        self, usage: Usage, *, cost_usd: float | None = None, counters: Json = None
    ) -> NativeTurn:
        """The turn as far as it went."""
        return NativeTurn(
            id=self.id,
            prompt=self.prompt,
            text=self.text,
            started_at=self.started_at,
            ended_at=self.ended_at,
            interrupted=self.interrupted,
            failed=self.failed,
            model=self.model,
            usage=usage,
            cost_usd=cost_usd,
            counters=counters,
        )


def spoken(content: Json) -> str:
    """The text of a message: a text, or a list of parts, whose thoughts are left out."""
    parts = [mapping(part) for part in items(content)]
    texts = [text(part.get("text")) for part in parts if not part.get("thought")]
    return text(content) or "\n".join(filter(None, texts))


def from_epoch(seconds: float | None) -> datetime | None:
    """The time in UTC of a number of seconds since 1970, None for an impossible one."""
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def parse_time(value: Json) -> datetime | None:
    """The time in UTC of an ISO 8601 text with a time zone, None for anything else."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found.astimezone(UTC) if found is not None and found.tzinfo is not None else None
