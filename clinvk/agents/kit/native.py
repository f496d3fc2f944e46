"""Reads the files in which an agent keeps its conversations: pure functions on their lines.

Needed after its interactive screen was used: those turns are recorded nowhere else. No reader
raises; a line that cannot be parsed is skipped.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import UTC, datetime

from clinvk.model.events import Json
from clinvk.model.native import BegunConversation, NativeTurn


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


def parse_time(value: Json) -> datetime | None:
    """The time in UTC of an ISO 8601 text with a time zone, None for anything else."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found.astimezone(UTC) if found is not None and found.tzinfo is not None else None
