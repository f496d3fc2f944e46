"""Lists the lock files in the home: their session, the holder they name, whether they are held."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from clinvk.store.files import regular_file
from clinvk.store.home import Home, is_session_id
from clinvk.store.home_entries import iter_folder
from clinvk.store.locks import Holder, holder, is_held, lock_open_file

_ENDING = ".lock"


class LockFile(Struct, frozen=True, kw_only=True):
    """One lock file. `session_id` is None for the lock of a name or of the configuration.

    `signed`: the file is not empty, so it is `held`, or its holder never released it. `holder` is
    None if the content is invalid.
    """

    path: Path
    session_id: str | None
    held: bool
    signed: bool
    holder: Holder | None


def iter_lock_files(home: Home) -> Iterator[LockFile]:
    """Every lock file; links and folders are skipped. Raises `StoreError`."""
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
    """Delete the lock file if it is not held; returns whether it is deleted.

    It is held during the deletion: a process that waits for it notices, and locks the next file of
    the same name. Raises `OSError`.
    """
    with suppress(FileNotFoundError), regular_file(path) as descriptor:
        if not lock_open_file(descriptor, path):
            return False
        path.unlink()
    return True
