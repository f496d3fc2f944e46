"""A conversation: an agent's own side of a session, and where the agent keeps it.

Where that is, is data: a backend says it, the store looks.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from clinvk.model.events import Json


class TurnMode(StrEnum):
    """What a turn does with the agent's conversation: begin it, continue it, or continue a copy."""

    START = "start"
    RESUME = "resume"
    FORK = "fork"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One agent's conversation in a session; a session has at most one with each agent.

    `id` is the agent's own session id (`backend_session_id` in JSON), `seen` whether the agent
    itself has confirmed it, and `model` the one that it said. `counters` are its raw counters after
    turn `counters_turn`. `heard_through` is the last turn that the agent knows of, 0 for none.
    """

    backend: str
    id: str | None = None
    seen: bool = False
    model: str | None = None
    counters: Json = None
    counters_turn: int = 0
    heard_through: int = 0


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
