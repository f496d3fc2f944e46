"""Deleting sessions: record and transcript go, what the agent keeps itself stays."""

from dataclasses import dataclass
from datetime import datetime

from clinvk.errors import SessionDamagedError
from clinvk.model.session import Session
from clinvk.services.claims import at_rest
from clinvk.services.sessions.agent_files import NativeTranscript, native_transcript
from clinvk.services.sessions.resolve import resolve_reference
from clinvk.services.world import World
from clinvk.store.home import is_session_id
from clinvk.store.sessions.store import SessionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Doomed:
    """What is about to be deleted; `session` is None for a damaged record."""

    id: str
    session: Session | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """What was deleted: so many bytes; `native` is what the agent keeps of it."""

    freed: int
    native: NativeTranscript | None


def find_doomed(store: SessionStore, reference: str, *, now: datetime) -> Doomed:
    """What the reference means, where a damaged record may be named by its full id.

    Raises as `resolve_reference` does.
    """
    try:
        session = resolve_reference(store, reference, now=now)
    except SessionDamagedError:
        if is_session_id(reference.lower()):
            return Doomed(id=reference.lower(), session=None)
        raise
    return Doomed(id=session.id, session=session)


def delete(store: SessionStore, world: World, doomed: Doomed) -> Deleted:
    """Delete it. Raises `SessionBusyError` for one in which an agent works, and `StoreError`."""
    native = native_transcript(doomed.session, world) if doomed.session else None
    with at_rest(store, world, doomed.id):
        freed = store.size(doomed.id)
        store.remove(doomed.id, world.sleep)
    return Deleted(freed=freed, native=native)
