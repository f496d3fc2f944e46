"""Turns a selection into a query of the index's database."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from clinvk.model.session import Status
from clinvk.store.index.columns import OPEN, SELECTED, Key, Row, Value
from clinvk.store.index.rows import checked_key
from clinvk.store.sessions.selection import (
    Order,
    Selection,
    WordKind,
    as_bytes,
    as_text,
    may_be_status,
    microseconds,
    prefix_in,
)

_ORDERS = {
    Order.LAST: "used DESC, key DESC",
    Order.CREATED: "created DESC, used DESC, key DESC",
    Order.TOKENS: "tokens, used DESC, key DESC",
    Order.COST: "cost, used DESC, key DESC",
    Order.TITLE: "title, used DESC, key DESC",
}

_NATIVE = "{{0}}key IN (SELECT key FROM native WHERE {})"

_COMPARED: Mapping[str, tuple[str, Callable[[Any], Value]]] = {
    "directory": ("{0}cwd = ?", lambda folder: as_bytes(str(Path(folder)))),
    "since": ("{0}used >= ?", microseconds),
    "until": ("{0}used < ?", microseconds),
    "backend": ("{0}backend = ?", as_bytes),
    "archived": ("{0}archived = ?", int),
}
"""The criteria that are compared with one column; the matches are ordered."""

_RESUMABLE = "{0}resumable = 1"

MOST_OPEN = 500
"""With more open turns, which only a home of crashes has, the sessions are read to count them."""

_FEW = 1_000
"""A condition that this many sessions meet is not selective enough to search by its SQL index."""


class _Condition(Struct, frozen=True):
    """A part of a query; `{0}` becomes a plus to keep SQLite from using an SQL index for it.

    `ordered`: its SQL index lists the matches in the order of last use. `scanned`: it has none.
    """

    query: str
    values: tuple[Value, ...] = ()
    ordered: bool = False
    scanned: bool = False


class Asked(Struct, frozen=True):
    """A selection, and the keys of the sessions that match it in all but their current status."""

    selection: Selection
    excluded: tuple[Key, ...] = ()


def select_rows(
    database: sqlite3.Connection, asked: Asked, order: Order, first: int, count: int
) -> list[Row]:
    """The rows that may match the selection, in order, at most `count` (-1: all) from `first` on.

    No match is missing, but check the sessions themselves: rows do not have what `keep` needs, and
    the status of an open turn changes at any time.
    """
    source, where, values = _source(database, asked, order)
    in_order = f"ORDER BY {_ORDERS[order]}"
    if count >= 0:
        # An SQL index may have all that is needed to skip rows, so only those returned are read.
        where = f"key IN (SELECT key FROM {source} WHERE {where} {in_order} LIMIT ? OFFSET ?)"  # noqa: S608  no value in it
        source, values = "entry", [*values, count, first]
    query = f"SELECT {SELECTED} FROM {source} WHERE {where} {in_order}"  # noqa: S608  no value in it
    return _rows(database.execute(query, values))


def count_rows(database: sqlite3.Connection, asked: Asked) -> int:
    """How many rows may match the selection."""
    source, where, values = _source(database, asked, Order.LAST)
    (found,) = database.execute(f"SELECT count(*) FROM {source} WHERE {where}", values).fetchone()  # noqa: S608  no value in it
    return int(found)


def open_rows(database: sqlite3.Connection, selection: Selection) -> list[Row]:
    """The rows that match, or not, depending on what became of their open turn.

    Empty if the status does not matter.
    """
    if selection.status is None and not any(map(may_be_status, selection.words)):
        return []
    where, values = _where(list(_conditions(database, selection)), Asked(selection), None)
    query = (
        f"SELECT {SELECTED} FROM entry INDEXED BY entry_status"  # noqa: S608  no value in it
        f" WHERE {where} AND status = ? LIMIT ?"
    )
    return _rows(database.execute(query, (*values, OPEN, MOST_OPEN + 1)))


def is_exact(selection: Selection) -> bool:
    """Whether every row that may match does match, apart from `open_rows`, so they can be counted.

    These criteria are compared with the columns as with the sessions.
    """
    asked = replace(
        selection,
        archived=None,
        resumable=False,
        backend=None,
        status=None,
        tags=(),
        named=False,
        since=None,
        until=None,
        within=(),
        place=None,
        words=(),
    )
    return asked == Selection()


def _source(
    database: sqlite3.Connection, asked: Asked, order: Order
) -> tuple[str, str, list[Value]]:
    """The table, perhaps with an SQL index to use; the condition; and the values in it."""
    conditions = list(_conditions(database, asked.selection))
    way = _way(database, conditions, order)
    by_words = asked.selection.words and way is not None and way.query == _RESUMABLE
    source = "entry INDEXED BY entry_sought" if by_words else "entry"
    return source, *_where(conditions, asked, way)


def _where(
    conditions: Sequence[_Condition], asked: Asked, way: _Condition | None
) -> tuple[str, list[Value]]:
    """All conditions as one, in which only `way` can use an SQL index; and the values in it."""
    wheres = [one.query.format("" if one is way else "+") for one in conditions]
    values = [value for one in conditions for value in one.values]
    if asked.excluded:
        wheres.append(f"+key NOT IN ({', '.join('?' * len(asked.excluded))})")
        values += asked.excluded
    return " AND ".join(["+used IS NOT NULL", *wheres]), values


def _conditions(database: sqlite3.Connection, selection: Selection) -> Iterator[_Condition]:
    yield from _labels(selection)
    yield from _place(database, selection)
    yield from _equals(selection)
    yield from _words(selection)


def damaged_rows(database: sqlite3.Connection) -> list[Row]:
    """The rows of all records that cannot be read."""
    return _rows(
        database.execute(f"SELECT {SELECTED} FROM entry WHERE watched = 1 AND damaged = 1")  # noqa: S608  no value in it
    )


def all_rows(database: sqlite3.Connection) -> list[Row]:
    """All rows of the index."""
    return _rows(database.execute(f"SELECT {SELECTED} FROM entry"))  # noqa: S608  no value in it


def listed_words(
    database: sqlite3.Connection, table: WordKind, beginning: str, most: int
) -> Iterator[str]:
    """The different words of this kind that begin so, sorted, at most `most`.

    Each is one look-up in the SQL index, however many sessions have it.
    """
    beginning_bytes = as_bytes(beginning)
    query = f"SELECT {table} FROM {table} WHERE {table} {{}} ? ORDER BY {table} LIMIT 1"  # noqa: S608  no value in it
    found = database.execute(query.format(">="), (beginning_bytes,)).fetchone()
    for _ in range(most):
        if found is None or not found[0].startswith(beginning_bytes):
            return
        yield as_text(found[0])
        found = database.execute(query.format(">"), found).fetchone()


def data_version(database: sqlite3.Connection) -> int:
    """A number that changes when another process writes to the database."""
    (version,) = database.execute("PRAGMA data_version").fetchone()
    return int(version)


def _rows(found: sqlite3.Cursor) -> list[Row]:
    return [
        Row(checked_key(key), rebuilt, damaged, opened, tuple(values))
        for key, rebuilt, damaged, opened, *values in found
    ]


def _way(
    database: sqlite3.Connection, conditions: list[_Condition], order: Order
) -> _Condition | None:
    """The condition whose SQL index to use; None to scan all rows in order.

    SQLite would guess, without knowing how many sessions meet each condition. One that few meet is
    best; else one with the right order, because it can stop as soon as there are enough rows.
    """
    for one in (one for one in conditions if not one.scanned):
        among = f"SELECT 1 FROM entry WHERE {one.query.format('')} LIMIT {_FEW}"  # noqa: S608  no value in it
        (found,) = database.execute(f"SELECT count(*) FROM ({among})", one.values).fetchone()  # noqa: S608  no value in it
        if found < _FEW:
            return one
    if order is not Order.LAST:
        return None
    return next((one for one in conditions if one.ordered), None)


def _labels(selection: Selection) -> Iterator[_Condition]:
    if selection.reference is not None:
        asked, prefix = as_bytes(selection.reference), prefix_in(selection.reference)
        query = f"{{0}}name = ? OR {_NATIVE.format('native = ?')}"
        if prefix is None:
            yield _Condition(f"({query})", (asked, asked))
        else:
            query = f"({query} OR ({{0}}key >= ? AND {{0}}key < ?))"
            yield _Condition(query, (asked, asked, prefix, f"{prefix}g"))
    if selection.begins is not None:
        start = as_bytes(selection.begins)
        bounds: dict[str, tuple[Value, Value]] = {"{0}name": (start, start + b"\xff")}
        if selection.begins.isascii():  # as every id is
            bounds["{0}key"] = (selection.begins, f"{selection.begins}\x7f")
        ways = [f"({one} >= ? AND {one} < ?)" for one in bounds]
        values = [end for ends in bounds.values() for end in ends]
        if ":" in selection.begins:
            ways.append(_NATIVE.format("native >= ? AND native < ?"))
            values += bounds["{0}name"]
        yield _Condition(f"({' OR '.join(ways)})", tuple(values))
    if selection.names:
        marks = ", ".join("?" * len(selection.names))
        yield _Condition(f"{{0}}name IN ({marks})", tuple(map(as_bytes, selection.names)))
    if selection.named:
        yield _Condition("{0}name IS NOT NULL")
    for tag in selection.tags:
        query = "{0}key IN (SELECT key FROM tag WHERE tag = ?)"
        yield _Condition(query, (as_bytes(tag),))


def _place(database: sqlite3.Connection, selection: Selection) -> Iterator[_Condition]:
    if selection.within:
        bases = [as_bytes(str(folder).rstrip("/")) for folder in selection.within]
        query = _any_of(["{0}cwd = ? OR ({0}cwd >= ? AND {0}cwd < ?)"] * len(bases))
        # "0" comes after "/".
        values = tuple(one for base in bases for one in (base, base + b"/", base + b"0"))
        yield _Condition(f"({query})", values)
    if selection.place is not None:
        database.create_function("is_place", 1, _once_each(selection.place), deterministic=True)
        yield _Condition("is_place(cwd)", scanned=True)


def _once_each(place: Callable[[str], bool]) -> Callable[[bytes | None], bool]:
    """The test of a row's directory. Each directory is checked once, for all its sessions."""
    known: dict[bytes, bool] = {}

    def is_place(cwd: bytes | None) -> bool:
        if cwd is None:  # a record that cannot be read
            return False
        if (found := known.get(cwd)) is None:
            found = known[cwd] = place(as_text(cwd))
        return found

    return is_place


def _any_of(conditions: list[str]) -> str:
    """The conditions joined by OR, nested in halves: SQLite limits the depth of an expression."""
    if len(conditions) == 1:
        return conditions[0]
    half = len(conditions) // 2
    return f"({_any_of(conditions[:half])}) OR ({_any_of(conditions[half:])})"


def _equals(selection: Selection) -> Iterator[_Condition]:
    for name, (query, value) in _COMPARED.items():
        wanted = getattr(selection, name)
        if wanted is not None:
            yield _Condition(query, (value(wanted),), ordered=True)
    if selection.status is Status.RUNNING:
        yield _Condition("{0}status = ?", (OPEN,), ordered=True)
    elif selection.status is not None:
        yield _Condition("{0}status IN (?, ?)", (OPEN, selection.status.value))
    if selection.resumable:
        yield _Condition(_RESUMABLE, ordered=True)


def _words(selection: Selection) -> Iterator[_Condition]:
    for word in selection.words:
        sought = as_bytes(word)
        if may_be_status(word):
            query = "(status = ? OR instr(status, ?) OR instr(sought, ?))"
            yield _Condition(query, (OPEN, word, sought), scanned=True)
        else:
            yield _Condition("instr(sought, ?)", (sought,), scanned=True)
