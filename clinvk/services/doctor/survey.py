"""Collects once what the checks need. Nothing is written."""

from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from clinvk.errors import StoreError
from clinvk.model.config import Settings
from clinvk.model.session import Session
from clinvk.services.agents.states import BackendState
from clinvk.services.world import World
from clinvk.store.sessions.reading import record_stems, transcript_ids
from clinvk.store.sessions.records import DamagedRecord


class Survey(Struct, frozen=True, kw_only=True):
    """The data for all checks.

    `sessions` are the readable sessions, including those that only have a transcript; `damaged` are
    the others. `records` are the names in the folder of the records, and `transcripts` the ids of
    the transcripts. `unreadable` is the error if the folders could not be read.
    """

    world: World
    settings: Settings
    encoding: str
    backends: tuple[BackendState, ...]
    sessions: tuple[Session, ...] = ()
    damaged: tuple[DamagedRecord, ...] = ()
    records: frozenset[str] = frozenset()
    transcripts: frozenset[str] = frozenset()
    unreadable: StoreError | None = None


def survey(
    world: World, settings: Settings, backends: tuple[BackendState, ...], encoding: str
) -> Survey:
    """Read everything once. Raises no expected error."""
    home = world.home
    seen = Survey(world=world, settings=settings, encoding=encoding, backends=backends)
    try:
        # Transcripts first: a record never comes without one, and is deleted a moment after it.
        transcripts = frozenset(transcript_ids(home))
        records = frozenset(record_stems(home))
        found = list(world.store.iter_records())
    except StoreError as error:
        return replace(seen, unreadable=error)
    return replace(
        seen,
        sessions=tuple(one for one in found if isinstance(one, Session)),
        damaged=tuple(one for one in found if isinstance(one, DamagedRecord)),
        records=records,
        transcripts=transcripts,
    )


def nearest_existing(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path
