"""The sessions of one home: records and transcripts together, and what follows from both."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, suppress
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
from clinvk.store.files import ensure_private_dir, open_private, reason, refuse_link
from clinvk.store.home import Home, is_session_id
from clinvk.store.index import index
from clinvk.store.locks import lock as locks
from clinvk.store.locks.holders import Holder
from clinvk.store.sessions import reading, records
from clinvk.store.sessions.changing import changing
from clinvk.store.sessions.records import DamagedRecord
from clinvk.store.sessions.selection import Order, Selected, Selection
from clinvk.store.transcripts import transcript as transcripts
from clinvk.store.transcripts.texts import TranscriptTexts, read_texts
from clinvk.store.transcripts.writer import TranscriptWriter


class SessionStore(Struct, frozen=True):
    """Loads and saves sessions; nothing is created before something is written."""

    home: Home

    def iter_records(self) -> Iterator[Session | DamagedRecord]:
        """Every session, in no order; what cannot be read is given as damaged, never left out.

        A transcript whose record is gone is given as the session rebuilt from it. Raises
        `StoreError` only if the folder itself cannot be read.
        """
        return reading.iter_records(self.home)

    def ids(self) -> list[str]:
        """The ids of all sessions, in order, those of damaged and of lost records included."""
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
        """The sessions meant, as they stand now: filtered first, sorted, then limited.

        They are counted from `first` on.
        Through the index, which makes no difference but to the time it takes, with one exception:
        without `thorough` a record that another program overwrote in place is sought where it was
        until it is shown. Raises `StoreError` only if the folder itself cannot be read.
        """
        if limit is not None or not selection.broad:
            found = index.select(
                self.home, selection, order=order, limit=limit, first=first, thorough=thorough
            )
            if found is not None:
                return found
        return reading.select(self.home, selection, order=order, limit=limit, first=first)

    def count(self, selection: Selection) -> int:
        """How many sessions are meant; as `select`, of which nothing is read if possible."""
        known = index.count(self.home, selection)
        if known is not None:
            return known
        return len(reading.select(self.home, selection, order=Order.LAST, limit=None).sessions)

    def find(self, session_id: str) -> Session | DamagedRecord | None:
        """What there is of the session of exactly that id; None for what is no id."""
        if not is_session_id(session_id):
            return None
        return reading.read_session(self.home, session_id)

    def as_written(self, session_id: str) -> Session | DamagedRecord | None:
        """As `find`, but of a session that has a record only what the record says."""
        return reading.read_as_written(self.home, session_id)

    def load(self, session_id: str) -> Session:
        """The session as its record says, or rebuilt if only the transcript is left.

        With what its transcript knows better, as by `current`. Raises `SessionNotFoundError`, or
        `SessionDamagedError` and `SessionUnreadableError` with the way out.
        """
        return self._must_be(reading.read_session(self.home, session_id), session_id)

    def _must_be(self, found: Session | DamagedRecord | None, session_id: str) -> Session:
        if found is None:
            raise SessionNotFoundError(
                f"there is no session `{session_id}`",
                hint="`clinvk sessions list` shows them all",
            )
        if isinstance(found, DamagedRecord):
            raise found.error(hint=self.way_out(found))
        return found

    def current(self, session: Session) -> Session:
        """The session with what its transcript knows better than its record.

        As `reading.current`: it costs a look at the end of the transcript.
        """
        return reading.current(self.home, session)

    def reconciled(self, session: Session) -> Session:
        """As `current`, and certain: raises `SessionUnreadableError` where it cannot be told."""
        try:
            return reading.reconciled(self.home, session)
        except StoreError as error:
            raise SessionUnreadableError(
                error.message, hint="nothing was changed; `clinvk doctor` says what can be done"
            ) from error

    def told_by_transcript(self, session_id: str) -> Session | None:
        """The session as its transcript alone tells it, None if that cannot be told."""
        found = reading.read_orphan(self.home, session_id)
        return found if isinstance(found, Session) else None

    def status_of(self, session: Session) -> Status:
        """Where the session stands at this moment: the stored status, or what follows from locks.

        A session that was closed after its last turn broke off is completed.
        """
        return reading.status_of(self.home, session)

    def create(self, session: Session) -> None:
        """Write the record of a new session. Raises `StoreError`, also if the id is taken."""
        path = self.home.record(session.id)
        if os.path.lexists(path):
            raise StoreError(f"cannot create session `{session.id}`: there is one of that id")
        self.save(session)

    def save(self, session: Session) -> None:
        """Write the session's record. Raises `StoreError`; the old record stands until then."""

        def place(new: Path, path: Path) -> None:
            self._change(session.id, ("sessions",), lambda: new.replace(path))

        # Written elsewhere, so that the folder changes in one step of which the index knows all.
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
        """The session as it stands on disk, changed and saved, with no other update in between.

        `as_written` asks for what the record says, and not for what the transcript knows better:
        for whoever knows that himself. Raises `SessionNotFoundError`, `SessionDamagedError`,
        `SessionUnreadableError` and `StoreError`, and `SessionBusyError` if somebody stopped in
        the middle of an update.
        """
        read = reading.read_as_written if as_written else reading.read_session
        with changing(self.home.record(session_id), sleep):
            found = self._must_be(read(self.home, session_id), session_id)
            changed = change(found)
            # Rebuilt from its transcript it may be right already, and still want its record.
            if changed != found or not os.path.lexists(self.home.record(session_id)):
                self.save(changed)
        return changed

    def tell_transcript(self, session_id: str, now: Callable[[], datetime]) -> None:
        """Put what the record says beyond its turns into the transcript, if there is one.

        Hold the session's lock. Never raises: it is a second copy, for a record that is lost.
        """
        if os.path.isfile(self.home.transcript(session_id)):
            with suppress(StoreError, SessionError):
                session = self.load(session_id)
                with closing(self.writer(session_id, now)) as writer:
                    writer.session(session, durable=False)

    def changed_at(self, session_id: str) -> datetime | None:
        """When the session's files were last changed, None if that cannot be told."""
        changed = []
        for path in self.files(session_id):
            with suppress(OSError):
                changed.append(path.lstat().st_mtime)
        return datetime.fromtimestamp(max(changed), UTC) if changed else None

    def files(self, session_id: str) -> tuple[Path, Path]:
        """The session's record and its transcript, whether they exist or not."""
        return self.home.record(session_id), self.home.transcript(session_id)

    def size(self, session_id: str) -> int:
        """How many bytes the session's files have."""
        sizes = 0
        for path in self.files(session_id):
            with suppress(OSError):
                sizes += path.lstat().st_size
        return sizes

    def remove(self, session_id: str, sleep: Callable[[float], None]) -> None:
        """Delete everything of the session; hold its lock, whose file goes last.

        Whoever waits for the lock notices. The record goes after the transcript, so that nobody
        rebuilds it in between, and a session that is half deleted can be deleted again. Raises
        `StoreError`.
        """
        record, transcript = self.files(session_id)
        for folder in (self.home.sessions, self.home.transcripts):
            refuse_link(folder)

        def unlink() -> None:
            for path in (transcript, record):
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
        """Remove what a killed run has left half written of the record; hold the session's lock."""
        from clinvk.store.leftovers import sweep  # hardly ever

        with suppress(SessionBusyError), changing(self.home.record(session_id), sleep):
            sweep(self.home, session_id)

    def discard(self, session_id: str) -> None:
        """Take back a session whose first turn could not begin; hold its lock. Never raises."""

        def unlink() -> None:
            for path in reversed(self.files(session_id)):
                with suppress(OSError):
                    path.unlink()

        self._change(session_id, ("sessions", "transcripts"), unlink)

    def transcript(self, session_id: str) -> transcripts.Transcript:
        """What the session's transcript says; an empty one if there is none.

        Raises `StoreError` if there is one that cannot be read.
        """
        return transcripts.read(self.home.transcript(session_id))

    def outline(self, session_id: str) -> transcripts.Transcript:
        """The same without what was said in the turns, which may be a thousand times as much."""
        return transcripts.read_outline(self.home.transcript(session_id))

    def texts(self, session_id: str, content: bytes | None = None) -> TranscriptTexts:
        """The texts of the session's transcript, whose bytes may be known already.

        Raises `StoreError` if there is one that cannot be read.
        """
        if content is not None:
            return read_texts(content.split(b"\n"))
        return transcripts.read_with(read_texts, self.home.transcript(session_id))

    def writer(self, session_id: str, now: Callable[[], datetime]) -> TranscriptWriter:
        """Append to the session's transcript; hold its lock. Raises `StoreError`."""
        ensure_private_dir(self.home.root, may_be_link=True)
        ensure_private_dir(self.home.transcripts)
        path = self.home.transcript(session_id)
        if not os.path.lexists(path):
            with suppress(OSError):  # the writer says what is in the way
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
        """Keep runs away for a moment; nothing is said in the lock of it. Raises as `lock` does."""
        ensure_private_dir(self.home.root, may_be_link=True)
        return locks.briefly_locked(self.home.session_lock(session_id), claim)

    def holder(self, session_id: str) -> Holder | None:
        """Who stands in the session's lock: a run that holds it, or that was killed; or nobody."""
        return locks.holder(self.home.session_lock(session_id))

    def lock_name(self, name: str, claim: locks.Claim) -> locks.HeldLock:
        """Hold a name, while the session of that name is looked for and created."""
        return self._lock(self.home.name_lock(name), claim)

    def _lock(self, path: Path, claim: locks.Claim) -> locks.HeldLock:
        ensure_private_dir(self.home.root, may_be_link=True)
        return locks.acquire(path, claim)

    def _change(self, session_id: str, folders: tuple[str, ...], act: Callable[[], object]) -> None:
        index.change(self.home, session_id, folders, act)

    def way_out(self, found: DamagedRecord) -> str:
        """What a person can do about it."""
        if found.unreadable:
            return "try again; if it stays so, `clinvk doctor` says what can be done"
        session_id = found.id_guess
        is_record = session_id is not None and found.path == self.home.record(session_id)
        if session_id is not None and is_record and self.told_by_transcript(session_id):
            return (
                "move that file away, or let `clinvk doctor --fix` do it: the session is then"
                f" rebuilt from `{self.home.transcript(session_id)}`"
            )
        return "restore that file from a backup, or move it away; `clinvk doctor` says more"
