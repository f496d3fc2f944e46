"""What a run leaves that was killed, or lost its machine: writes that never ended.

Temporary files, and transcripts without one whole line. Whoever writes holds such a file for
milliseconds; one that is an hour old belongs to nobody.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from clinvk.store.files import open_regular
from clinvk.store.home import SESSION_ID, Home, is_session_id
from clinvk.store.home_entries import iter_folder, our_folders
from clinvk.store.transcripts.transcript import is_stump

OLD_S = 3600.0

_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{12}\.tmp", re.DOTALL)
_HALF_COPY = re.compile(rf"\.(?:{SESSION_ID.pattern})(?:-\d+)?\.jsonl?\.[0-9a-f]{{12}}\.tmp")


def iter_leftovers(home: Home, *, now_s: float) -> Iterator[Path]:
    """The temporary files and the stumps in the home that are old at `now_s` (seconds of 1970).

    Raises `StoreError` for a folder that cannot be read.
    """
    for folder in (home.root, *our_folders(home)):
        for entry in iter_folder(folder):
            if not entry.is_file or entry.found.st_mtime >= now_s - OLD_S:
                continue
            if _TEMPORARY.fullmatch(entry.path.name) or _is_stump(home, entry.path):
                yield entry.path


def iter_half_copies(folder: Path, *, now_s: float) -> Iterator[Path]:
    """As `iter_leftovers`, in a folder that is not ours: half copies of sessions moved there."""
    for entry in iter_folder(folder):
        old = entry.is_file and entry.found.st_mtime < now_s - OLD_S
        if old and _HALF_COPY.fullmatch(entry.path.name):
            yield entry.path


def sweep(home: Home, session_id: str) -> None:
    """Remove the temporary files of that session's record. Never raises.

    To be called while nobody else can write it, and only after a crash: it reads whole folders.
    """
    for folder in (home.sessions, home.cache):
        with suppress(OSError):
            for name in os.listdir(folder):  # noqa: PTH208  plain names
                if name.startswith(f".{session_id}.json.") and _TEMPORARY.fullmatch(name):
                    (folder / name).unlink()


def _is_stump(home: Home, path: Path) -> bool:
    """Whether it is the transcript of a run that was killed before it had written a line."""
    if path.parent != home.transcripts or not is_session_id(path.stem):
        return False
    return not os.path.lexists(home.record(path.stem)) and is_stump(path)


def remove_leftover(path: Path) -> None:
    """Remove a leftover, unless somebody has locked it. Raises `OSError`."""
    with suppress(FileNotFoundError):
        descriptor = open_regular(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
        finally:
            os.close(descriptor)
