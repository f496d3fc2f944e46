"""Lists of sessions and single ones, with everything that is known about them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from clinvk.model.session import Session, Status
from clinvk.model.usage import NO_FIGURES, counted
from clinvk.services.sessions.known_conversation import native_resume_of
from clinvk.services.sessions.places import Here
from clinvk.services.sessions.resolve import resolve_reference
from clinvk.services.world import World
from clinvk.store.sessions.records import DamagedRecord
from clinvk.store.sessions.selection import Listed, Order, Selection
from clinvk.store.sessions.selection import Selected as SessionList
from clinvk.store.sessions.store import SessionStore

if TYPE_CHECKING:
    from clinvk.store.transcripts.transcript import Transcript

__all__ = [
    "DamagedRecord",
    "Listed",
    "Order",
    "SessionFilter",
    "SessionList",
    "Shown",
    "list_sessions",
    "recent_sessions",
    "show_session",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFilter:
    """Which sessions are meant; None and () leave that question out.

    `tags` must all be there. `since` is the first moment of `last_used_at` that counts, `until` the
    first that does not. `archived` takes only archived sessions (True), only others (False), or
    both (None). `here` keeps those of that place. `keep` is a further test, that
    reads what no list is filtered by otherwise.
    """

    backend: str | None = None
    status: Status | None = None
    tags: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    archived: bool | None = False
    here: Here | None = None
    keep: Callable[[Session], bool] | None = None

    @property
    def narrows(self) -> bool:
        """Whether it passes anything by but archived sessions."""
        asked = (self.backend, self.status, self.since, self.until, self.here, self.keep)
        return any(value is not None for value in asked) or bool(self.tags or self.archived)

    def takes(self, listed: Listed) -> bool:
        """Whether the session passes every filter."""
        return self.selection().takes(listed.session, listed.status)

    def selection(self) -> Selection:
        """The same as a question to the store."""
        asked = Selection(
            backend=self.backend,
            status=self.status,
            tags=self.tags,
            since=self.since,
            until=self.until,
            archived=self.archived,
            keep=self.keep,
        )
        return asked if self.here is None else self.here.narrowed(asked)


def list_sessions(
    world: World,
    only: SessionFilter,
    *,
    limit: int | None = None,
    order: Order = Order.LAST,
) -> SessionList:
    """Sessions that pass `only`, in that order; filtered first, then limited."""
    return SessionStore(world.home).select(only.selection(), order=order, limit=limit)


def recent_sessions(  # noqa: PLR0913  one parameter a question
    world: World,
    *,
    limit: int,
    begins: str | None = None,
    archived: bool | None = None,
    named: bool = False,
    keep: Callable[[Session], bool] | None = None,
) -> Iterator[Session]:
    """The sessions used last, each question as in `Selection`; for what is completed."""
    only = Selection(begins=begins, archived=archived, named=named, keep=keep)
    return (one.session for one in SessionStore(world.home).select(only, limit=limit).sessions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One session with its turns."""

    session: Session
    status: Status
    transcript: "Transcript"
    native_resume: tuple[str, ...] | None


def show_session(world: World, reference: str, *, outlined: bool = False) -> Shown:
    """The session that is meant, with its turns and the command that resumes it without us.

    `outlined` asks for the turns without what was said in them, which takes a tenth of the time.
    """
    store = SessionStore(world.home)
    current = store.current(resolve_reference(store, reference, ago=world.ago))
    transcript = store.outline(current.id) if outlined else store.transcript(current.id)
    current = _with_counts(current, transcript)
    backend = world.agents.find(current.backend) if current.conversation else None
    native = backend and native_resume_of(backend, current.conversation or "")
    return Shown(
        session=current,
        status=store.status_of(current),
        transcript=transcript,
        native_resume=tuple(native) if native else None,
    )


def _with_counts(session: Session, transcript: "Transcript") -> Session:
    """The session with how many turns told each figure, also where an older version counted."""
    numbers = [turn.number for turn in transcript.turns]
    if session.figures_reported is not None or numbers != list(range(1, session.turns_begun + 1)):
        return session
    told = NO_FIGURES
    for turn in transcript.turns:
        told = counted(told, turn.outcome.usage, turn.outcome.cost_usd)
    return replace(session, figures_reported=told)
