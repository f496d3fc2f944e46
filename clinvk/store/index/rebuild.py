"""Compares the index with all files, and rebuilds it."""

from enum import Enum

from msgspec import Struct

from clinvk.errors import StoreError
from clinvk.model.progress import Progress, unwatched
from clinvk.store.home import Home
from clinvk.store.index.columns import Key, Row
from clinvk.store.index.database import (
    IndexBrokenError,
    IndexUnusableError,
    exists,
    opened,
    opened_to_read,
    throw_away,
)
from clinvk.store.index.query import all_rows
from clinvk.store.index.refresh import FOLDERS, is_noted, refresh
from clinvk.store.index.rows import key_of, read_entry
from clinvk.store.sessions import reading


class IndexDiff(Struct, frozen=True, kw_only=True):
    """The difference between the index and the files.

    `indexed` is the number of entries that the index should have, `damaged` how many of these
    cannot be read. `changed` entries were different or missing in the index, `removed` entries no
    longer have files.
    """

    indexed: int
    changed: int
    removed: int
    damaged: int

    @property
    def any(self) -> bool:
        """Whether there was any difference."""
        return bool(self.changed or self.removed)


class Look(Enum):
    """Why nothing can be compared: the index does not exist, is invalid or cannot be opened."""

    NONE = "none"
    BROKEN = "broken"
    UNUSABLE = "unusable"


class Compared(Struct, frozen=True, kw_only=True):
    """The difference, and whether the next command that needs the index will notice it."""

    diff: IndexDiff
    noticed: bool


def look(home: Home) -> Compared | Look:
    """Compare the index with the files without writing anything. Raises `StoreError`."""
    try:
        with opened_to_read(home) as database:
            if database is None:
                return Look.NONE
            noticed = not is_noted(database, home, FOLDERS)
            known = all_rows(database)
    except IndexUnusableError:
        return Look.UNUSABLE
    except IndexBrokenError:
        return Look.BROKEN
    return Compared(diff=_diff(known, _actual(home)), noticed=noticed)


def check(home: Home) -> IndexDiff:
    """Like `look`; an index that does not exist or cannot be read counts as empty."""
    found = look(home)
    return _diff([], _actual(home)) if isinstance(found, Look) else found.diff


def rebuild(home: Home, progress: Progress = unwatched) -> IndexDiff:
    """Delete and rebuild the index; returns how it differed before. Raises `StoreError`."""
    known = _known(home)
    throw_away(home)
    if not _keys(home):
        return _diff(known, [])
    try:
        with opened(home) as database:
            refresh(database, home, progress=progress)
            return _diff(known, all_rows(database))
    except (IndexUnusableError, IndexBrokenError) as error:
        raise StoreError(
            f"cannot write `{home.index}`: {error.__cause__ or 'something else is in its place'}",
            hint="everything works without the index, but is slower with many sessions",
        ) from error


def _actual(home: Home) -> list[Row]:
    try:
        found = [read_entry(home, key) for key in _keys(home)]
    except OSError as error:
        raise StoreError(f"cannot read the records: {error}") from error
    return [entry.row for entry in found if entry is not None]


def _keys(home: Home) -> set[Key]:
    return {*map(key_of, reading.record_stems(home)), *reading.transcript_ids(home)}


def _known(home: Home) -> list[Row]:
    """The rows of the index; empty if it does not exist or is invalid."""
    try:
        if not exists(home):
            return []
        with opened(home) as database:
            return all_rows(database)
    except (IndexUnusableError, IndexBrokenError):
        return []


def _differs(known: Row | None, actual: Row) -> bool:
    """Whether a row is wrong. Rows of open turns may differ: they are read again at each use."""
    return known != actual and not (known is not None and known.open and actual.open)


def _diff(known: list[Row], actual: list[Row]) -> IndexDiff:
    before = {row.key: row for row in known}
    changed = sum(_differs(before.pop(row.key, None), row) for row in actual)
    return IndexDiff(
        indexed=len(actual),
        changed=changed,
        removed=len(before),
        damaged=sum(row.damaged for row in actual),
    )
