"""The repairs of `--fix`: each is safe at any time, also during a run.

A damaged record is never deleted, and no file of an agent is changed.
"""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar, assert_never

from clinvk.errors import StoreError
from clinvk.model.finding import (
    CloseToOthers,
    RebuildIndex,
    RebuildRecord,
    RemoveLeftover,
    RemoveLock,
    RemoveScratch,
    Repair,
)
from clinvk.model.session import Session
from clinvk.process.scratch import remove_left
from clinvk.services.session_locks import claim_of
from clinvk.services.world import World
from clinvk.store.files import reason
from clinvk.store.home_entries import close_to_others
from clinvk.store.index.rebuild import rebuild
from clinvk.store.leftovers import remove_leftover
from clinvk.store.lock_files import remove_free_lock

_T = TypeVar("_T")


def apply_repair(repair: Repair, world: World) -> str:
    """Repair one finding and return a sentence about it. Raises `ClinvkError`."""
    match repair:
        case CloseToOthers(paths=paths):
            for path in paths:
                _try(partial(close_to_others, path), str(path))
            more = f" and {len(paths) - 1:,} more" if len(paths) > 1 else ""
            return f"made `{paths[0]}`{more} private"
        case RemoveLeftover(path=path):
            _try(lambda: remove_leftover(path), str(path))
            return f"removed `{path}`"
        case RemoveScratch(path=path):
            if not remove_left(path, now_s=world.now().timestamp()):
                raise StoreError(f"`{path}` is kept: a run uses it now")
            return f"removed `{path}`"
        case RemoveLock(path=path):
            if not _try(lambda: remove_free_lock(path), str(path)):
                raise StoreError(f"`{path}` is kept: a process holds it now")
            return f"removed `{path}`"
        case RebuildRecord(session_id=session_id):
            return _rebuild_record(session_id, world)
        case RebuildIndex():
            rebuild(world.home)
            return f"rebuilt `{world.home.index}`"
        case _:
            assert_never(repair)


def _rebuild_record(session_id: str, world: World) -> str:
    """Rebuild under the session's lock, since a new run writes the record itself."""
    store = world.store
    with store.hold(session_id, claim_of(world)):
        path = world.home.record(session_id)
        written = store.as_written(session_id) if os.path.lexists(path) else None
        if isinstance(written, Session):
            told = store.reconciled(written)
            if told == written:
                return f"`{path}` is already correct"
            store.save(told)
            return f"updated `{path}` from its transcript"
        if written is not None and written.unreadable:
            raise StoreError(written.sentence)
        found = store.rebuilt_from_transcript(session_id)
        if found is None:
            raise StoreError(f"session `{session_id}` cannot be rebuilt from its transcript")
        aside = f"; the damaged file is `{_set_aside(path)}`" if written is not None else ""
        store.save(found)
    return f"rebuilt `{path}`{aside}"


def _set_aside(path: Path) -> Path:
    """Keep the file under an unused name."""
    aside = path.with_name(f"{path.name}.damaged")
    number = 1
    while os.path.lexists(aside):
        number += 1
        aside = path.with_name(f"{path.name}.damaged.{number}")
    _try(lambda: path.rename(aside), str(path))
    return aside


def _try(act: Callable[[], _T], what: str) -> _T:
    try:
        return act()
    except BlockingIOError as error:
        raise StoreError(f"`{what}` is kept: it is in use") from error
    except OSError as error:
        raise StoreError(f"cannot change `{what}`: {reason(error)}") from error
