"""Reads an agent's database without changing it: nothing is written and no file is created.

SQLite's read-only mode does not promise that: it writes to the `-shm` file, and creates an empty
`-wal` file if there is none. So a database without a log is opened as immutable, and one with a log
through a read-only `-shm` file.
"""

import fcntl
import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path

from clinvk.store.files import regular_file

_LOCK_BYTE, _LOCK_SIZE = 0x40000002, 510
"""The bytes that SQLite's readers lock. To remove the log, a process must lock them exclusively."""

_TRIES = 3
_WAIT_S = 0.5


def read_rows(database: Path, query: str, values: Mapping[str, str]) -> Sequence[str] | None:
    """The last column of each row as text; None if the database is missing or cannot be read.

    A transaction that the agent commits meanwhile is included completely or not at all.
    """
    real = Path(os.path.realpath(database))  # a database may be a link, its log never is
    try:
        with regular_file(real) as file:
            for _ in range(_TRIES):
                # In each try: closing any descriptor of a file releases all our locks on it.
                fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB, _LOCK_SIZE, _LOCK_BYTE)
                logged = _has_log(real)
                with suppress(sqlite3.Error):
                    rows = _rows(real, query, values, logged=logged)
                    if logged or not _has_log(real):
                        return rows
    except OSError:  # missing, or a process with an exclusive lock is about to remove the log
        pass
    return None


def _has_log(database: Path) -> bool:
    try:
        return Path(f"{database}-wal").stat().st_size > 0
    except FileNotFoundError:
        return False


def _rows(database: Path, query: str, values: Mapping[str, str], *, logged: bool) -> Sequence[str]:
    how = "readonly_shm=1" if logged else "immutable=1"
    from urllib.parse import quote

    uri = f"file:{quote(os.fspath(database))}?mode=ro&{how}"
    with closing(sqlite3.connect(uri, uri=True, timeout=_WAIT_S)) as opened:
        return [str(row[-1]) for row in opened.execute(query, values)]
