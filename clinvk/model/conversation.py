"""Where an agent keeps a conversation, as data: a backend says it, the store looks."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ConversationFiles:
    """Where an agent keeps one conversation: files matching `pattern` (a glob) below `root`.

    No match below an existing root means that the agent no longer has the conversation; a missing
    root says nothing, unless these are the `only_witness`: then the agent itself would not say that
    a conversation is gone, and would begin an empty one. `holds` tells by a file's lines whether
    the agent could go on with it, for an agent that also keeps files of what it could not; without
    it every match is enough.
    """

    root: Path
    pattern: str
    holds: Callable[[Iterable[str]], bool] | None = None
    only_witness: bool = False
