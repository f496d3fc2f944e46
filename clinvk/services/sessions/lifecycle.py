"""Closes, archives and restores sessions, one or several at once.

A running session is not changed.
"""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from clinvk.errors import ClinvkError
from clinvk.model.session import Session, Status
from clinvk.services.claims import at_rest
from clinvk.services.sessions.resolve import resolve_all
from clinvk.services.world import World
from clinvk.store.sessions.store import SessionStore

Target = TypeVar("Target")
Result = TypeVar("Result")


def close(store: SessionStore, world: World, session_id: str) -> bool:
    """Close the session: `-c` and `--last` skip it, a resume by id reopens it.

    Like all functions here, returns False if nothing changes, and raises `SessionBusyError` if an
    agent works in it.
    """
    return _change(store, world, session_id, lambda it: replace(it, status=Status.COMPLETED))


def archive(store: SessionStore, world: World, session_id: str) -> bool:
    """Archive the session: lists hide it, a search finds it, a resume restores it."""
    return _change(store, world, session_id, lambda it: replace(it, archived=True))


def unarchive(store: SessionStore, world: World, session_id: str) -> bool:
    """Restore the session to the list."""
    return _change(store, world, session_id, lambda it: replace(it, archived=False))


def _change(
    store: SessionStore, world: World, session_id: str, change: Callable[[Session], Session]
) -> bool:
    changes: list[bool] = []

    def settled(found: Session) -> Session:
        # The end of the last turn may be missing in the record, which would undo a close.
        current = store.current(found)
        changed = change(current)
        changes.append(changed != current)
        return changed

    with at_rest(store, world, session_id):
        store.update(session_id, settled, world.sleep)
        store.copy_to_transcript(session_id, world.now)
    return changes[-1]


class Applied(Struct, Generic[Target, Result], frozen=True):
    """The outcome for one target: a result, or the error that left it unchanged."""

    target: Target
    result: Result | None
    error: ClinvkError | None


def apply_each(
    targets: Iterable[Target], act: Callable[[Target], Result]
) -> list[Applied[Target, Result]]:
    """Call `act` for each target; an error with one does not stop the others."""
    outcomes: list[Applied[Target, Result]] = []
    for target in targets:
        try:
            outcomes.append(Applied(target, act(target), None))
        except ClinvkError as error:
            outcomes.append(Applied(target, None, error))
    return outcomes


def change_each(
    world: World, references: Iterable[str], change: Callable[[SessionStore, World, str], bool]
) -> list[Applied[Session, bool]]:
    """Apply `close`, `archive` or `unarchive` to the sessions that the references mean.

    Raises like `resolve_all`, before any change.
    """
    store = SessionStore(world.home)
    found = resolve_all(store, references, ago=world.ago)
    return apply_each(found, lambda one: change(store, world, one.id))
