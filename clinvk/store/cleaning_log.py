"""The log of what `sessions clean` removed: JSON lines in the home, private, with a limited size.

A line is written just before the session's files are deleted, so nothing goes without one. If the
deletion fails, a second line says so.
"""

import fcntl
import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec import Struct

from clinvk.errors import StoreError
from clinvk.store.files import (
    ensure_private_dir,
    open_private,
    reason,
    regular_file,
    write_all,
    write_private,
)
from clinvk.store.home import Home
from clinvk.text.json_codec import json_line, time_from_text

LARGEST = 4 * 1024 * 1024
KEPT = timedelta(days=365)
"""After a cleaning older lines are removed, and the first half of a larger log."""

REMOVED, MOVED, NOT_REMOVED = "removed", "moved", "not removed"
"""The values of `what`."""


class CleaningLog(AbstractContextManager["CleaningLog"]):
    """Appends to the log, which is created with the first line; several threads may append.

    A log that cannot be written stops no cleaning, as that may be needed to free a full disk:
    `failure` has the reason.
    """

    def __init__(self, home: Home, now: datetime) -> None:
        self.failure: str | None = None
        self._home, self._now = home, now
        self._descriptor = -1
        self._lock = threading.Lock()

    def append(self, line: Mapping[str, Any]) -> None:
        """Append one line."""
        with self._lock:
            if self.failure is not None:
                return
            try:
                if self._descriptor < 0:
                    self._open()
                write_all(self._descriptor, json_line(line))
            except (OSError, StoreError) as error:
                self.failure = reason(error) if isinstance(error, OSError) else error.message

    def _open(self) -> None:
        ensure_private_dir(self._home.root, may_be_link=True)
        path = self._home.cleaning_log
        while True:
            self._descriptor = open_private(path, os.O_RDWR | os.O_APPEND)
            # Shared, against a process that shortens the log: it replaces the file.
            fcntl.flock(self._descriptor, fcntl.LOCK_SH)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(self._descriptor), os.lstat(path)):
                    break
            os.close(self._descriptor)
            self._descriptor = -1
        size = os.fstat(self._descriptor).st_size
        if size and os.pread(self._descriptor, 1, size - 1) != b"\n":
            os.write(self._descriptor, b"\n")  # the last line was cut off by a crash

    def __exit__(self, *_: object) -> None:
        if self._descriptor < 0:
            return
        try:
            with suppress(OSError, StoreError):
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._shorten()
        finally:
            os.close(self._descriptor)
            self._descriptor = -1

    def _shorten(self) -> None:
        size = os.fstat(self._descriptor).st_size
        if size <= LARGEST and not _is_before(self._first_line(), self._now - KEPT):
            return
        content = os.pread(self._descriptor, size, 0)
        lines = content[-LARGEST // 2 :] if size > LARGEST else content
        kept = lines.splitlines(keepends=True)[1 if size > LARGEST else 0 :]
        while kept and _is_before(kept[0], self._now - KEPT):
            kept.pop(0)
        write_private(self._home.cleaning_log, b"".join(kept))

    def _first_line(self) -> bytes:
        return os.pread(self._descriptor, 4096, 0).partition(b"\n")[0]


class Cleaning(Struct, frozen=True, kw_only=True):
    """One cleaning in the log: when it began, how many sessions it removed or moved, how much."""

    at: datetime
    sessions: int
    size: int


def last_cleanings(path: Path, most: int) -> list[Cleaning]:
    """The last cleanings, the newest first; invalid lines are skipped. Raises `StoreError`."""
    found: dict[datetime, Cleaning] = {}
    for at, what, size in _lines(path):
        before = found.get(at, Cleaning(at=at, sessions=0, size=0))
        sign = -1 if what == NOT_REMOVED else 1
        found[at] = Cleaning(at=at, sessions=before.sessions + sign, size=before.size + sign * size)
    there = [one for one in found.values() if one.sessions > 0]
    return sorted(there, key=lambda one: one.at, reverse=True)[:most]


def _lines(path: Path) -> Iterator[tuple[datetime, str, int]]:
    """When each line's cleaning began, what it did, and the bytes."""
    try:
        with regular_file(path) as descriptor, open(descriptor, "rb", closefd=False) as file:
            content = file.read(4 * LARGEST)
    except (FileNotFoundError, NotADirectoryError):  # the home itself may be a file
        return
    except OSError as error:
        raise StoreError(f"cannot read `{path}`: {reason(error)}") from error
    for line in content.splitlines():
        with suppress(ValueError, TypeError, KeyError, RecursionError):
            value = json.loads(line)
            yield time_from_text(value["cleaning"]), str(value["what"]), int(value["bytes"])


def _is_before(line: bytes, at: datetime) -> bool:
    with suppress(ValueError, TypeError, KeyError, RecursionError):
        return time_from_text(json.loads(line)["cleaning"]) < at
    return True
