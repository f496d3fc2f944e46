"""Queries the index and reads the sessions that it finds: the answer comes from their files."""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from msgspec import Struct, field

from clinvk.errors import StoreError
from clinvk.model.session import Session
from clinvk.store.home import Home
from clinvk.store.index.columns import Key, Row
from clinvk.store.index.database import IndexBrokenError, IndexUnusableError, opened
from clinvk.store.index.query import (
    MOST_OPEN,
    Asked,
    count_rows,
    damaged_rows,
    data_version,
    is_exact,
    listed_words,
    open_rows,
    select_rows,
)
from clinvk.store.index.refresh import correct, refresh
from clinvk.store.index.rows import read_entry
from clinvk.store.sessions import reading
from clinvk.store.sessions.records import DamagedRecord
from clinvk.store.sessions.selection import (
    Listed,
    Query,
    Selected,
    Selection,
    WordKind,
    in_order,
)

_TRIES = (False, False, False, True)
"""Whether each try is thorough. Files may change during a try; wrong entries of the index are
corrected after it. The last try checks every file; if it fails, the caller reads all files."""

_BROKEN = (IndexUnusableError, IndexBrokenError, StoreError, OSError)

_ALL = 1 << 31
"""A higher limit counts as no limit: SQLite's numbers have a maximum."""


def answer(home: Home, query: Query, *, thorough: bool) -> Selected | None:
    """The answer; None if the index cannot be used. Never raises."""
    for check_all in _TRIES:
        with suppress(IndexBrokenError):
            try:
                found = _answer(home, query, thorough=thorough or check_all)
            except (IndexUnusableError, StoreError, OSError):
                return None
            if found is not None:
                return found
    return None


def count(home: Home, selection: Selection) -> int | None:
    """See `index.count`. Reads the sessions if the index alone cannot decide which ones match."""
    if is_exact(selection):
        with suppress(*_BROKEN), opened(home) as known:
            refresh(known, home)
            asked = _asked(known, home, selection)
            if asked is not None:
                return count_rows(known, asked)
    found = answer(home, Query(selection), thorough=False)
    return None if found is None else len(found.sessions)


def words(home: Home, kind: WordKind, beginning: str, most: int) -> list[str] | None:
    """See `index.words`."""
    with suppress(*_BROKEN), opened(home) as known:
        refresh(known, home)
        return list(listed_words(known, kind, beginning, most))
    return None


def _asked(database: sqlite3.Connection, home: Home, selection: Selection) -> Asked | None:
    """The selection without the open sessions whose current status does not match.

    None if that is not known: there are too many, or the files have changed.
    """
    rows = open_rows(database, selection)
    if len(rows) > MOST_OPEN:
        return None
    reader = _Reading(home, selection, None)
    reader.take(rows)
    if reader.wrong:
        return None
    excluded = tuple(row.key for row in rows if row.key not in reader.sessions)
    return Asked(selection, excluded)


class _Reading(Struct):
    """The sessions read so far, at most `wanted` of them.

    `wrong` are the keys of rows that differ from their files.
    """

    home: Home
    selection: Selection
    wanted: int | None
    sessions: dict[str, Listed] = field(default_factory=dict)
    wrong: list[Key] = field(default_factory=list)

    def take(self, rows: list[Row]) -> None:
        """Add the sessions of these rows that match."""
        for row in rows:
            if len(self.sessions) == self.wanted:
                break
            entry = read_entry(self.home, row.key)
            if entry is None or entry.row != row or not isinstance(entry.found, Session):
                self.wrong.append(row.key)
                continue
            status = reading.status_of(self.home, entry.found)
            if self.selection.takes(entry.found, status):
                self.sessions[entry.found.id] = Listed(session=entry.found, status=status)

    def damaged(self, rows: list[Row]) -> list[DamagedRecord]:
        """The damaged records. A file name that is not an id is damage without reading the file."""
        found: list[DamagedRecord] = []
        for row in rows:
            if isinstance(row.key, bytes):
                name = f"{os.fsdecode(row.key)}{reading.RECORD}"
                path = Path(f"{self.home.sessions}{os.sep}{name}")
                found.append(DamagedRecord(path, None, reading.NO_ID))
                continue
            entry = read_entry(self.home, row.key)
            if entry is not None and isinstance(entry.found, DamagedRecord):
                found.append(entry.found)
            else:
                self.wrong.append(row.key)
        return found


def _answer(home: Home, query: Query, *, thorough: bool) -> Selected | None:
    """None if a file changed during the query, or the index was wrong; it is then corrected."""
    with opened(home) as database:
        refresh(database, home, thorough=thorough)
        asked = None
        # Rows before the first can only be skipped unread if every row is a session that matches.
        if query.first and is_exact(query.selection):
            asked = _asked(database, home, query.selection)
        skipped = 0 if asked is None else query.first
        wanted = None if query.limit is None else query.limit + query.first - skipped
        found = _Reading(home, query.selection, wanted)
        selected = _selected(database, found, asked or Asked(query.selection), query, skipped)
        correct(database, home, found.wrong)
        return selected


def _selected(
    database: sqlite3.Connection, found: _Reading, asked: Asked, query: Query, skipped: int
) -> Selected | None:
    wanted, first = found.wanted, skipped
    count = -1 if wanted is None or wanted > _ALL else wanted
    version = data_version(database)
    damaged = found.damaged(damaged_rows(database))
    while not found.wrong:
        rows = select_rows(database, asked, query.order, first, count)
        found.take(rows)
        if found.wrong:
            break
        if count < 0 or len(rows) < count or len(found.sessions) >= (wanted or 0):
            if first > skipped and version != data_version(database):
                break
            listed = list(found.sessions.values())
            in_order(listed, query.order)
            listed = listed[query.first - skipped :]
            return Selected(sessions=tuple(listed), damaged=tuple(damaged))
        first, count = first + count, 4 * count
    return None
