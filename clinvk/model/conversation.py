"""Where an agent keeps a conversation, as data: a backend says it, the store looks."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ConversationFiles:
    """Where an agent keeps one conversation: files matching `pattern` (a glob) below `root`.

    No match below an existing root means that the agent no longer has the conversation; a missing
    root says nothing.
    """

    root: Path
    pattern: str
