"""Temporary files of writes that never ended: clinvk was killed, or the machine lost its power.

Whoever writes holds such a file for milliseconds; one that is an hour old belongs to nobody.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from clinvk.store.atomic import open_regular
from clinvk.store.home_entries import iter_folder, our_folders
from clinvk.store.paths import Home

OLD_S = 3600.0

_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{12}\.tmp", re.DOTALL)


def iter_leftovers(home: Home, *, now_s: float) -> Iterator[Path]:
    """The temporary files in the home that are old at `now_s` (seconds of 1970).

    Raises `StoreError` for a folder that cannot be read.
    """
    for folder in (home.root, *our_folders(home)):
        for entry in iter_folder(folder):
            is_ours = entry.is_file and _TEMPORARY.fullmatch(entry.path.name)
            if is_ours and entry.found.st_mtime < now_s - OLD_S:
                yield entry.path


def remove_leftover(path: Path) -> None:
    """Remove a temporary file, unless somebody has locked it. Raises `OSError`."""
    with suppress(FileNotFoundError):
        descriptor = open_regular(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
        finally:
            os.close(descriptor)
