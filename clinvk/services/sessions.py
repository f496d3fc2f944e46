"""Lists of sessions and single ones, with everything that is known about them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from clinvk.model.session import Session, Status
from clinvk.store.records import DamagedRecord
from clinvk.store.sessions import SessionStore
from clinvk.store.transcripts import Transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One line of a list: a session with the status it has now."""

    session: Session
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionList:
    """The sessions asked for, and the records that could not be read (never hidden)."""

    sessions: tuple[Listed, ...]
    damaged: tuple[DamagedRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFilter:
    """Which sessions to list; None means all. `keep` is a further test, such as a directory's."""

    backend: str | None = None
    status: Status | None = None
    since: datetime | None = None
    keep: Callable[[Session], bool] | None = None

    def takes(self, listed: Listed) -> bool:
        """Whether the session passes every filter."""
        session = listed.session
        return (
            self.backend in (None, session.backend)
            and self.status in (None, listed.status)
            and (self.since is None or session.last_used_at >= self.since)
            and (self.keep is None or self.keep(session))
        )


def list_sessions(
    store: SessionStore, only: SessionFilter, *, limit: int | None = None
) -> SessionList:
    """Sessions that pass `only`, most recently used first; filtered first, then limited."""
    found: list[Listed] = []
    damaged: list[DamagedRecord] = []
    for record in store.iter_records():
        if isinstance(record, DamagedRecord):
            damaged.append(record)
            continue
        session = store.current(record)
        listed = Listed(session=session, status=store.status_of(session))
        if not session.archived and only.takes(listed):
            found.append(listed)
    found.sort(key=lambda listed: (listed.session.last_used_at, listed.session.id), reverse=True)
    return SessionList(sessions=tuple(found[:limit]), damaged=tuple(damaged))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One session with its turns."""

    session: Session
    status: Status
    transcript: Transcript
    native_resume: tuple[str, ...] | None


def show_session(store: SessionStore, session: Session) -> Shown:
    """The session as it stands now, with its turns and the command that resumes it without us."""
    from clinvk import backends

    current = store.current(session)
    native = None
    if current.conversation and current.backend in backends.names():
        native = backends.get(current.backend).native_resume(current.conversation)
    return Shown(
        session=current,
        status=store.status_of(current),
        transcript=store.transcript(current.id),
        native_resume=tuple(native) if native else None,
    )
