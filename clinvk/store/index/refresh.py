"""Updates the index from the files, and finds out whether it is up to date.

Every use checks the signatures of the two folders (0.1 ms). They change when a file is added,
removed or replaced, also by saving through a rename, as editors, `sed -i` and all our own writers
do. It also checks the files that change in place: open turns, damaged records, transcripts without
a record, and files that were changed just before they were read.

Only if a folder's signature differs is the signature of each file compared (0.6 s for 100 000,
0.05 s for 10 000), and only files whose signature differs are read. The same is done when a
reference is not found.

A record that another program overwrites in place, without a change of the folder, is therefore
selected by its old values until it is shown: then it is read, and the index corrected. Checking a
few thousand records at each use, to see this sooner, cost each command 7 ms.

A change that another program makes to the folder within the 20 microseconds between our check and
our stamp shows only in the file's own signature.
"""

import os
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from clinvk.errors import StoreError
from clinvk.model.progress import Progress, unwatched
from clinvk.model.session import Session
from clinvk.store.home import Home
from clinvk.store.index.columns import INSERT, Key
from clinvk.store.index.database import (
    IndexBrokenError,
    IndexUnusableError,
    boot_id,
    opened,
    writing,
)
from clinvk.store.index.file_signature import file_system_now, folder_signature, stamp
from clinvk.store.index.rows import (
    Entry,
    checked_key,
    joint_signature,
    key_of,
    read_entry,
    written_entry,
)
from clinvk.store.sessions import reading
from clinvk.store.sessions.selection import WORDS, as_bytes

_BATCH = 1_000
"""Number of files read between two commits. An interruption loses a tenth of a second of work."""

FOLDERS = ("sessions", "transcripts")

_Looked = tuple[object, int, int, int, int | None]
"""From the index: key, whether it is rebuilt, open and settled, and the signature."""

_LOOKED_AT = "SELECT key, rebuilt, open, settled, signature FROM entry"
_WATCHED = f"{_LOOKED_AT} WHERE watched = 1"


def refresh(
    database: sqlite3.Connection,
    home: Home,
    *,
    thorough: bool = False,
    progress: Progress = unwatched,
) -> None:
    """Update the index from the files; `thorough` always checks the signature of each file.

    `progress` counts the sessions whose files were read, as far as they are committed.

    Raises `sqlite3.Error`, `OSError`, `StoreError` and `IndexBrokenError`.
    """
    if thorough or not is_noted(database, home, FOLDERS):
        _compare_all(database, home, progress)
        return
    # A file whose name is not an id is never read: the folder's signature shows that it exists.
    watched = [row for row in database.execute(_WATCHED) if not isinstance(row[0], bytes)]
    correct(database, home, list(_changed(home, watched)))


def correct(database: sqlite3.Connection, home: Home, keys: Collection[Key]) -> None:
    """Read the files of these keys again and correct the index. Raises like `refresh`."""
    if keys:
        with writing(database):
            now_ns = file_system_now(home.cache)
            for key in keys:
                take(database, key, read_entry(home, key, now_ns))


def is_noted(database: sqlite3.Connection, home: Home, folders: Iterable[str]) -> bool:
    """Whether the folders are unchanged since the index last matched them."""
    noted = dict(database.execute("SELECT what, signature FROM noted"))
    return (
        noted.get("boot") == boot_id()
        and not os.path.lexists(_behind(home))
        and all(noted.get(name) == folder_signature(home.root / name) for name in folders)
    )


def note(database: sqlite3.Connection, what: str, signature: int | str | None) -> None:
    """Note that the index matches the folder with this signature; None never matches."""
    database.execute("INSERT OR REPLACE INTO noted VALUES (?, ?)", (what, signature))


def take(database: sqlite3.Connection, key: Key, entry: Entry | None) -> None:
    """Replace the entry of this key in the index; None deletes it."""
    for table in (*WORDS, "entry"):
        database.execute(f"DELETE FROM {table} WHERE key = ?", (key,))  # noqa: S608  ours
    if entry is None:
        return
    database.execute(INSERT, entry.values())
    if isinstance(entry.found, Session):
        for table, words_of in WORDS.items():
            rows = [(key, as_bytes(one)) for one in dict.fromkeys(words_of(entry.found))]
            database.executemany(f"INSERT INTO {table} VALUES (?, ?)", rows)  # noqa: S608  ours


def change_and_update(
    home: Home, ids: Sequence[str], folders: Sequence[str], act: Callable[[], object]
) -> None:
    """Call `act` and update the index, see `index.change`.

    Other writers of the index wait from the check of the folder until it is stamped, 0.1 ms later.
    Slow work, such as syncing the new file to the disk, is done before.
    """
    outcome: list[Exception | None] = []  # of the one call

    def call() -> None:
        try:
            act()
            outcome.append(None)
        except Exception as error:  # noqa: BLE001  raised to the caller later, unchanged
            outcome.append(error)

    try:
        with opened(home) as database, writing(database):
            known = [name for name in folders if is_noted(database, home, (name,))]
            call()
            for name in known:
                note(database, name, stamp(home.root / name))
            for session_id in ids:
                take(database, session_id, written_entry(home, session_id))
    except (IndexBrokenError, IndexUnusableError):
        if not outcome:
            call()
            # Another process may be noting at this moment that the index matches the folder.
            mark_as_behind(home)
    if outcome[0] is not None:
        raise outcome[0]


def mark_as_behind(home: Home) -> None:
    """Have the next use of the index compare it with all files. Never raises."""
    with suppress(OSError):
        if not os.path.islink(home.cache):
            _behind(home).mkdir(0o700)


def catch_up(home: Home) -> None:
    """Compare the index with all files now, else at the next use. Never raises."""
    mark_as_behind(home)
    with suppress(IndexBrokenError, IndexUnusableError, StoreError, OSError), opened(home) as known:
        refresh(known, home)


def _behind(home: Home) -> Path:
    return home.cache / "index.behind"


def _compare_all(database: sqlite3.Connection, home: Home, progress: Progress) -> None:
    """Compare the signature of each file, and read the files whose signature differs.

    The folders are stamped before they are read: all later changes then show in their signatures,
    even within the same tick of the clock.
    """
    database.execute("PRAGMA cache_size = -65536")  # 64 MiB; with 2 MiB pages are rewritten
    with writing(database):
        _check_after_boot(database)
        with suppress(OSError):
            _behind(home).rmdir()
        signatures = {name: stamp(home.root / name) for name in FOLDERS}
        left = list(_differing(database, home))
        total = len(left)
        _take_some(database, home, left, signatures)
    progress(total - len(left), total)
    while left:
        with writing(database):
            _take_some(database, home, left, signatures)
        progress(total - len(left), total)


def _check_after_boot(database: sqlite3.Connection) -> None:
    found = database.execute("SELECT signature FROM noted WHERE what = 'boot'").fetchone()
    if found in (None, (boot_id(),)):
        return
    if database.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
        raise IndexBrokenError


def _take_some(
    database: sqlite3.Connection, home: Home, left: list[Key], signatures: dict[str, int | None]
) -> None:
    """Read a batch of the remaining files; after the last one note that the index is right."""
    now_ns = file_system_now(home.cache)
    for _ in range(min(_BATCH, len(left))):
        key = left.pop()
        take(database, key, read_entry(home, key, now_ns))
    if not left:
        note(database, "boot", boot_id())
        for name, signature in signatures.items():
            if signature == folder_signature(home.root / name):
                note(database, name, signature)


def _differing(database: sqlite3.Connection, home: Home) -> Iterator[Key]:
    """The keys of all entries that differ from the index, including deleted ones."""
    known = {row[0]: row for row in database.execute(_LOOKED_AT)}
    records: set[Key] = set()
    for key, signature in _record_signatures(home):
        records.add(key)
        row = known.pop(key, None)
        if row is None or row[1] or signature != row[4] or not row[3]:
            yield key
    for session_id in reading.transcript_ids(home):
        if session_id not in records:
            row = known.pop(session_id, None)
            if row is None or not row[1]:
                yield session_id
            else:
                yield from _changed(home, (row,))
    yield from known


def _record_signatures(home: Home) -> Iterator[tuple[Key, int]]:
    """The key of each record, and the signature of its file and its transcript."""
    with _folders(home) as folders:
        for stem in reading.record_stems(home):
            signature = _signature_in(folders, stem, rebuilt=False)
            if signature is not None:
                yield key_of(stem), signature


def _changed(home: Home, rows: Iterable[_Looked]) -> Iterator[Key]:
    """The keys of the rows whose files have changed, or may have changed, since they were read."""
    with _folders(home) as folders:
        for stored, rebuilt, _, settled, signature in rows:
            key = checked_key(stored)
            if not settled:
                yield key
                continue
            now = _signature_in(folders, os.fsdecode(key), rebuilt=bool(rebuilt))
            if now is None or now != signature:
                yield key


_Folders = tuple[int | None, int | None]


@contextmanager
def _folders(home: Home) -> Iterator[_Folders]:
    """Descriptors of the folders of records and transcripts; None for a missing folder."""
    with _folder(home.sessions) as sessions, _folder(home.transcripts) as transcripts:
        yield sessions, transcripts


@contextmanager
def _folder(path: Path) -> Iterator[int | None]:
    """A descriptor of the folder. A stat relative to it takes half the time of a full path."""
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    try:
        yield folder
    finally:
        os.close(folder)


def _signature_in(folders: _Folders, stem: str, *, rebuilt: bool) -> int | None:
    """The signature that `read_entry` would find; None if the session is deleted.

    Also None if a `rebuilt` session now has a record, or another one has lost it.
    """
    record = _stat_in(folders[0], f"{stem}{reading.RECORD}")
    if rebuilt is (record is not None):
        return None
    return joint_signature(record, _stat_in(folders[1], f"{stem}{reading.TRANSCRIPT}"))


def _stat_in(folder: int | None, name: str) -> os.stat_result | None:
    if folder is None:
        return None
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
