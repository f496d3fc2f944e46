"""Bringing the index up to what the files say, and finding out whether it is.

Every use looks at the marks of the two folders: a file that was added, removed, or replaced by
another changes them, and so does whoever saves by renaming, as editors, `sed -i` and all writers of
ours do (0.1 ms). It also looks at the files that are known to change in place: open turns, damaged
records, transcripts without a record, and what had been changed just before it was read.

Only if a folder's mark differs is each file's mark compared (0.6 s for 100 000, 0.05 s for 10 000),
and only files whose marks differ are read. The same is done when a reference is not found.

A record that another program overwrites in place, without a change of the folder, is therefore
found where it was until it is shown: then it is read, and the index corrected. To look at some
thousand records at each use, so that this shows sooner, cost each command 7 ms.

A change that another program makes to the folder within the 20 microseconds between our look at it
and our stamp on it shows in the file's own mark alone.
"""

import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from clinvk.model.session import Session
from clinvk.store.home import Home
from clinvk.store.index.columns import INSERT, Key
from clinvk.store.index.database import IndexBrokenError, boot_id, writing
from clinvk.store.index.file_signature import file_system_now, folder_mark, stamp
from clinvk.store.index.rows import Entry, checked_key, joint_mark, key_of, read_entry
from clinvk.store.sessions import reading
from clinvk.store.sessions.selection import as_bytes, native_ids

_BATCH = 10_000
"""So many files are read between two commits: a second's work is lost by an interruption."""

FOLDERS = ("sessions", "transcripts")

_Looked = tuple[object, int, int, int, int | None]
"""Key, whether it is rebuilt, open and settled, and the mark, as they stand in the index."""

_LOOKED_AT = "SELECT key, rebuilt, open, settled, mark FROM entry"
_WATCHED = f"{_LOOKED_AT} WHERE watched = 1"


def refresh(database: sqlite3.Connection, home: Home, *, thorough: bool = False) -> None:
    """Make the index say what the files say; `thorough` looks at each file's mark in any case.

    Raises `sqlite3.Error`, `OSError`, `StoreError` and `IndexBrokenError`.
    """
    if thorough or not is_noted(database, home, FOLDERS):
        _compare_all(database, home)
        return
    # A file whose name is no id is there, or the folder's mark differs: it is never read.
    watched = [row for row in database.execute(_WATCHED) if not isinstance(row[0], bytes)]
    correct(database, home, list(_changed(home, watched)))


def correct(database: sqlite3.Connection, home: Home, keys: Collection[Key]) -> None:
    """Read the files of these keys once more, for what the index holds of them is not right.

    Raises as `refresh` does.
    """
    if keys:
        with writing(database):
            now_ns = file_system_now(home.cache)
            for key in keys:
                take(database, key, read_entry(home, key, now_ns))


def is_noted(database: sqlite3.Connection, home: Home, folders: Iterable[str]) -> bool:
    """Whether the folders are as they were when the index was last right about them."""
    noted = dict(database.execute("SELECT what, mark FROM noted"))
    return (
        noted.get("boot") == boot_id()
        and not os.path.lexists(_behind(home))
        and all(noted.get(name) == folder_mark(home.root / name) for name in folders)
    )


def note(database: sqlite3.Connection, what: str, mark: int | str | None) -> None:
    """Note that the index is right while the folder has that mark; None is never right."""
    database.execute("INSERT OR REPLACE INTO noted VALUES (?, ?)", (what, mark))


def take(database: sqlite3.Connection, key: Key, entry: Entry | None) -> None:
    """Put the entry in the place of what the index had under that key."""
    database.execute("DELETE FROM tag WHERE key = ?", (key,))
    database.execute("DELETE FROM native WHERE key = ?", (key,))
    if entry is None:
        database.execute("DELETE FROM entry WHERE key = ?", (key,))
        return
    database.execute(INSERT, entry.values())
    if isinstance(entry.found, Session):
        tags, natives = dict.fromkeys(entry.found.tags), native_ids(entry.found)
        database.executemany(
            "INSERT INTO tag VALUES (?, ?)", [(key, as_bytes(one)) for one in tags]
        )
        rows = [(key, as_bytes(one)) for one in natives]
        database.executemany("INSERT INTO native VALUES (?, ?)", rows)


def say_behind(home: Home) -> None:
    """Leave word that a change was made which the index was not told of. Never raises."""
    with suppress(OSError):
        if not os.path.islink(home.cache):
            _behind(home).mkdir(0o700)


def _behind(home: Home) -> Path:
    return home.cache / "index.behind"


def _compare_all(database: sqlite3.Connection, home: Home) -> None:
    """Compare each file's mark, and read the files whose marks differ.

    The folders are stamped before they are read: what changes from then on is told by their marks,
    also within the same tick of the clock.
    """
    database.execute("PRAGMA cache_size = -65536")  # 64 MiB; 2 MiB would be written over and over
    with writing(database):
        _check_after_boot(database)
        with suppress(OSError):
            _behind(home).rmdir()
        marks = {name: stamp(home.root / name) for name in FOLDERS}
        left = list(_differing(database, home))
        _take_some(database, home, left, marks)
    while left:
        with writing(database):
            _take_some(database, home, left, marks)


def _check_after_boot(database: sqlite3.Connection) -> None:
    found = database.execute("SELECT mark FROM noted WHERE what = 'boot'").fetchone()
    if found in (None, (boot_id(),)):
        return
    if database.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
        raise IndexBrokenError


def _take_some(
    database: sqlite3.Connection, home: Home, left: list[Key], marks: dict[str, int | None]
) -> None:
    """Read a batch of the files left to read, and after the last one note that all is right."""
    now_ns = file_system_now(home.cache)
    for _ in range(min(_BATCH, len(left))):
        key = left.pop()
        take(database, key, read_entry(home, key, now_ns))
    if not left:
        note(database, "boot", boot_id())
        for name, mark in marks.items():
            if mark == folder_mark(home.root / name):
                note(database, name, mark)


def _differing(database: sqlite3.Connection, home: Home) -> Iterator[Key]:
    """The keys of all entries that are not as the index says, those that are gone included."""
    known = {row[0]: row for row in database.execute(_LOOKED_AT)}
    records: set[Key] = set()
    for key, mark in _record_marks(home):
        records.add(key)
        row = known.pop(key, None)
        if row is None or row[1] or mark != row[4] or not row[3]:
            yield key
    for session_id in reading.transcript_ids(home):
        if session_id not in records:
            row = known.pop(session_id, None)
            if row is None or not row[1]:
                yield session_id
            else:
                yield from _changed(home, (row,))
    yield from known


def _record_marks(home: Home) -> Iterator[tuple[Key, int]]:
    """The key of each record, and the mark of its file and its transcript."""
    with _folders(home) as folders:
        for stem in reading.record_stems(home):
            mark = _mark_in(folders, stem, rebuilt=False)
            if mark is not None:
                yield key_of(stem), mark


def _changed(home: Home, rows: Iterable[_Looked]) -> Iterator[Key]:
    """The keys of those rows whose files are not as they were read, or might not be."""
    with _folders(home) as folders:
        for stored, rebuilt, _, settled, mark in rows:
            key = checked_key(stored)
            if not settled:
                yield key
                continue
            now = _mark_in(folders, os.fsdecode(key), rebuilt=bool(rebuilt))
            if now is None or now != mark:
                yield key


_Folders = tuple[int | None, int | None]


@contextmanager
def _folders(home: Home) -> Iterator[_Folders]:
    """The folders of the records and of the transcripts; None for one that is not there."""
    with _folder(home.sessions) as sessions, _folder(home.transcripts) as transcripts:
        yield sessions, transcripts


@contextmanager
def _folder(path: Path) -> Iterator[int | None]:
    """The folder, open: to look at a file by it takes half the time of a whole path."""
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    try:
        yield folder
    finally:
        os.close(folder)


def _mark_in(folders: _Folders, stem: str, *, rebuilt: bool) -> int | None:
    """The mark that `read_entry` would find; None if the session is gone.

    Also None if it has a record although it was `rebuilt`, or has none although it was not.
    """
    record = _stat_in(folders[0], f"{stem}{reading.RECORD}")
    if rebuilt is (record is not None):
        return None
    return joint_mark(record, _stat_in(folders[1], f"{stem}{reading.TRANSCRIPT}"))


def _stat_in(folder: int | None, name: str) -> os.stat_result | None:
    if folder is None:
        return None
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
