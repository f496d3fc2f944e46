"""What the index holds of a session: what lists are filtered and sorted by, and the file's mark.

Not what is shown: an answer is read from the records that it consists of (20 of them take 2 ms), so
the index can be wrong about which sessions are meant, never about what they say.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from clinvk.model.session import Session
from clinvk.store import reading, records
from clinvk.store.index_file import IndexBrokenError
from clinvk.store.marks import ABSENT, is_settled, mark_of
from clinvk.store.paths import Home, is_session_id
from clinvk.store.records import DamagedRecord
from clinvk.store.selection import (
    alphabetical,
    as_bytes,
    is_resumable,
    largest_first,
    microseconds,
    native_id,
    sought_in,
)

Key = str | bytes
"""An id; of a file whose name is none, that name without its ending, in the system's bytes."""

Value = str | bytes | int | None

OPEN = "open"
"""In place of a status: running or interrupted, or over without the record knowing."""


class Row(NamedTuple):
    """A row of the table `entry`, but for what is known of its file."""

    key: Key
    rebuilt: int
    damaged: int
    open: int
    name: bytes | None = None
    native: bytes | None = None
    backend: bytes | None = None
    status: str | None = None
    resumable: int = 0
    archived: int | None = None
    cwd: bytes | None = None
    used: int | None = None
    created: int | None = None
    tokens: int | None = None
    title: bytes | None = None
    tags: bytes | None = None
    sought: bytes | None = None


_MARKS = ", ".join("?" * (len(Row._fields) + 3))
INSERT = f"INSERT OR REPLACE INTO entry VALUES ({_MARKS})"  # noqa: S608  no value in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the files of one session say at this moment, and by what to tell that they still do.

    `found` is the session with what its transcript knows better. `mark` is None if it is not known.
    """

    row: Row
    found: Session | DamagedRecord
    mark: int | None
    settled: bool

    @property
    def watched(self) -> bool:
        """Whether every use looks at the files again: they change without any folder changing."""
        return bool(self.row.open or self.row.damaged or self.row.rebuilt or not self.settled)

    def values(self) -> tuple[Value, ...]:
        """The row as it is stored."""
        return (*self.row, self.mark, int(self.settled), int(self.watched))


def checked_key(key: object) -> Key:
    """The key that stood in the database; it becomes part of a path. Raises `IndexBrokenError`."""
    if isinstance(key, bytes) or (isinstance(key, str) and is_session_id(key)):
        return key
    raise IndexBrokenError


def key_of(stem: str) -> Key:
    """The key of the record whose name without its ending that is."""
    return stem if is_session_id(stem) else os.fsencode(stem)


def read_entry(home: Home, key: Key, now_ns: int = 0) -> Entry | None:
    """The entry of that key as the files say, None if there are none. Raises `OSError`.

    The marks are taken before the files are read: a change meanwhile makes them differ later.
    `now_ns` is the file system's time, by which they are settled or not; without it they are not.
    """
    path = _record(home, key)
    try:
        found = os.lstat(path)
        if isinstance(key, bytes):
            damage = DamagedRecord(Path(path), None, reading.NO_ID)
            return _entry(key, damage, found, now_ns)
        told = records.read(path, session_id=key)
    except FileNotFoundError:
        return None if isinstance(key, bytes) else _rebuilt(home, key, now_ns)
    if isinstance(told, DamagedRecord) or told.open_turn is None:
        return _entry(key, told, found, now_ns)
    return _open(home, key, told, found, now_ns)


def written_entry(home: Home, key: str) -> Entry | None:
    """As `read_entry`, of what was just written, without looking into transcripts.

    They may be long, and it will be looked at again anyway. Raises `OSError`.
    """
    path = _record(home, key)
    try:
        found = os.lstat(path)
        told = records.read(path, session_id=key)
    except FileNotFoundError:
        place = home.transcript(key)
        if not os.path.lexists(place):
            return None
        damage = DamagedRecord(place, key, "")
        return Entry(row=_row(key, damage, rebuilt=True), found=damage, mark=None, settled=False)
    is_open = isinstance(told, Session) and told.open_turn is not None
    mark = None if is_open else mark_of(found)
    return Entry(row=_row(key, told, is_open=is_open), found=told, mark=mark, settled=False)


def mark_at(home: Home, key: Key, *, rebuilt: bool) -> int | None:
    """The mark that `read_entry` would find for an entry that a transcript has a say in.

    That is one without a record, or one whose turn is open. None if it is another now, or gone.
    Raises `OSError`.
    """
    try:
        if rebuilt:
            return None if os.path.lexists(_record(home, key)) else _transcript_mark(home, key)
        mark = mark_of(os.lstat(_record(home, key)))
    except FileNotFoundError:
        return None
    return hash((mark, _transcript_mark(home, key) or ABSENT))


def _record(home: Home, key: Key) -> str:
    return f"{home.sessions}{os.sep}{os.fsdecode(key)}{reading.RECORD}"


def _transcript_mark(home: Home, key: Key) -> int | None:
    try:
        return mark_of(
            os.lstat(f"{home.transcripts}{os.sep}{os.fsdecode(key)}{reading.TRANSCRIPT}")
        )
    except FileNotFoundError:
        return None


def _entry(key: Key, told: Session | DamagedRecord, found: os.stat_result, now_ns: int) -> Entry:
    settled = is_settled(found, now_ns)
    return Entry(row=_row(key, told), found=told, mark=mark_of(found), settled=settled)


def _open(home: Home, key: str, told: Session, found: os.stat_result, now_ns: int) -> Entry:
    """A session whose turn is open: its transcript may know better."""
    try:
        transcript = os.lstat(home.transcript(key))
    except FileNotFoundError:
        mark, settled = ABSENT, True
    else:
        mark, settled = mark_of(transcript), is_settled(transcript, now_ns)
    session = reading.current(home, told)
    return Entry(
        row=_row(key, session, is_open=True),
        found=session,
        mark=hash((mark_of(found), mark)),
        settled=settled and is_settled(found, now_ns),
    )


def _rebuilt(home: Home, key: str, now_ns: int) -> Entry | None:
    """A session without a record."""
    try:
        found = os.lstat(home.transcript(key))
    except FileNotFoundError:
        return None
    told = reading.read_orphan(home, key)
    if told is None:
        return None
    is_open = isinstance(told, Session) and told.open_turn is not None
    return Entry(
        row=_row(key, told, rebuilt=True, is_open=is_open),
        found=told,
        mark=mark_of(found),
        settled=is_settled(found, now_ns),
    )


def _row(
    key: Key, told: Session | DamagedRecord, *, rebuilt: bool = False, is_open: bool = False
) -> Row:
    if isinstance(told, DamagedRecord):
        return Row(key=key, rebuilt=int(rebuilt), damaged=1, open=0)
    name, native = told.name, native_id(told)
    return Row(
        key=key,
        rebuilt=int(rebuilt),
        damaged=0,
        open=int(is_open),
        name=None if name is None else as_bytes(name),
        native=None if native is None else as_bytes(native),
        backend=as_bytes(told.backend),
        status=OPEN if is_open else told.status.value,
        resumable=int(is_resumable(told)),
        archived=int(told.archived),
        cwd=as_bytes(str(Path(told.cwd))),
        used=microseconds(told.last_used_at),
        created=microseconds(told.created_at),
        tokens=largest_first(told),
        title=alphabetical(told),
        tags=json.dumps(told.tags).encode(),
        sought=as_bytes(sought_in(told)),
    )
