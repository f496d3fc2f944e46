"""Moves a session's files out of the home, unchanged.

A copy is complete and synced to the disk before anything is deleted, and no file is overwritten. A
crash at any time leaves the session in the home, in the other folder, or in both.
"""

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from clinvk.errors import StoreError
from clinvk.store.files import (
    CHUNK,
    copy_content,
    ensure_private_dir,
    open_regular,
    reason,
    sync_folder,
    temporary_file,
)


def copy_out(sources: Sequence[Path], folder: Path) -> tuple[Path, ...]:
    """Copy the files that exist into `folder`, 0600; returns the copies, in order.

    They have the names of the sources, or all of them `NAME-2` and so on if a file with other
    content exists; an equal file (from an interrupted move) is used as the copy. Raises
    `StoreError`; every file in `folder` is complete even then.
    """
    ensure_private_dir(folder, may_be_link=True)
    present = [path for path in sources if os.path.lexists(path)]
    number = 1
    while True:
        ending = "" if number == 1 else f"-{number}"
        places = [folder / f"{path.stem}{ending}{path.suffix}" for path in present]
        pairs = list(zip(present, places, strict=True))
        try:
            if all(_free(*pair) for pair in pairs) and all(_copy(*pair) for pair in pairs):
                sync_folder(folder)
                return tuple(places)
        except OSError as error:
            raise StoreError(
                f"cannot copy session `{present[0].stem}` to `{folder}`: {reason(error)}"
            ) from error
        number += 1


def _free(source: Path, place: Path) -> bool:
    """Whether the copy may have this name: no file has it, or an equal one."""
    return not os.path.lexists(place) or _same(source, place)


def _copy(source: Path, place: Path) -> bool:
    """Copy the file; returns whether `place` is a complete copy, False if another file is there."""
    if os.path.lexists(place):
        return _same(source, place)
    with temporary_file(place, place.parent) as temporary:
        copy_content(source, temporary)
        try:
            put(temporary, place)
        except FileExistsError:
            return _same(source, place)
    return True


def put(temporary: Path, place: Path) -> None:
    """Rename the file without overwriting; without hard links the check is not atomic."""
    try:
        os.link(temporary, place)
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS}:
            raise
        if os.path.lexists(place):
            raise FileExistsError(errno.EEXIST, "it exists") from error
        temporary.rename(place)


def _same(source: Path, place: Path) -> bool:
    """Whether both are files with the same content."""
    try:
        there = open_regular(place)
    except OSError:
        return False
    with os.fdopen(there, "rb") as copy, os.fdopen(open_regular(source), "rb") as original:
        while True:
            chunk = original.read(CHUNK)
            if chunk != copy.read(CHUNK):
                return False
            if not chunk:
                return True
