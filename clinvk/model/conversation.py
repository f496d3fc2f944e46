"""Where an agent keeps a conversation, as data: a backend says it, the store looks."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class ConversationRows:
    """Where an agent keeps conversations in an SQLite database `root`: what `query` answers.

    The last column of each row is a JSON text, which is read as a line of a file would be; `values`
    are the query's named parameters. No row means that the agent no longer has the conversation; a
    database that is missing, or has other tables than the query knows, says nothing.
    """

    root: Path
    query: str
    values: Mapping[str, str] = field(default_factory=dict)


Conversations = ConversationFiles | ConversationRows
