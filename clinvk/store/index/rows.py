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
    try:
        found = os.lstat(path)
        beside = _transcript(home, key)
        if isinstance(key, bytes):
            damage = DamagedRecord(Path(path), None, reading.NO_ID)
            return _damaged(key, damage, (found, beside), now_ns)
        session = records.read(path, session_id=key)
    except FileNotFoundError:
        return None if isinstance(key, bytes) else _rebuilt(home, key, now_ns)
    if isinstance(session, DamagedRecord):
        return _damaged(key, session, (found, beside), now_ns)
    return _with_record(home, session, (found, beside), now_ns)


def written_entry(home: Home, key: str) -> Entry | None:
    """Like `read_entry`, for files that were just written, without reading transcripts.

    Transcripts may be long, and the next use reads the entry again anyway. Raises `OSError`.
    """
    path = _record(home, key)
    try:
        session = records.read(path, session_id=key)
    except FileNotFoundError:
        place = home.transcript(key)
        if not os.path.lexists(place):
            return None
        damage = DamagedRecord(place, key, "")
        return Entry(
            row=_row(key, damage, rebuilt=True), found=damage, signature=None, settled=False
        )
    is_open = isinstance(session, Session) and session.open_turn is not None
    return Entry(
        row=_row(key, session, is_open=is_open), found=session, signature=None, settled=False
    )


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


_Files = tuple[os.stat_result, os.stat_result | None]
"""The stat results of a record and its transcript."""


def _damaged(key: Key, damage: DamagedRecord, files: _Files, now_ns: int) -> Entry:
    """The entry of a damaged record. An unreadable one is not settled, so it is read again."""
    settled = _are_settled(files, now_ns) and not damage.unreadable
    return Entry(
        row=_row(key, damage), found=damage, signature=joint_signature(*files), settled=settled
    )


def _with_record(home: Home, recorded: Session, files: _Files, now_ns: int) -> Entry:
    """The entry of a session with a record, corrected from its transcript."""
    settled = _are_settled(files, now_ns)
    try:
        session = reading.reconciled(home, recorded)
    except StoreError:
        session, settled = recorded, False
    is_open = recorded.open_turn is not None or session.open_turn is not None
    row = _row(recorded.id, session, is_open=is_open)
    return Entry(row=row, found=session, signature=joint_signature(*files), settled=settled)


def _are_settled(files: _Files, now_ns: int) -> bool:
    return all(one is None or is_settled(one, now_ns) for one in files)


def _rebuilt(home: Home, key: str, now_ns: int) -> Entry | None:
    """The entry of a session without a record, rebuilt from its transcript."""
    found = _transcript(home, key)
    session = None if found is None else reading.read_orphan(home, key)
    if found is None or session is None:
        return None
    is_open = isinstance(session, Session) and session.open_turn is not None
    return Entry(
        row=_row(key, session, rebuilt=True, is_open=is_open),
        found=session,
        signature=joint_signature(None, found),
        settled=is_settled(found, now_ns)
        and not (isinstance(session, DamagedRecord) and session.unreadable),
    )


def _row(
    key: Key, session: Session | DamagedRecord, *, rebuilt: bool = False, is_open: bool = False
) -> Row:
    if isinstance(session, DamagedRecord):
        return Row(key=key, rebuilt=int(rebuilt), damaged=1, open=0)
    row = Row(key=key, rebuilt=int(rebuilt), damaged=0, open=int(is_open))
    return row._replace(values=values_of(session, is_open=is_open))
