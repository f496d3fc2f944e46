"""Closing, archiving and taking out of the archive: what keeps a session from being taken up.

A session in the middle of a turn is left alone: these say that one is done with it.
"""

from collections.abc import Callable
from dataclasses import replace

from clinvk.model.session import Session, Status
from clinvk.services.claims import at_rest
from clinvk.services.world import World
from clinvk.store.sessions.store import SessionStore


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
