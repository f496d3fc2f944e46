"""How an agent keeps its conversations: pure functions over the lines of its files.

Needed once its own screen was open: what was said there is nowhere else. Every reader is total;
a line that makes no sense is passed by.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import UTC, datetime

from clinvk.model.events import Json
from clinvk.model.native import BegunConversation, NativeTurn


class Native(ABC):
    """Reads what an agent wrote; the store opens the files."""

    @abstractmethod
    def turns(self, lines: Iterable[str]) -> tuple[NativeTurn, ...]:
        """The turns of the conversation whose whole file these lines are, in order."""

    def title(self, conversation: str, lines: Iterable[str]) -> str | None:
        """The title of the conversation by these lines, the first and the last of a file."""
        del conversation, lines
        return None

    def begun(self, line: str) -> BegunConversation | None:
        """The beginning by the first line of a file, None if it is not one of a person's."""
        del line
        return None


def moment(value: Json) -> datetime | None:
    """A time with its zone as ISO 8601 has it, None for anything else."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found.astimezone(UTC) if found is not None and found.tzinfo is not None else None
