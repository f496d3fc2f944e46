"""Deletes record and transcript of sessions, but not the agent's own transcript."""

from collections.abc import Iterable

from msgspec import Struct

from clinvk.errors import SessionDamagedError
from clinvk.model.session import Session
from clinvk.services.claims import at_rest
from clinvk.services.sessions.agent_files import NativeTranscript, native_transcript
from clinvk.services.sessions.resolve import resolve_reference
from clinvk.services.world import World
from clinvk.store.home import is_session_id
from clinvk.store.sessions.store import SessionStore


class DeletionTarget(Struct, frozen=True, kw_only=True):
    """A session to delete; `session` is None for a damaged record."""

    id: str
    session: Session | None


class Deleted(Struct, frozen=True, kw_only=True):
    """The result: bytes `freed`, and the agent's own transcript (`native`), which is kept."""

    freed: int
    native: NativeTranscript | None


def find_deletion_targets(world: World, references: Iterable[str]) -> list[DeletionTarget]:
    """The sessions that the references mean, without duplicates.

    A damaged record can be named by its full id. Raises like `resolve_reference`.
    """
    found = [_deletion_target(world, reference) for reference in references]
    return list({one.id: one for one in found}.values())


def _deletion_target(world: World, reference: str) -> DeletionTarget:
    try:
        session = resolve_reference(SessionStore(world.home), reference, ago=world.ago)
    except SessionDamagedError:
        if is_session_id(reference.lower()):
            return DeletionTarget(id=reference.lower(), session=None)
        raise
    return DeletionTarget(id=session.id, session=session)


def delete(world: World, target: DeletionTarget) -> Deleted:
    """Delete the session. Raises `SessionBusyError` if an agent works in it, and `StoreError`."""
    store = SessionStore(world.home)
    native = native_transcript(target.session, world) if target.session else None
    with at_rest(store, world, target.id):
        freed = store.size(target.id)
        store.remove(target.id, world.sleep)
    return Deleted(freed=freed, native=native)
