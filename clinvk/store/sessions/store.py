"""The sessions of one home, from their records and transcripts."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from clinvk.errors import (
    SessionBusyError,
    SessionError,
    SessionNotFoundError,
    SessionUnreadableError,
    StoreError,
)
from clinvk.model.session import Session, Status
from clinvk.store import locks
from clinvk.store.files import ensure_private_dir, open_private, reason, refuse_link
from clinvk.store.home import Home, is_session_id
from clinvk.store.index import index
from clinvk.store.locks import Holder
from clinvk.store.sessions import reading, records
from clinvk.store.sessions.records import DamagedRecord, changing
from clinvk.store.sessions.selection import Order, Query, Selected, Selection, WordKind
from clinvk.store.transcripts import transcript as transcripts
from clinvk.store.transcripts.texts import TranscriptTexts, read_texts, texts_in
from clinvk.store.transcripts.writer import TranscriptWriter


class SessionStore(Struct, frozen=True):
    """Loads and saves sessions; creates nothing before the first write.

    `mark` is called before each change in place of an update of the index, see `many`.
    """

    home: Home
    mark: Callable[[], None] | None = None

    def iter_records(self) -> Iterator[Session | DamagedRecord]:
        """Every session, in no particular order; see `reading.iter_records`."""
        return reading.iter_records(self.home)

    def ids(self) -> list[str]:
        """The ids of all sessions in order, including those with damaged or missing records."""
        stems = filter(is_session_id, reading.record_stems(self.home))
        return sorted({*stems, *reading.transcript_ids(self.home)})

    def select(
        self,
        selection: Selection,
        *,
        order: Order = Order.LAST,
        limit: int | None = None,
        first: int = 0,
        thorough: bool = False,
    ) -> Selected:
        """The sessions that match now: filtered, sorted, and at most `limit` from `first` on.

        The index only makes it faster, with one exception: without `thorough`, a record that
        another program overwrote in place is selected by its old values until it is shown. Raises
        `StoreError` only if the folder cannot be read.
        """
        query = Query(selection, order, limit, first)
        if limit is not None or not selection.broad:
            found = index.select(self.home, query, thorough=thorough)
            if found is not None:
                return found
        return reading.select(self.home, query)

    def count(self, selection: Selection) -> int:
        """How many sessions match; like `select`, but reads no session if possible."""
        known = index.count(self.home, selection)
        if known is not None:
            return known
        return len(reading.select(self.home, Query(selection)).sessions)

    def words(self, kind: WordKind, beginning: str, most: int) -> list[str]:
        """The words of this kind that begin so, of all sessions, sorted; at most `most`."""
        known = index.words(self.home, kind, beginning, most)
        return reading.words(self.home, kind, beginning)[:most] if known is None else known

    def find(self, session_id: str) -> Session | DamagedRecord | None:
        """The session with exactly this id, corrected from its transcript, see `current`.

        It is rebuilt if only its transcript exists. None if there is none or the id is invalid.
        """
        if not is_session_id(session_id):
            return None
        found = self.as_written(session_id)
        return self.current(found) if isinstance(found, Session) else found

    def as_written(self, session_id: str) -> Session | DamagedRecord | None:
        """Like `find`, but a session with a record is not corrected from its transcript."""
        try:
            return records.read(self.home.record(session_id), session_id=session_id)
        except FileNotFoundError:
            return reading.read_orphan(self.home, session_id)

    def load(self, session_id: str) -> Session:
        """The session from its record, or rebuilt if only the transcript exists.

        It is corrected from its transcript, see `current`. Raises `SessionNotFoundError`, or
        `SessionDamagedError` and `SessionUnreadableError` with a hint.
        """
        return self._must_be(self.find(session_id), session_id)

    def _must_be(self, found: Session | DamagedRecord | None, session_id: str) -> Session:
        if found is None:
            raise SessionNotFoundError(
                f"there is no session `{session_id}`",
                hint="`clinvk sessions list` shows all sessions",
            )
        if isinstance(found, DamagedRecord):
            raise found.error(hint=self.way_out(found))
        return found

    def current(self, session: Session) -> Session:
        """The session, corrected from its transcript; reads only its end. See `reading.current`."""
        return reading.current(self.home, session)

    def reconciled(self, session: Session) -> Session:
        """Like `current`, but raises `SessionUnreadableError` if the transcript cannot be read."""
        try:
            return reading.reconciled(self.home, session)
        except StoreError as error:
            raise SessionUnreadableError(
                error.message, hint="nothing was changed; run `clinvk doctor` to see what to do"
            ) from error

    def rebuilt_from_transcript(self, session_id: str) -> Session | None:
        """The session from its transcript alone; None if that is not possible."""
        found = reading.read_orphan(self.home, session_id)
        return found if isinstance(found, Session) else None

    def status_of(self, session: Session) -> Status:
        """The current status of the session; see `reading.status_of`."""
        return reading.status_of(self.home, session)

    def create(self, session: Session) -> None:
        """Write the record of a new session. Raises `StoreError`, also if it already exists."""
        path = self.home.record(session.id)
        if os.path.lexists(path):
            raise StoreError(f"cannot create session `{session.id}`: it already exists")
        self.save(session)

    def save(self, session: Session) -> None:
        """Write the session's record. Raises `StoreError`; then the old record is unchanged."""

        def place(new: Path, path: Path) -> None:
            self._change(session.id, ("sessions",), lambda: new.replace(path))

        # Staged in another folder, so that this one changes once, in step with the index.
        if os.path.lexists(self.home.index) and not os.path.islink(self.home.cache):
            with suppress(StoreError):
                records.save(self.home, session, staging=self.home.cache, place=place)
                return
        records.save(self.home, session, place=place)

    def update(
        self,
        session_id: str,
        change: Callable[[Session], Session],
        sleep: Callable[[float], None],
        *,
        as_written: bool = False,
    ) -> Session:
        """Load the session, change and save it, with no other update in between; returns it.

        `as_written` loads the record without corrections from the transcript. Raises
        `SessionNotFoundError`, `SessionDamagedError`, `SessionUnreadableError` and `StoreError`,
        and `SessionBusyError` if another process was stopped during an update.
        """
        read = self.as_written if as_written else self.find
        with changing(self.home.record(session_id), sleep):
            found = self._must_be(read(session_id), session_id)
            changed = change(found)
            # A session rebuilt from its transcript may be unchanged, but still need its record.
            if changed != found or not os.path.lexists(self.home.record(session_id)):
                self.save(changed)
        return changed

    def copy_to_transcript(self, session_id: str, now: Callable[[], datetime]) -> None:
        """Copy the record's fields other than turns to the transcript, if it exists.

        The caller holds the session's lock. Never raises: the copy is only for a lost record.
        """
        if os.path.isfile(self.home.transcript(session_id)):
            with suppress(StoreError, SessionError):
                session = self.load(session_id)
                with closing(self.writer(session_id, now)) as writer:
                    writer.session(session, durable=False)

    def changed_at(self, session_id: str) -> datetime | None:
        """When the session's files were last changed; None if that is not known."""
        changed = [found.st_mtime for found in _stats(self.files(session_id))]
        return datetime.fromtimestamp(max(changed), UTC) if changed else None

    def files(self, session_id: str) -> tuple[Path, Path]:
        """The paths of the session's record and transcript, which may not exist."""
        return self.home.record(session_id), self.home.transcript(session_id)

    def size(self, session_id: str, also: Iterable[Path] = ()) -> int:
        """The size in bytes of the session's files, and of these."""
        return sum(found.st_size for found in _stats((*self.files(session_id), *also)))

    def remove(
        self, session_id: str, sleep: Callable[[float], None], also: Iterable[Path] = ()
    ) -> None:
        """Delete all files of the session and these, its lock last; the caller holds the lock.

        A process that waits for the lock notices. The record is deleted after the transcript, so
        that it is not rebuilt in between, and an interrupted deletion can be repeated. Raises
        `StoreError`.
        """
        record, transcript = self.files(session_id)
        for folder in (self.home.sessions, self.home.transcripts):
            refuse_link(folder)

        def unlink() -> None:
            for path in (transcript, *also, record):
                path.unlink(missing_ok=True)

        try:
            with changing(record, sleep):
                self._change(session_id, ("sessions", "transcripts"), unlink)
        except OSError as error:
            raise StoreError(
                f"cannot delete session `{session_id}`: {reason(error)}",
                hint=f"check the permissions of `{self.home.root}`",
            ) from error
        with suppress(OSError):
            self.home.session_lock(session_id).unlink()

    def sweep(self, session_id: str, sleep: Callable[[float], None]) -> None:
        """Delete the record's temporary files of a killed run; the caller holds the lock."""
        from clinvk.store.leftovers import sweep  # rarely needed

        with suppress(SessionBusyError), changing(self.home.record(session_id), sleep):
            sweep(self.home, session_id)

    def discard(self, session_id: str) -> None:
        """Delete a session that had no turn, its lock last; hold the lock. Never raises."""

        def unlink() -> None:
            for path in (*reversed(self.files(session_id)), self.home.session_lock(session_id)):
                with suppress(OSError):
                    path.unlink()

        self._change(session_id, ("sessions", "transcripts"), unlink)

    def transcript(self, session_id: str) -> transcripts.Transcript:
        """The session's transcript; an empty one if it does not exist.

        Raises `StoreError` if it cannot be read.
        """
        return transcripts.read(self.home.transcript(session_id))

    def outline(self, session_id: str) -> transcripts.Transcript:
        """Like `transcript`, without the content of the turns, which can be 1,000 times as much."""
        return transcripts.read_outline(self.home.transcript(session_id))

    def texts(self, session_id: str, content: bytes | None = None) -> TranscriptTexts:
        """The texts of the session's transcript, from `content` if it was already read.

        Raises `StoreError` if it cannot be read.
        """
        if content is not None:
            return texts_in(content)
        return transcripts.read_with(read_texts, self.home.transcript(session_id))

    def writer(self, session_id: str, now: Callable[[], datetime]) -> TranscriptWriter:
        """Open the session's transcript to append; hold its lock. Raises `StoreError`."""
        ensure_private_dir(self.home.root, may_be_link=True)
        ensure_private_dir(self.home.transcripts)
        path = self.home.transcript(session_id)
        if not os.path.lexists(path):
            with suppress(OSError):  # the writer reports the error
                self._change(
                    session_id,
                    ("transcripts",),
                    lambda: os.close(open_private(path, os.O_WRONLY)),
                )
        return TranscriptWriter(path, now)

    def lock(self, session_id: str, claim: locks.Claim) -> locks.HeldLock:
        """Hold the session for a turn. Raises `SessionBusyError` and `StoreError`."""
        return self._lock(self.home.session_lock(session_id), claim)

    def hold(self, session_id: str, claim: locks.Claim) -> AbstractContextManager[None]:
        """Lock out runs for a short time, without writing to the lock. Raises like `lock`."""
        ensure_private_dir(self.home.root, may_be_link=True)
        return locks.briefly_locked(self.home.session_lock(session_id), claim)

    def holder(self, session_id: str) -> Holder | None:
        """The run that the session's lock names: it holds the lock, or was killed. Else None."""
        return locks.holder(self.home.session_lock(session_id))

    def lock_name(self, name: str, claim: locks.Claim) -> locks.HeldLock:
        """Lock a name while the session with this name is searched and created."""
        return self._lock(self.home.name_lock(name), claim)

    def _lock(self, path: Path, claim: locks.Claim) -> locks.HeldLock:
        ensure_private_dir(self.home.root, may_be_link=True)
        return locks.acquire(path, claim)

    @contextmanager
    def many(self) -> Iterator["SessionStore"]:
        """A store for changes of many sessions, for which the index is updated once, at the end.

        Nothing is lost if the process dies: the files are the truth, and the next use of the index
        finds what changed. `select`, `count` and lookups with this store compare all files at each
        call, so look up before.
        """
        with index.many_changes(self.home) as mark:
            yield SessionStore(self.home, mark)

    def _change(self, session_id: str, folders: tuple[str, ...], act: Callable[[], object]) -> None:
        if self.mark is not None:
            self.mark()
            act()
            return
        index.change(self.home, session_id, folders, act)

    def way_out(self, found: DamagedRecord) -> str:
        """A hint that says what to do."""
        if found.unreadable:
            return "try again; if it fails again, run `clinvk doctor` to see what to do"
        session_id = found.id_guess
        is_record = session_id is not None and found.path == self.home.record(session_id)
        if session_id is not None and is_record and self.rebuilt_from_transcript(session_id):
            return (
                "move that file away, or run `clinvk doctor --fix`: the session is then"
                f" rebuilt from `{self.home.transcript(session_id)}`"
            )
        return "restore that file from a backup, or move it away; run `clinvk doctor` for details"


def _stats(paths: Iterable[Path]) -> Iterator[os.stat_result]:
    for path in paths:
        with suppress(OSError):
            yield path.lstat()
