"""Finds out whether a file or folder has changed since it was read, without opening it.

The system records a change of a file in its change time, which programs cannot set. The clock for
it ticks every 4 to 10 ms, so two changes within a tick get the same time. A file that was changed
shortly before it was read is therefore not settled, and is read again before it is trusted.

A folder cannot wait like this after each of our own writes. It is stamped instead: its modification
time is set to a time between two ticks, which no later change can produce.
"""

import os
from pathlib import Path

UNSETTLED_NS = 100_000_000
"""Ten of the longest ticks."""

_WHOLE_S = 1_000_000_000
_ROUGH_NS = 2 * _WHOLE_S
"""Some old file systems store whole seconds, and two changes in a second look the same."""

ABSENT = 0
"""The signature of a file that does not exist."""


def file_signature(found: os.stat_result) -> int:
    """A number that differs after any change. It hashes only ints: str hashes vary by process."""
    return hash((found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns))


def is_settled(found: os.stat_result, now_ns: int) -> bool:
    """Whether a change at `now_ns` (the file system's clock) would change the signature."""
    rough = not found.st_ctime_ns % _WHOLE_S
    return found.st_ctime_ns < now_ns - (_ROUGH_NS if rough else UNSETTLED_NS)


def folder_signature(folder: Path) -> int:
    """The folder's signature: differs after an entry was added, removed or replaced."""
    try:
        return _folder_signature(os.stat(folder))  # noqa: PTH116  `Path.stat` costs twice as much
    except FileNotFoundError:
        return ABSENT


def stamp(folder: Path) -> int | None:
    """Give the folder a new, unique signature and return it; None if that is not possible.

    Changes before this call do not show in the new signature: read the folder afterwards.
    """
    if os.path.islink(folder):  # the target is not our folder
        return None
    try:
        found = folder.stat()
        unique = found.st_mtime_ns + 1 + int.from_bytes(os.urandom(4)) % 999_999
        os.utime(folder, ns=(found.st_atime_ns, unique))
        found = folder.stat()
    except FileNotFoundError:
        return ABSENT
    except OSError:
        return None
    return _folder_signature(found) if found.st_mtime_ns == unique else None


def file_system_now(folder: Path) -> int:
    """The time in nanoseconds by the file system's clock, which can differ from the system's."""
    os.utime(folder)
    return folder.stat().st_ctime_ns


def _folder_signature(found: os.stat_result) -> int:
    # Without the size: only on some file systems does it change with the entries.
    return hash((found.st_ino, found.st_dev, found.st_mtime_ns, found.st_ctime_ns))
