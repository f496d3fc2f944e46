"""Opens, creates and deletes the database of the index. Its columns are in `columns`.

Writes do not wait for the disk, because the database can be rebuilt. A killed process still leaves
it intact, thanks to SQLite's journal. A power failure can damage it, so its integrity is checked
before the first use after a reboot.
"""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from clinvk.errors import StoreError
from clinvk.store.files import ensure_private_dir, open_private
from clinvk.store.home import Home
from clinvk.store.index.columns import DECLARED, WORDS_DECLARED

VERSION = 7
"""Version of the tables below. A file of another version is deleted."""

BUSY_S = 0.05
"""How long to wait for another process. After that the files are read without the index."""

_BESIDE = ("-journal", "-wal", "-shm")
"""The endings of SQLite's own files next to the database."""

_BOOT_ID = "/proc/sys/kernel/random/boot_id"

_TABLES = f"""
CREATE TABLE entry ({DECLARED}) WITHOUT ROWID;
CREATE INDEX entry_used ON entry (used, key);
CREATE INDEX entry_archived ON entry (archived, used, key);
CREATE INDEX entry_resumable ON entry (resumable, used, key);
CREATE INDEX entry_backend ON entry (backend, used, key);
CREATE INDEX entry_status ON entry (status, used, key);
CREATE INDEX entry_cwd ON entry (cwd, used, key);
CREATE INDEX entry_created ON entry (created DESC, used DESC, key DESC);
CREATE INDEX entry_tokens ON entry (tokens, used DESC, key DESC);
CREATE INDEX entry_title ON entry (title, used DESC, key DESC);
CREATE INDEX entry_cost ON entry (cost, used DESC, key DESC);
CREATE INDEX entry_sought ON entry (resumable, used, key, sought, status, backend, cwd);
CREATE INDEX entry_name ON entry (name) WHERE name IS NOT NULL;
CREATE INDEX entry_watched ON entry (key) WHERE watched = 1;
{WORDS_DECLARED}
CREATE TABLE noted (what TEXT PRIMARY KEY, signature) WITHOUT ROWID;
"""

# Errors that do not mean that the file is damaged; it is kept.
_NOT_ITS_FAULT = (
    "SQLITE_BUSY",
    "SQLITE_LOCKED",
    "SQLITE_READONLY",
    "SQLITE_CANTOPEN",
    "SQLITE_IOERR",
    "SQLITE_FULL",
    "SQLITE_PERM",
    "SQLITE_NOMEM",
    "SQLITE_INTERRUPT",
)


class IndexUnusableError(Exception):
    """The index cannot be used this time; the files are read without it."""


class IndexBrokenError(Exception):
    """The content of the index is invalid."""


def boot_id() -> str:
    """An id that changes with each boot of the machine; empty if the system has none."""
    try:
        with open(_BOOT_ID, encoding="ascii") as file:  # noqa: PTH123  this costs every command
            return file.read().strip()
    except OSError:
        return ""


@contextmanager
def opened(home: Home) -> Iterator[sqlite3.Connection]:
    """The database, created if it does not exist.

    Raises `IndexUnusableError`. A file that is damaged or has another version is deleted, and
    `IndexBrokenError` is raised: try again.
    """
    try:
        if not exists(home):
            ensure_private_dir(home.cache)
            os.close(open_private(home.index, os.O_RDWR))
        with closing(sqlite3.connect(home.index, timeout=BUSY_S, isolation_level=None)) as database:
            _prepare(database)
            yield database
    except (StoreError, OSError) as error:
        raise IndexUnusableError from error
    except (sqlite3.Error, UnicodeDecodeError) as error:
        if _is_not_its_fault(error):
            raise IndexUnusableError from error
        throw_away(home)
        raise IndexBrokenError from error
    except IndexBrokenError:
        throw_away(home)
        raise


@contextmanager
def opened_to_read(home: Home) -> Iterator[sqlite3.Connection | None]:
    """The database, read-only: nothing is created, repaired or deleted.

    None if it does not exist or has another version. Raises `IndexUnusableError`, and
    `IndexBrokenError` if its content is invalid.
    """
    try:
        if not exists(home):
            yield None
            return
        where = f"{home.index.absolute().as_uri()}?mode=ro"
        database = sqlite3.connect(where, uri=True, timeout=BUSY_S, isolation_level=None)
        with closing(database):
            (version,) = database.execute("PRAGMA user_version").fetchone()
            yield database if version == VERSION else None
    except (sqlite3.Error, UnicodeDecodeError) as error:
        broken = IndexUnusableError if _is_not_its_fault(error) else IndexBrokenError
        raise broken from error


@contextmanager
def writing(database: sqlite3.Connection) -> Iterator[None]:
    """Lock out other writers; all changes inside are committed at the end, or none."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    finally:
        if database.in_transaction:
            database.execute("ROLLBACK")


def throw_away(home: Home) -> None:
    """Delete the database. If a symlink is in its place, the link is deleted, not its target."""
    path = home.index
    with suppress(OSError):
        if not stat.S_ISDIR(os.lstat(home.cache).st_mode):
            return
        for ending in ("", *_BESIDE):
            with suppress(FileNotFoundError):
                os.unlink(f"{path}{ending}")  # noqa: PTH108  a str, because of the ending


def exists(home: Home) -> bool:
    """Whether the database exists. Raises like `opened` if something else is in its place."""
    try:
        folder, found = os.lstat(home.cache), os.lstat(home.index)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise IndexUnusableError from error
    if not stat.S_ISDIR(folder.st_mode):
        raise IndexUnusableError
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        raise IndexBrokenError
    for ending in _BESIDE:
        with suppress(OSError):
            beside = os.lstat(f"{home.index}{ending}")
            # SQLite would follow a link here and write to its target.
            if not stat.S_ISREG(beside.st_mode) or beside.st_nlink > 1:
                raise IndexBrokenError
    return True


def _prepare(database: sqlite3.Connection) -> None:
    database.execute("PRAGMA synchronous = OFF")
    database.execute("PRAGMA secure_delete = ON")  # a deleted title must not stay in the file
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version == VERSION:
        return
    if version:
        raise IndexBrokenError
    with writing(database):
        if database.execute("PRAGMA user_version").fetchone() != (0,):
            return  # another process was faster
        if database.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise IndexBrokenError
        for statement in filter(str.strip, _TABLES.split(";")):
            database.execute(statement)
        database.execute(f"PRAGMA user_version = {VERSION}")


def _is_not_its_fault(error: sqlite3.Error | UnicodeDecodeError) -> bool:
    """Whether the file may still be intact.

    `UnicodeDecodeError` comes from an SQLite message that quotes damaged text.
    """
    name = getattr(error, "sqlite_errorname", None) or ""
    return name.startswith(_NOT_ITS_FAULT)
