"""Telling whether a file or a folder is still as it was looked at, without opening it.

The system notes a change of a file in its change time, which no program can set. Its clock for
that ticks every 4 to 10 ms, so two changes within a tick leave the same time: what was changed
shortly before it was read is not settled, and is read again before it is believed.

A folder could not wait for that after each of our own writes. It is stamped instead: its
modification time is set to a moment between two ticks, which no later change can bring about.
"""

import os
from pathlib import Path

UNSETTLED_NS = 100_000_000
"""Ten of the coarsest ticks."""

_WHOLE_S = 1_000_000_000
_ROUGH_NS = 2 * _WHOLE_S
"""Where times are whole seconds, as on some old file systems, a change hides for as long."""

ABSENT = 0
"""The mark of what is not there."""


def mark_of(found: os.stat_result) -> int:
    """A number that differs after any change; numbers alone, so that the next process agrees."""
    return hash((found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns))


def is_settled(found: os.stat_result, now_ns: int) -> bool:
    """Whether another change at `now_ns`, by the file system's clock, would show in the mark."""
    rough = not found.st_ctime_ns % _WHOLE_S
    return found.st_ctime_ns < now_ns - (_ROUGH_NS if rough else UNSETTLED_NS)


def folder_mark(folder: Path) -> int:
    """The mark of the folder: differs after an entry was added, removed or replaced."""
    try:
        return _folder_mark(os.stat(folder))  # noqa: PTH116  `Path.stat` costs twice as much
    except FileNotFoundError:
        return ABSENT


def stamp(folder: Path) -> int | None:
    """Make the folder's mark one that the next change will leave; None if that cannot be done.

    Whatever happened before this call is no longer told by the mark: read the folder afterwards.
    """
    if os.path.islink(folder):  # where it leads, nothing is ours to stamp
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
    return _folder_mark(found) if found.st_mtime_ns == unique else None


def file_system_now(folder: Path) -> int:
    """The time in nanoseconds by the clock that marks are made with: it need not be ours."""
    os.utime(folder)
    return folder.stat().st_ctime_ns


def _folder_mark(found: os.stat_result) -> int:
    # The size of a folder changes with its entries on some file systems only.
    return hash((found.st_ino, found.st_dev, found.st_mtime_ns, found.st_ctime_ns))
