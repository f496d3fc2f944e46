"""Lists of sessions and single ones, with everything that is known about them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

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


class Order(StrEnum):
    """What a list is sorted by: the latest, the newest, the largest first, or the alphabet."""

    LAST = "last"
    CREATED = "created"
    TOKENS = "tokens"
    TITLE = "title"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFilter:
    """Which sessions are meant; None and () leave that question out.

    `tags` must all be there. `since` is the first moment of `last_used_at` that counts, `until` the
    first that does not. `archived` takes only archived sessions (True), only others (False), or
    both (None). `keep` is a further test, such as a directory's.
    """

    backend: str | None = None
    status: Status | None = None
    tags: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    archived: bool | None = False
    keep: Callable[[Session], bool] | None = None

    @property
    def narrows(self) -> bool:
        """Whether it passes anything by but archived sessions."""
        asked = (self.backend, self.status, self.since, self.until, self.keep)
        return any(value is not None for value in asked) or bool(self.tags or self.archived)

    def takes(self, listed: Listed) -> bool:
        """Whether the session passes every filter."""
        session = listed.session
        return (
            self.archived in (None, session.archived)
            and self.backend in (None, session.backend)
            and self.status in (None, listed.status)
            and all(tag in session.tags for tag in self.tags)
            and (self.since is None or session.last_used_at >= self.since)
            and (self.until is None or session.last_used_at < self.until)
            and (self.keep is None or self.keep(session))
        )


def list_sessions(
    store: SessionStore,
    only: SessionFilter,
    *,
    limit: int | None = None,
    order: Order = Order.LAST,
) -> SessionList:
    """Sessions that pass `only`, in that order; filtered first, then limited."""
    found: list[Listed] = []
    damaged: list[DamagedRecord] = []
    for record in store.iter_records():
        if isinstance(record, DamagedRecord):
            damaged.append(record)
            continue
        session = store.current(record)
        listed = Listed(session=session, status=store.status_of(session))
        if only.takes(listed):
            found.append(listed)
    # The id decides between equals, so that the answer is stable.
    found.sort(key=lambda listed: (listed.session.last_used_at, listed.session.id), reverse=True)
    if order is not Order.LAST:
        found.sort(key=_ORDERS[order])
    return SessionList(sessions=tuple(found[:limit]), damaged=tuple(damaged))


def _by_creation(listed: Listed) -> float:
    return -listed.session.created_at.timestamp()


def _by_tokens(listed: Listed) -> int:
    """The largest first; an unknown figure stands below 0."""
    total = listed.session.usage.total_tokens
    return 1 if total is None else -total


def _by_title(listed: Listed) -> str:
    return listed.session.title.casefold()


_ORDERS: Mapping[Order, Callable[[Listed], float | str]] = {
    Order.CREATED: _by_creation,
    Order.TOKENS: _by_tokens,
    Order.TITLE: _by_title,
}


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
