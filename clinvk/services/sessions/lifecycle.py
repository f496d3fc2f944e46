"""Closes, archives, restores, moves and deletes sessions, one or several at once.

A running session is not changed.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from clinvk.errors import BackendUnsupportedError, SessionDamagedError
from clinvk.model.moved import moved_to
from clinvk.model.progress import Progress, unwatched
from clinvk.model.session import Session, Status
from clinvk.services.session_locks import at_rest, claim_of
from clinvk.services.sessions.each import FEW, Applied, apply_each
from clinvk.services.sessions.known_conversation import (
    Find,
    NativeTranscript,
    find_in_listings,
    native_transcript,
    own_files,
)
from clinvk.services.sessions.resolve import resolve_all, resolve_reference
from clinvk.services.world import World
from clinvk.store.agent_files.conversations import conversation_paths
from clinvk.store.home import is_session_id


def close(world: World, session_id: str) -> bool:
    """Close the session: `-c` and `--last` skip it, a resume by id reopens it.

    Like all functions here, returns False if nothing changes, and raises `SessionBusyError` if an
    agent works in it.
    """
    return _change(world, session_id, lambda it: replace(it, status=Status.COMPLETED))


def archive(world: World, session_id: str) -> bool:
    """Archive the session: lists hide it, a search finds it, a resume restores it."""
    return _change(world, session_id, lambda it: replace(it, archived=True))


def unarchive(world: World, session_id: str) -> bool:
    """Restore the session to the list."""
    return _change(world, session_id, lambda it: replace(it, archived=False))


def move(world: World, session_id: str, directory: Path) -> bool:
    """Make `directory` the session's own, where its next turns run.

    Raises `BackendUnsupportedError` too, for an agent that cannot continue a session elsewhere.
    """
    session = world.store.load(session_id)
    backend = world.agents.find(session.backend)
    if (
        backend is not None
        and backend.finds_conversation == "nowhere else"
        and session.conversation.id is not None
        and session.cwd != str(directory)
    ):
        raise BackendUnsupportedError(
            f"backend `{backend.name}` cannot continue a session in another directory",
            hint=f"`clinvk -b {backend.name} -w DIR` starts a new session there",
        )
    return _change(world, session_id, lambda it: moved_to(it, str(directory)))


def left_behind(world: World, session: Session) -> bool:
    """Whether the session's agent does not find its conversation after a move."""
    backend = world.agents.find(session.backend)
    begun = session.conversation.id is not None
    return begun and backend is not None and backend.finds_conversation == "where it began"


def _change(world: World, session_id: str, change: Callable[[Session], Session]) -> bool:
    store = world.store
    changes: list[bool] = []

    def settled(found: Session) -> Session:
        # The end of the last turn may be missing in the record, which would undo a close.
        current = store.current(found)
        changed = change(current)
        changes.append(changed != current)
        return changed

    with at_rest(world, session_id):
        store.update(session_id, settled, world.sleep)
        store.copy_to_transcript(session_id, world.now)
    return changes[-1]


def change_each(
    world: World, references: Iterable[str], change: Callable[[World, str], bool]
) -> list[Applied[Session, bool]]:
    """Apply `close`, `archive` or `unarchive` to the sessions that the references mean.

    Raises like `resolve_all`, before any change.
    """
    found = resolve_all(world.store, references, ago=world.ago)
    return apply_each(found, lambda one: change(world, one.id))


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
        session = resolve_reference(world.store, reference, ago=world.ago)
    except SessionDamagedError:
        if is_session_id(reference.lower()):
            return DeletionTarget(id=reference.lower(), session=None)
        raise
    return DeletionTarget(id=session.id, session=session)


def delete_each(
    world: World, targets: Sequence[DeletionTarget], progress: Progress = unwatched
) -> list[Applied[DeletionTarget, Deleted]]:
    """Delete record and transcript of each, but not the agent's own transcript outside our home.

    The errors are `SessionBusyError` if an agent works in it, and `StoreError`.
    """
    many = len(targets) > FEW
    find = find_in_listings() if many else conversation_paths
    claim = claim_of(world)
    with world.store.many() if many else nullcontext(world.store) as store:

        def delete(target: DeletionTarget) -> int:
            with at_rest(world, target.id, claim):
                ours = own_files(target.session, world) if target.session else ()
                freed = store.size(target.id, ours)
                store.remove(target.id, world.sleep, ours)
            return freed

        done = apply_each(targets, delete, progress)
    return [Applied(one.target, _deleted(world, one, find), one.error) for one in done]


def _deleted(world: World, one: Applied[DeletionTarget, int], find: Find) -> Deleted | None:
    if one.result is None:
        return None
    session = one.target.session
    native = native_transcript(session, world, find) if session else None
    return Deleted(freed=one.result, native=native)
