"""The columns of the index in one table: name, declaration, and value for a session.

They only select sessions. What is shown is read from the records (20 take 2 ms), so the index can
be wrong about which sessions match, never about their content.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from clinvk.model.session import Session
from clinvk.store.sessions.selection import (
    WORDS,
    alphabetical,
    as_bytes,
    dearest_first,
    is_resumable,
    largest_first,
    microseconds,
    native_ids,
    sought_in,
)

Key = str | bytes
"""A session id; for a file whose name is not an id, the name without its ending, as bytes."""

Value = str | bytes | int | float | None

OPEN = "open"
"""Instead of a status: running, interrupted, or ended without an update of the record."""


class Column(NamedTuple):
    """A column of the table `entry`; `value` receives a session and whether its turn is open."""

    name: str
    declared: str
    value: Callable[[Session, bool], Value]


COLUMNS = (
    Column("name", "BLOB", lambda session, _: _maybe(session.name)),
    Column("natives", "BLOB", lambda session, _: json.dumps(native_ids(session)).encode()),
    Column("backend", "BLOB", lambda session, _: as_bytes(session.backend)),
    Column("status", "TEXT", lambda session, is_open: OPEN if is_open else session.status.value),
    Column("resumable", "INTEGER", lambda session, _: int(is_resumable(session))),
    Column("archived", "INTEGER", lambda session, _: int(session.archived)),
    Column("cwd", "BLOB", lambda session, _: as_bytes(str(Path(session.cwd)))),
    Column("used", "INTEGER", lambda session, _: microseconds(session.last_used_at)),
    Column("created", "INTEGER", lambda session, _: microseconds(session.created_at)),
    Column("tokens", "INTEGER", lambda session, _: largest_first(session)),
    Column("cost", "REAL", lambda session, _: dearest_first(session)),
    Column("title", "BLOB", lambda session, _: alphabetical(session)),
    Column("tags", "BLOB", lambda session, _: json.dumps(session.tags).encode()),
    Column("sought", "BLOB", lambda session, _: as_bytes(sought_in(session))),
)
"""They follow the fields of `Row`; the columns about the files come last."""


class Row(NamedTuple):
    """A row of `entry` without the columns about its files; a damaged one has no `values`."""

    key: Key
    rebuilt: int
    damaged: int
    open: int
    values: tuple[Value, ...] = (None,) * len(COLUMNS)


SELECTED = ", ".join((*Row._fields[:-1], *(column.name for column in COLUMNS)))
"""The columns of a `Row`, in order. Check its key with `checked_key`."""

WORDS_DECLARED = "".join(
    f"CREATE TABLE {name} (key NOT NULL, {name} BLOB NOT NULL, PRIMARY KEY (key, {name}))"
    f" WITHOUT ROWID; CREATE INDEX {name}_by_{name} ON {name} ({name}, key);"
    for name in WORDS
)
"""A table for each kind of words; the column has the name of the table."""

DECLARED = ", ".join(
    (
        "key PRIMARY KEY NOT NULL",
        *(f"{name} INTEGER NOT NULL" for name in Row._fields[1:-1]),
        *(f"{column.name} {column.declared}" for column in COLUMNS),
        "signature INTEGER, settled INTEGER NOT NULL, watched INTEGER NOT NULL",
    )
)

_PLACES = ", ".join("?" * (len(Row._fields) - 1 + len(COLUMNS) + 3))
INSERT = f"INSERT INTO entry VALUES ({_PLACES})"  # noqa: S608  no value in it


def values_of(session: Session, *, is_open: bool) -> tuple[Value, ...]:
    """The values of `COLUMNS` for a session."""
    return tuple(column.value(session, is_open) for column in COLUMNS)


def _maybe(text: str | None) -> bytes | None:
    return None if text is None else as_bytes(text)
