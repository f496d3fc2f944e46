"""Finds and deletes the files of writes that were killed, or interrupted by a power failure.

These are temporary files, and transcripts without one complete line. A write needs such a file for
milliseconds, so one that is an hour old is no longer used.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from clinvk.store.files import regular_file
from clinvk.store.home import SESSION_ID, Home, is_session_id
from clinvk.store.home_entries import iter_folder, our_folders
from clinvk.store.transcripts.transcript import is_stump

OLD_S = 3600.0

_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{12}\.tmp", re.DOTALL)
_HALF_COPY = re.compile(rf"\.(?:{SESSION_ID.pattern})(?:-\d+)?\.jsonl?\.[0-9a-f]{{12}}\.tmp")


def iter_leftovers(home: Home, *, now_s: float) -> Iterator[Path]:
    """The temporary files and stumps in the home that are old at `now_s` (seconds since 1970).

    Raises `StoreError` for a folder that cannot be read.
    """
    for folder in (home.root, *our_folders(home)):
        for entry in iter_folder(folder):
            if not entry.is_file or entry.found.st_mtime >= now_s - OLD_S:
                continue
            if _TEMPORARY.fullmatch(entry.path.name) or _is_stump(home, entry.path):
                yield entry.path


def iter_half_copies(folder: Path, *, now_s: float) -> Iterator[Path]:
    """Like `iter_leftovers`, for incomplete copies of sessions moved to a folder of the user."""
    for entry in iter_folder(folder):
        old = entry.is_file and entry.found.st_mtime < now_s - OLD_S
        if old and _HALF_COPY.fullmatch(entry.path.name):
            yield entry.path


def sweep(home: Home, session_id: str) -> None:
    """Delete the temporary files of the session's record. Never raises.

    Call it only with the session's lock, and only after a crash: it lists whole folders.
    """
    for folder in (home.sessions, home.cache):
        with suppress(OSError):
            for name in os.listdir(folder):  # noqa: PTH208  plain names
                if name.startswith(f".{session_id}.json.") and _TEMPORARY.fullmatch(name):
                    (folder / name).unlink()


def _is_stump(home: Home, path: Path) -> bool:
    """Whether it is a transcript without a record and without a complete line."""
    if path.parent != home.transcripts or not is_session_id(path.stem):
        return False
    return not os.path.lexists(home.record(path.stem)) and is_stump(path)


def remove_leftover(path: Path) -> None:
    """Delete a leftover, unless a process has locked it. Raises `OSError`."""
    with suppress(FileNotFoundError), regular_file(path) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
