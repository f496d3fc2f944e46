"""The lock files that lie in the home: whose they are, who stands in them, who holds them."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from clinvk.store.files import open_regular
from clinvk.store.home import Home, is_session_id
from clinvk.store.home_entries import iter_folder
from clinvk.store.locks.holders import Holder
from clinvk.store.locks.lock import holder, is_held

_ENDING = ".lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockFile:
    """One lock. `session_id` is None for that of a name or of the configuration.

    `signed` says that something stands in it: it is `held`, or its holder never released it.
    `holder` is None where that makes no sense.
    """

    path: Path
    session_id: str | None
    held: bool
    signed: bool
    holder: Holder | None


def iter_lock_files(home: Home) -> Iterator[LockFile]:
    """Every lock file; links and folders in their place are passed by. Raises `StoreError`."""
    for entry in iter_folder(home.locks):
        path = entry.path
        if not entry.is_file or not path.name.endswith(_ENDING):
            continue
        stem = path.name.removesuffix(_ENDING)
        signed = entry.found.st_size > 0
        yield LockFile(
            path=path,
            session_id=stem if is_session_id(stem) else None,
            held=signed and is_held(path),
            signed=signed,
            holder=holder(path) if signed else None,
        )


def remove_free_lock(path: Path) -> bool:
    """Remove the lock file if nobody holds it, and say whether it is gone.

    It is held while it is removed: whoever waits for it notices and takes the next one of that
    name. Raises `OSError`.
    """
    try:
        descriptor = open_regular(path)
    except FileNotFoundError:
        return True
    try:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(descriptor), os.lstat(path)):
                path.unlink()
                return True
    except FileNotFoundError:
        return True
    finally:
        os.close(descriptor)
    return False
