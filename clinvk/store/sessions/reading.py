"""Reads sessions from the files of a home, one or all, in whatever state they are.

Lists and lookups return what these files contain; the index only says which ones to read.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from clinvk.errors import SessionsUnusableError, StoreError
from clinvk.model.session import SCHEMA, Session, Status
from clinvk.store import locks
from clinvk.store.files import reason
from clinvk.store.home import Home, is_session_id
from clinvk.store.sessions import records
from clinvk.store.sessions.records import DamagedRecord
from clinvk.store.sessions.selection import (
    WORDS,
    Listed,
    Query,
    Selected,
    WordKind,
    as_bytes,
    in_order,
)
from clinvk.store.transcripts import transcript as transcripts
from clinvk.store.transcripts.last_turn import is_behind, last_turn

RECORD = ".json"
TRANSCRIPT = ".jsonl"

NO_ID = "its name is not a session id"


def iter_records(home: Home) -> Iterator[Session | DamagedRecord]:
    """Every session, in no particular order; an unreadable one is a `DamagedRecord`.

    A session with only a transcript is rebuilt from it. Raises `StoreError` only if a folder cannot
    be read.
    """
    seen: set[str] = set()
    folder = f"{home.sessions}{os.sep}"
    for stem in record_stems(home):
        if not is_session_id(stem):
            yield DamagedRecord(Path(f"{folder}{stem}{RECORD}"), None, NO_ID)
            continue
        seen.add(stem)
        with suppress(FileNotFoundError):  # deleted since it was listed
            yield records.read(f"{folder}{stem}{RECORD}", session_id=stem)
    for session_id in transcript_ids(home):
        if session_id not in seen:
            found = read_orphan(home, session_id)
            if found is not None:
                yield found


def select(home: Home, query: Query) -> Selected:
    """The sessions that match, filtered, then limited; reads all sessions."""
    found: list[Listed] = []
    damaged: list[DamagedRecord] = []
    for record in iter_records(home):
        if isinstance(record, DamagedRecord):
            damaged.append(record)
            continue
        session = current(home, record)
        status = status_of(home, session)
        if query.selection.takes(session, status):
            found.append(Listed(session=session, status=status))
    in_order(found, query.order)
    return Selected(sessions=tuple(found[query.first :][: query.limit]), damaged=tuple(damaged))


def words(home: Home, kind: WordKind, beginning: str) -> list[str]:
    """The words of this kind that begin so, of all sessions, each once and sorted."""
    sessions = (one for one in iter_records(home) if isinstance(one, Session))
    found = {word for session in sessions for word in WORDS[kind](session)}
    return sorted((one for one in found if one.startswith(beginning)), key=as_bytes)


def read_orphan(home: Home, session_id: str) -> Session | DamagedRecord | None:
    """The session of a transcript without a record; None if there is no transcript.

    A transcript without a complete line counts as none: its run was killed before any prompt.
    """
    path = home.transcript(session_id)
    if not os.path.lexists(path) or transcripts.is_stump(path):
        return None
    try:
        session = transcripts.rebuild(transcripts.read(path))
    except StoreError as error:
        return DamagedRecord(path, session_id, why(error), unreadable=is_refusal(error))
    if session is None or session.id != session_id:
        return DamagedRecord(path, session_id, "its record is missing, and it names no session")
    return session


def current(home: Home, session: Session) -> Session:
    """The session, corrected from its transcript.

    The transcript may have the end of a turn that the record shows as open, the agent's session id
    of an interrupted turn, or turns that an older copy of the record does not have. If nothing
    differs, only the end of the transcript is read. A transcript that cannot be read changes
    nothing; see `reconciled`.
    """
    try:
        return reconciled(home, session)
    except StoreError:
        return session


def reconciled(home: Home, session: Session) -> Session:
    """Like `current`, but raises `StoreError` if the transcript cannot be read.

    A record of a newer clinvk is not corrected.
    """
    path, opened = home.transcript(session.id), session.open_turn
    if session.schema <= SCHEMA and is_behind(session, last_turn(path)):
        return transcripts.reconcile(session, transcripts.read(path))
    if opened is None:
        return session
    return transcripts.reconcile(session, transcripts.of_turn(path, opened.number))


def why(error: StoreError) -> str:
    """The system's message why a file could not be read."""
    return reason(error.__cause__) if isinstance(error.__cause__, OSError) else error.message


def is_refusal(error: StoreError) -> bool:
    """Whether the system could not read the file, as opposed to a wrong kind of file."""
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno not in records.NO_RECORD


def status_of(home: Home, session: Session) -> Status:
    """The current status of the session: the stored one, or the one that follows from its lock.

    A session that was closed after an interrupted turn is completed.
    """
    if session.open_turn is None:
        return session.status
    if locks.is_held(home.session_lock(session.id)):
        return Status.RUNNING
    session = current(home, session)
    if session.open_turn is None or session.status is Status.COMPLETED:
        return session.status
    return Status.INTERRUPTED


def record_stems(home: Home) -> Iterator[str]:
    """The names of the records without their ending; some may not be session ids."""
    return _stems(home.sessions, RECORD)


def transcript_ids(home: Home) -> Iterator[str]:
    """The ids of all sessions that have a transcript."""
    return filter(is_session_id, _stems(home.transcripts, TRANSCRIPT))


def _stems(folder: Path, ending: str) -> Iterator[str]:
    """The names in `folder` with this ending, without hidden ones; none if it does not exist."""
    try:
        names = os.listdir(folder)  # noqa: PTH208  half the time of `iterdir`
    except FileNotFoundError:
        return
    except OSError as error:
        hint = "`clinvk doctor` shows what is wrong with the folder"
        raise SessionsUnusableError(
            f"cannot read `{folder}`: {reason(error)}", hint=hint
        ) from error
    for name in names:
        if name.endswith(ending) and not name.startswith("."):
            yield name.removesuffix(ending)
