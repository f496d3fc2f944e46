"""Closing sessions, archiving them and bringing them back, and doing one thing with several.

A session in the middle of a turn is left alone: these say that one is done with it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from clinvk.errors import ClinvkError
from clinvk.model.session import Session, Status
from clinvk.services.claims import at_rest
from clinvk.services.sessions.resolve import resolve_all
from clinvk.services.world import World
from clinvk.store.sessions.store import SessionStore

Target = TypeVar("Target")
Result = TypeVar("Result")


def close(store: SessionStore, world: World, session_id: str) -> bool:
    """Close the session: `-c` and `--last` pass it by, a resume by id opens it again.

    As all here: False if it stands so already, `SessionBusyError` if an agent works in it.
    """
    return _change(store, world, session_id, lambda it: replace(it, status=Status.COMPLETED))


def archive(store: SessionStore, world: World, session_id: str) -> bool:
    """Archive the session: no list shows it unasked, a search finds it, a resume brings it back."""
    return _change(store, world, session_id, lambda it: replace(it, archived=True))


def unarchive(store: SessionStore, world: World, session_id: str) -> bool:
    """Bring the session back into the list."""
    return _change(store, world, session_id, lambda it: replace(it, archived=False))


def _change(
    store: SessionStore, world: World, session_id: str, change: Callable[[Session], Session]
) -> bool:
    changes: list[bool] = []

    def settled(found: Session) -> Session:
        # Its last turn may have ended without the record knowing, which would undo a close.
        current = store.current(found)
        changed = change(current)
        changes.append(changed != current)
        return changed

    with at_rest(store, world, session_id):
        store.update(session_id, settled, world.sleep)
        store.tell_transcript(session_id, world.now)
    return changes[-1]


@dataclass(frozen=True, slots=True)
class Applied(Generic[Target, Result]):
    """What became of one: a result, or the error that kept it as it was."""

    target: Target
    result: Result | None
    error: ClinvkError | None


def apply_each(
    targets: Iterable[Target], act: Callable[[Target], Result]
) -> list[Applied[Target, Result]]:
    """Act on each; one that fails does not keep the others."""
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
    """Change the sessions that the references mean with `close`, `archive` or `unarchive`.

    Raises as `resolve_all` does, before anything is changed.
    """
    store = SessionStore(world.home)
    found = resolve_all(store, references, ago=world.ago)
    return apply_each(found, lambda one: change(store, world, one.id))
