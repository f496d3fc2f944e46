"""An agent's own database, read without a trace: nothing is written, no file beside it is made.

SQLite's read-only mode alone does not promise that. It writes its marks into the `-shm` file, and
makes an empty `-wal` file where there was none. So without a log the database is read as one that
cannot change, and with one through an index of the log that is looked at and not written to.
"""

import fcntl
import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from clinvk.store.files import open_regular

_LOCK_BYTE, _LOCK_SIZE = 0x40000002, 510
"""Where SQLite's readers lock a database; whoever removes its log needs these bytes alone."""

_TRIES = 3
_WAIT_S = 0.5


def read_rows(database: Path, query: str, values: Mapping[str, str]) -> Sequence[str] | None:
    """The last column of each row as text; None if the database is missing or cannot tell.

    What an agent writes meanwhile is in the rows as a whole or not at all.
    """
    real = Path(os.path.realpath(database))  # a database may be a link, its log never is
    try:
        file = open_regular(real)
    except OSError:
        return None
    try:
        for _ in range(_TRIES):
            # Anew each time: closing any descriptor of a file gives up all our locks on it.
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB, _LOCK_SIZE, _LOCK_BYTE)
            logged = _has_log(real)
            with suppress(sqlite3.Error):
                rows = _rows(real, query, values, logged=logged)
                if logged or not _has_log(real):
                    return rows
    except OSError:  # whoever has it alone is about to remove the log
        return None
    finally:
        os.close(file)
    return None


def _has_log(database: Path) -> bool:
    try:
        return Path(f"{database}-wal").stat().st_size > 0
    except FileNotFoundError:
        return False


def _rows(database: Path, query: str, values: Mapping[str, str], *, logged: bool) -> Sequence[str]:
    how = "readonly_shm=1" if logged else "immutable=1"
    uri = f"file:{quote(os.fspath(database))}?mode=ro&{how}"
    with closing(sqlite3.connect(uri, uri=True, timeout=_WAIT_S)) as opened:
        return [str(row[-1]) for row in opened.execute(query, values)]
