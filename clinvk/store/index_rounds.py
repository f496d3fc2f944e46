"""Which sessions a use of the index looks at again although no folder has changed.

A record that is overwritten in place shows only in its own mark. What every use looks at, and what
that costs here, with 100 000 sessions as with 3 000:

- the files that are known to change in place: open turns, damaged records, transcripts without a
  record, and whatever had been changed just before it was read;
- the `RECENT` sessions used last (6 ms);
- `SOME` others, those that come after the ones that the last use looked at (1.5 ms).

With fewer than `RECENT` sessions that is all of them; else every session is looked at in so many
uses as there are `SOME` in all of them. To look at all 100 000 each time would take 0.6 s.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from clinvk.store.index_file import BUSY_S

RECENT = 2_000
SOME = 500

Looked = tuple[object, int, int, int, int | None]
"""Key, whether it is rebuilt, open and settled, and the mark, as they stand in the index."""

LOOKED_AT = "SELECT key, rebuilt, open, settled, mark FROM entry"
_WATCHED = f"{LOOKED_AT} WHERE watched = 1"
_RECENT = f"{LOOKED_AT} WHERE used IS NOT NULL ORDER BY used DESC, key DESC LIMIT {RECENT}"
_NEXT = f"{LOOKED_AT} WHERE key > ? ORDER BY key LIMIT {SOME}"

_CURSOR = "cursor"


def due(database: sqlite3.Connection) -> list[Looked]:
    """What this use looks at, each once."""
    recent = database.execute(_RECENT).fetchall()
    rows = [*database.execute(_WATCHED), *recent]
    if len(recent) == RECENT:
        rows += _next(database)
    return list({row[0]: row for row in rows}.values())


def in_steps(database: sqlite3.Connection) -> Iterator[list[Looked]]:
    """All there is, `SOME` at a time."""
    after: object = ""
    while rows := database.execute(_NEXT, (after,)).fetchall():
        yield rows
        after = rows[-1][0]


def _next(database: sqlite3.Connection) -> list[Looked]:
    """Those that come after the ones of the last use; after the last of all, the first."""
    found = database.execute("SELECT mark FROM noted WHERE what = ?", (_CURSOR,)).fetchone()
    rows: list[Looked] = database.execute(_NEXT, (found[0] if found else "",)).fetchall()
    after = rows[-1][0] if len(rows) == SOME else ""
    # Where it cannot be written now, by a reader or because another writes, nobody waits for it.
    with _without_waiting(database), suppress(sqlite3.OperationalError):
        database.execute("INSERT OR REPLACE INTO noted VALUES (?, ?)", (_CURSOR, after))
    return rows


@contextmanager
def _without_waiting(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("PRAGMA busy_timeout = 0")
    try:
        yield
    finally:
        database.execute(f"PRAGMA busy_timeout = {round(BUSY_S * 1000)}")
