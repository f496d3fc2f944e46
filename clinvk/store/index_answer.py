"""Asking the index, and reading what it names: an answer is what the files say."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from clinvk.errors import StoreError
from clinvk.model.session import Session
from clinvk.store import index_sync, reading
from clinvk.store.index_file import IndexBrokenError, IndexUnusableError, opened
from clinvk.store.index_query import damaged_rows, data_version, select_rows
from clinvk.store.index_rows import Row, read_entry
from clinvk.store.index_sync import refresh
from clinvk.store.paths import Home
from clinvk.store.records import DamagedRecord
from clinvk.store.selection import Listed, Order, Selected, Selection, in_order

_TRIES = (False, False, True)
"""An answer may be out of date before it is given. In the last try every file is looked at, thus
also the one that was overwritten in place; then the files are read."""


_ALL = 1 << 31
"""More than this is no limit; SQLite's own numbers end somewhere above it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked; the fields are as in `index.select`."""

    home: Home
    selection: Selection
    order: Order
    limit: int | None
    thorough: bool


def answer(question: Question) -> Selected | None:
    """The answer; None if the index cannot be asked. Raises nothing."""
    for thorough in _TRIES:
        with suppress(IndexBrokenError):
            try:
                found = _answer(question, thorough=question.thorough or thorough)
            except (IndexUnusableError, StoreError, OSError):
                return None
            if found is not None:
                return found
    return None


def look_over(home: Home, pause: Callable[[], bool]) -> None:
    """As `index.look_over` promises."""
    troubles = (IndexUnusableError, IndexBrokenError, StoreError, OSError)
    with suppress(*troubles), opened(home) as database:
        index_sync.look_over(database, home, pause)


def _answer(question: Question, *, thorough: bool) -> Selected | None:
    """None if something changed meanwhile."""
    limit = question.limit
    first, count = 0, -1 if limit is None or limit > _ALL else limit
    sessions: dict[str, Listed] = {}
    with opened(question.home) as database:
        refresh(database, question.home, thorough=thorough)
        version = data_version(database)
        damaged = _read_damaged(question.home, damaged_rows(database))
        while damaged is not None:
            rows = select_rows(database, question.selection, question.order, first, count)
            if not _read(question, rows, sessions):
                break
            if count < 0 or len(rows) < count or len(sessions) >= (question.limit or 0):
                if first and version != data_version(database):
                    break
                listed = list(sessions.values())
                in_order(listed, question.order)
                return Selected(sessions=tuple(listed), damaged=tuple(damaged))
            first, count = first + count, 4 * count
    return None


def _read(question: Question, rows: list[Row], sessions: dict[str, Listed]) -> bool:
    """Add the sessions of those rows that are meant; False if a row is no longer right."""
    for row in rows:
        if len(sessions) == question.limit:
            break
        entry = read_entry(question.home, row.key)
        if entry is None or entry.row != row or not isinstance(entry.found, Session):
            return False
        status = reading.status_of(question.home, entry.found)
        if question.selection.takes(entry.found, status):
            sessions[entry.found.id] = Listed(session=entry.found, status=status)
    return True


def _read_damaged(home: Home, rows: list[Row]) -> list[DamagedRecord] | None:
    """What is damaged; None if a row is no longer right."""
    entries = [read_entry(home, row.key) for row in rows]
    damaged = [
        entry.found
        for entry in entries
        if entry is not None and isinstance(entry.found, DamagedRecord)
    ]
    return damaged if len(damaged) == len(rows) else None
