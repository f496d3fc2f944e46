"""The sessions of one home: records and transcripts together, and what follows from both."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from clinvk.errors import SessionNotFoundError, StoreError
from clinvk.model.session import Session, Status
from clinvk.store import locks, records, transcripts
from clinvk.store.atomic import ensure_private_dir, reason
from clinvk.store.paths import Home, is_session_id
from clinvk.store.records import DamagedRecord
from clinvk.store.transcript_writer import TranscriptWriter

_RECORD = ".json"
_TRANSCRIPT = ".jsonl"


@dataclass(frozen=True, slots=True)
class SessionStore:
    """Loads and saves sessions; nothing is created before something is written."""

    home: Home

    def iter_records(self) -> Iterator[Session | DamagedRecord]:
        """Every session, in no order; what cannot be read is given as damaged, never left out.

        A transcript whose record is gone is given as the session rebuilt from it. Raises
        `StoreError` only if the folder itself cannot be read.
        """
        seen: set[str] = set()
        folder = f"{self.home.sessions}{os.sep}"
        for name in _names(self.home.sessions, _RECORD):
            stem = name.removesuffix(_RECORD)
            if not is_session_id(stem):
                yield DamagedRecord(Path(folder + name), None, "its name is no session id")
                continue
            seen.add(stem)
            with suppress(FileNotFoundError):  # deleted since it was listed
                yield records.read(folder + name, session_id=stem)
        for session_id in self._transcript_ids():
            if session_id not in seen:
                found = self._orphan(session_id)
                if found is not None:
                    yield found

    def ids(self) -> list[str]:
        """The ids of all sessions, in order, those of damaged and of lost records included."""
        stems = (name.removesuffix(_RECORD) for name in _names(self.home.sessions, _RECORD))
        return sorted({*filter(is_session_id, stems), *self._transcript_ids()})

    def load(self, session_id: str) -> Session:
        """The session as its record says, or rebuilt if only the transcript is left.

        Raises `SessionNotFoundError`, or `SessionDamagedError` with the way out.
        """
        path = self.home.record(session_id)
        try:
            found = records.read(path, session_id=session_id)
        except FileNotFoundError:
            orphan = self._orphan(session_id)
            if orphan is None:
                raise SessionNotFoundError(
                    f"there is no session `{session_id}`",
                    hint="`clinvk sessions list` shows them all",
                ) from None
            found = orphan
        if isinstance(found, DamagedRecord):
            raise records.damaged(found.path, found.reason, hint=self._way_out(session_id, found))
        return found

    def current(self, session: Session) -> Session:
        """The session with what its transcript knows better than its record.

        That is the end of a turn whose record was never updated, and the agent's session id of a
        turn that broke off. Costs nothing unless the record shows an open turn.
        """
        if session.open_turn is None:
            return session
        try:
            return transcripts.reconcile(session, self.transcript(session.id))
        except StoreError:
            return session

    def status_of(self, session: Session) -> Status:
        """Where the session stands at this moment: the stored status, or what follows from locks.

        A session that was closed after its last turn broke off is completed.
        """
        if session.open_turn is None:
            return session.status
        if locks.is_held(self.home.session_lock(session.id)):
            return Status.RUNNING
        session = self.current(session)
        if session.open_turn is None or session.status is Status.COMPLETED:
            return session.status
        return Status.INTERRUPTED

    def create(self, session: Session) -> None:
        """Write the record of a new session. Raises `StoreError`, also if the id is taken."""
        path = self.home.record(session.id)
        if os.path.lexists(path):
            raise StoreError(f"cannot create session `{session.id}`: there is one of that id")
        records.save(self.home, session)

    def save(self, session: Session) -> None:
        """Write the session's record. Raises `StoreError`; the old record stands until then."""
        records.save(self.home, session)

    def discard(self, session_id: str) -> None:
        """Take back a session whose first turn could not begin; hold its lock. Never raises."""
        for path in (self.home.transcript(session_id), self.home.record(session_id)):
            with suppress(OSError):
                path.unlink()

    def transcript(self, session_id: str) -> transcripts.Transcript:
        """What the session's transcript says; an empty one if there is none.

        Raises `StoreError` if there is one that cannot be read.
        """
        return transcripts.read(self.home.transcript(session_id))

    def writer(self, session_id: str, now: Callable[[], datetime]) -> TranscriptWriter:
        """Append to the session's transcript; hold its lock. Raises `StoreError`."""
        ensure_private_dir(self.home.root, may_be_link=True)
        ensure_private_dir(self.home.transcripts)
        return TranscriptWriter(self.home.transcript(session_id), now)

    def lock(
        self,
        session_id: str,
        holder: locks.Holder,
        wait_s: float,
        sleep: Callable[[float], None],
    ) -> locks.HeldLock:
        """Hold the session for a turn. Raises `SessionBusyError` and `StoreError`."""
        return self._lock(self.home.session_lock(session_id), holder, wait_s, sleep)

    def lock_name(
        self, name: str, holder: locks.Holder, wait_s: float, sleep: Callable[[float], None]
    ) -> locks.HeldLock:
        """Hold a name, while the session of that name is looked for and created."""
        return self._lock(self.home.name_lock(name), holder, wait_s, sleep)

    def _lock(
        self, path: Path, holder: locks.Holder, wait_s: float, sleep: Callable[[float], None]
    ) -> locks.HeldLock:
        ensure_private_dir(self.home.root, may_be_link=True)
        return locks.acquire(path, holder, wait_s=wait_s, sleep=sleep)

    def _transcript_ids(self) -> list[str]:
        names = _names(self.home.transcripts, _TRANSCRIPT)
        return [stem for name in names if is_session_id(stem := name.removesuffix(_TRANSCRIPT))]

    def _orphan(self, session_id: str) -> Session | DamagedRecord | None:
        """The session of a transcript that has no record, None if there is no transcript."""
        path = self.home.transcript(session_id)
        if not os.path.lexists(path):
            return None
        try:
            session = transcripts.rebuild(transcripts.read(path))
        except StoreError as error:
            return DamagedRecord(path, session_id, error.message)
        if session is None or session.id != session_id:
            return DamagedRecord(path, session_id, "its record is gone, and it does not say whose")
        return session

    def _way_out(self, session_id: str, found: DamagedRecord) -> str | None:
        transcript = self.home.transcript(session_id)
        if found.path == transcript or not transcript.is_file():
            return None
        return f"move that file away: the session is then rebuilt from `{transcript}`"


def _names(folder: Path, ending: str) -> Iterator[str]:
    """The names in `folder` with that ending, hidden ones aside; none if there is no folder."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(ending) and not entry.name.startswith("."):
                    yield entry.name
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError(f"cannot read `{folder}`: {reason(error)}") from error
