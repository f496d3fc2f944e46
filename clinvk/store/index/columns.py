"""The columns of the index in one table: name, declaration, and its value of a session.

Not what is shown: an answer is read from the records that it consists of (20 of them take 2 ms), so
the index can be wrong about which sessions are meant, never about what they say.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from clinvk.model.session import Session
from clinvk.store.sessions.selection import (
    alphabetical,
    as_bytes,
    is_resumable,
    largest_first,
    microseconds,
    native_ids,
    sought_in,
)

Key = str | bytes
"""An id; of a file whose name is none, that name without its ending, in the system's bytes."""

Value = str | bytes | int | None

OPEN = "open"
"""In place of a status: running or interrupted, or over without the record knowing."""


class Column(NamedTuple):
    """A column of the table `entry`; `value` is of a session and of whether its turn is open."""

    name: str
    declared: str
    value: Callable[[Session, bool], Value]


COLUMNS = (
    Column("name", "BLOB", lambda told, _: _maybe(told.name)),
    Column("natives", "BLOB", lambda told, _: json.dumps(native_ids(told)).encode()),
    Column("backend", "BLOB", lambda told, _: as_bytes(told.backend)),
    Column("status", "TEXT", lambda told, is_open: OPEN if is_open else told.status.value),
    Column("resumable", "INTEGER", lambda told, _: int(is_resumable(told))),
    Column("archived", "INTEGER", lambda told, _: int(told.archived)),
    Column("cwd", "BLOB", lambda told, _: as_bytes(str(Path(told.cwd)))),
    Column("used", "INTEGER", lambda told, _: microseconds(told.last_used_at)),
    Column("created", "INTEGER", lambda told, _: microseconds(told.created_at)),
    Column("tokens", "INTEGER", lambda told, _: largest_first(told)),
    Column("title", "BLOB", lambda told, _: alphabetical(told)),
    Column("tags", "BLOB", lambda told, _: json.dumps(told.tags).encode()),
    Column("sought", "BLOB", lambda told, _: as_bytes(sought_in(told))),
)
"""They come after the fields of `Row`, and before what is known of the files."""


class Row(NamedTuple):
    """A row of the table `entry`, but for what is known of its file; of damage without `values`."""

    key: Key
    rebuilt: int
    damaged: int
    open: int
    values: tuple[Value, ...] = (None,) * len(COLUMNS)


SELECTED = ", ".join((*Row._fields[:-1], *(column.name for column in COLUMNS)))
"""What is asked of a row, for `row_of`."""

DECLARED = ", ".join(
    (
        "key PRIMARY KEY NOT NULL",
        *(f"{name} INTEGER NOT NULL" for name in Row._fields[1:-1]),
        *(f"{column.name} {column.declared}" for column in COLUMNS),
        "mark INTEGER, settled INTEGER NOT NULL, watched INTEGER NOT NULL",
    )
)

_PLACES = ", ".join("?" * (len(Row._fields) - 1 + len(COLUMNS) + 3))
INSERT = f"INSERT OR REPLACE INTO entry VALUES ({_PLACES})"  # noqa: S608  no value in it


def values_of(told: Session, *, is_open: bool) -> tuple[Value, ...]:
    """The values of a session's columns."""
    return tuple(column.value(told, is_open) for column in COLUMNS)


def row_of(found: tuple[Value, ...]) -> Row:
    """The row that was `SELECTED`; whether its key is one is for `checked_key` to say."""
    key, rebuilt, damaged, opened, *values = found
    return Row(key, rebuilt, damaged, opened, tuple(values))  # type: ignore[arg-type]  # as declared


def _maybe(text: str | None) -> bytes | None:
    return None if text is None else as_bytes(text)
