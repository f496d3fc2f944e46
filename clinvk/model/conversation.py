"""A conversation: an agent's own side of a session, and where the agent stores it.

A backend describes the place as data; the store reads it.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from pathlib import Path

from msgspec import Struct, field

from clinvk.model.events import Json


class TurnMode(StrEnum):
    """What a turn does with the agent's conversation: start it, continue it, or continue a copy."""

    START = "start"
    RESUME = "resume"
    FORK = "fork"


class Conversation(Struct, frozen=True, kw_only=True):
    """One agent's conversation in a session; a session has at most one with each agent.

    `id` is the agent's own session id (`backend_session_id` in JSON), `seen` whether the agent has
    confirmed it, and `model` the one that it reported. `counters` are its raw counters after turn
    `counters_turn`. `heard_through` is the last turn that the agent knows, 0 for none.
    """

    backend: str
    id: str | None = None
    seen: bool = False
    model: str | None = None
    counters: Json = None
    counters_turn: int = 0
    heard_through: int = 0


class ConversationFiles(Struct, frozen=True):
    """Where an agent stores one conversation: files matching `pattern` (a glob) below `root`.

    No match below an existing root means that the agent no longer has the conversation. A missing
    root means nothing, unless `only_witness` is set: for an agent that does not report a missing
    conversation, but starts an empty one. `holds` checks by a file's lines whether the agent can
    continue it, for an agent that also stores files that it cannot continue; without `holds` every
    match counts. `ours` marks files in clinvk's own home, which are deleted with their session.
    With `parts` the files are one conversation together, in the order of their paths. With `whole`
    each file is one JSON value, whose lines are read as one.
    """

    root: Path
    pattern: str
    holds: Callable[[Iterable[str]], bool] | None = None
    only_witness: bool = False
    ours: bool = False
    parts: bool = False
    whole: bool = False


class ConversationRows(Struct, frozen=True):
    """Where an agent stores conversations in an SQLite database `root`: the rows of `query`.

    The last column of each row is a JSON text, which is read like a line of a file; `values` are
    the query's named parameters. No row means that the agent no longer has the conversation. A
    database that is missing, or does not have the query's tables, means nothing. `content` is a
    query with the same values, for an agent that would continue an empty conversation silently:
    no row means that the conversation is empty.
    """

    root: Path
    query: str
    values: Mapping[str, str] = field(default_factory=dict)
    content: str | None = None


Conversations = ConversationFiles | ConversationRows
