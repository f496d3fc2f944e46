"""Reads the index entry of a session, and the signature of its files, from the files."""

import os
from pathlib import Path

from msgspec import Struct

from clinvk.errors import StoreError
from clinvk.model.session import Session
from clinvk.store.home import Home, is_session_id
from clinvk.store.index.columns import Key, Row, Value, values_of
from clinvk.store.index.database import IndexBrokenError
from clinvk.store.index.file_signature import ABSENT, file_signature, is_settled
from clinvk.store.sessions import reading, records
from clinvk.store.sessions.records import DamagedRecord


class Entry(Struct, frozen=True, kw_only=True):
    """The content of a session's files, and their signature (None if it is not known).

    `found` is the session, corrected from its transcript.
    """

    row: Row
    found: Session | DamagedRecord
    signature: int | None
    settled: bool

    @property
    def watched(self) -> bool:
        """Whether to check the files at every use, as they change without a change of a folder."""
        return bool(self.row.open or self.row.damaged or self.row.rebuilt or not self.settled)

    def values(self) -> tuple[Value, ...]:
        """The row as stored in the database."""
        return (
            *self.row[:-1],
            *self.row.values,
            self.signature,
            int(self.settled),
            int(self.watched),
        )


def checked_key(key: object) -> Key:
    """A key from the database, safe as part of a path. Raises `IndexBrokenError`."""
    if isinstance(key, bytes) or (isinstance(key, str) and is_session_id(key)):
        return key
    raise IndexBrokenError


def key_of(stem: str) -> Key:
    """The key of a record, from its file name without the ending."""
    return stem if is_session_id(stem) else os.fsencode(stem)


def read_entry(home: Home, key: Key, now_ns: int = 0) -> Entry | None:
    """The entry of a key, read from its files; None if they do not exist. Raises `OSError`.

    The signature is taken before the files are read, so a change during the read shows later.
    `now_ns` is the file system's time; without it the entry counts as not settled.
    """
    path = _record(home, key)
    record: os.stat_result | None = None
    try:
        record = os.lstat(path)
        transcript = _transcript(home, key)
        if isinstance(key, bytes):
            damage = DamagedRecord(Path(path), None, reading.NO_ID)
            return _entry(key, damage, (record, transcript), now_ns)
        found = records.read(path, session_id=key)
    except FileNotFoundError:
        if isinstance(key, bytes):
            return None
        transcript = _transcript(home, key)
        orphan = None if transcript is None else reading.read_orphan(home, key)
        return None if orphan is None else _entry(key, orphan, (None, transcript), now_ns)
    if isinstance(found, DamagedRecord):
        return _entry(key, found, (record, transcript), now_ns)
    was_open = found.open_turn is not None
    try:
        session = reading.reconciled(home, found)
    except StoreError:
        return _entry(key, found, (record, transcript), 0, was_open=was_open)
    return _entry(key, session, (record, transcript), now_ns, was_open=was_open)


def _entry(
    key: Key,
    found: Session | DamagedRecord,
    files: tuple[os.stat_result | None, os.stat_result | None],
    now_ns: int,
    *,
    was_open: bool = False,
) -> Entry:
    """The entry of what was found; without `now_ns` it is not settled.

    `files` are the stat results of record and transcript. `was_open`: the turn is open in the
    record. An unreadable record is not settled, so it is read again.
    """
    settled = all(one is None or is_settled(one, now_ns) for one in files)
    return Entry(
        row=_row(key, found, rebuilt=files[0] is None, was_open=was_open),
        found=found,
        signature=joint_signature(*files),
        settled=settled and not (isinstance(found, DamagedRecord) and found.unreadable),
    )


def written_entry(home: Home, key: str) -> Entry | None:
    """Like `read_entry`, for files that were just written, without reading transcripts.

    Transcripts may be long, and the next use reads the entry again anyway. Raises `OSError`.
    """
    found: Session | DamagedRecord
    rebuilt = False
    try:
        found = records.read(_record(home, key), session_id=key)
    except FileNotFoundError:
        if not os.path.lexists(home.transcript(key)):
            return None
        found, rebuilt = DamagedRecord(home.transcript(key), key, ""), True
    return Entry(row=_row(key, found, rebuilt=rebuilt), found=found, signature=None, settled=False)


def joint_signature(record: os.stat_result | None, transcript: os.stat_result | None) -> int | None:
    """The signature of a session's two files together; None if neither exists."""
    if record is None:
        return None if transcript is None else file_signature(transcript)
    return hash(
        (file_signature(record), ABSENT if transcript is None else file_signature(transcript))
    )


def _record(home: Home, key: Key) -> str:
    return f"{home.sessions}{os.sep}{os.fsdecode(key)}{reading.RECORD}"


def _transcript(home: Home, key: Key) -> os.stat_result | None:
    try:
        return os.lstat(f"{home.transcripts}{os.sep}{os.fsdecode(key)}{reading.TRANSCRIPT}")
    except FileNotFoundError:
        return None


def _row(
    key: Key, session: Session | DamagedRecord, *, rebuilt: bool, was_open: bool = False
) -> Row:
    if isinstance(session, DamagedRecord):
        return Row(key=key, rebuilt=int(rebuilt), damaged=1, open=0)
    is_open = was_open or session.open_turn is not None
    values = values_of(session, is_open=is_open)
    return Row(key=key, rebuilt=int(rebuilt), damaged=0, open=int(is_open), values=values)
