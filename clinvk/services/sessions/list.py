"""Lists sessions, and shows single sessions with their details."""

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from clinvk.errors import SessionError, StoreError
from clinvk.model.session import Session, Status
from clinvk.model.turn import Turn
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
    "has_touched",
    "list_sessions",
    "recent_sessions",
    "show_session",
    "turn_of",
]


class SessionFilter(Struct, frozen=True, kw_only=True):
    """Which sessions are included; None and () do not filter.

    All `tags` must match. `last_used_at` must be at or after `since` and before `until`. `archived`
    includes only archived sessions (True), only others (False), or both (None). `here` limits the
    result to that place. `keep` is a further test.
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
        """Whether it excludes more than archived sessions."""
        asked = (self.backend, self.status, self.since, self.until, self.here, self.keep)
        return any(value is not None for value in asked) or bool(self.tags or self.archived)

    def takes(self, listed: Listed) -> bool:
        """Whether the session passes every filter."""
        return self.selection().takes(listed.session, listed.status)

    def selection(self) -> Selection:
        """The filter as a query to the store."""
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
    """Sessions that match `only`, in that order; filtered first, then limited."""
    return SessionStore(world.home).select(only.selection(), order=order, limit=limit)


def recent_sessions(  # noqa: PLR0913  one parameter per filter
    world: World,
    *,
    limit: int,
    begins: str | None = None,
    archived: bool | None = None,
    named: bool = False,
    keep: Callable[[Session], bool] | None = None,
) -> Iterator[Session]:
    """The most recently used sessions, for shell completion; the filters are as in `Selection`."""
    only = Selection(begins=begins, archived=archived, named=named, keep=keep)
    return (one.session for one in SessionStore(world.home).select(only, limit=limit).sessions)


def has_touched(world: World, path: Path) -> Callable[[Session], bool]:
    """A test whether a session changed the file at `path` (absolute), or one below it."""
    store = SessionStore(world.home)
    normal_path = os.path.normpath(path)
    wanted = {normal_path, os.path.realpath(normal_path)}
    roots = tuple(f"{one.rstrip('/')}/" for one in wanted)
    name = os.path.basename(normal_path)  # noqa: PTH119  the path may be `/`

    from clinvk.store.sessions.contents import may_mention

    def test(session: Session) -> bool:
        if not may_mention(store.home.transcript(session.id), name):
            return False
        try:
            turns = store.transcript(session.id).turns
        except StoreError:
            return False
        files = (file.path for turn in turns for file in turn.outcome.files)
        return any(file in wanted or file.startswith(roots) for file in files)

    return test


class Shown(Struct, frozen=True, kw_only=True):
    """One session with its turns."""

    session: Session
    status: Status
    transcript: "Transcript"
    native_resume: tuple[str, ...] | None


def show_session(world: World, reference: str, *, outlined: bool = False) -> Shown:
    """The session with its turns, and the command that resumes it without clinvk.

    With `outlined`, the turns have no texts, which takes a tenth of the time.
    """
    store = SessionStore(world.home)
    current = store.current(resolve_reference(store, reference, ago=world.ago))
    transcript = store.outline(current.id) if outlined else store.transcript(current.id)
    current = _with_counts(current, transcript)
    conversation = current.conversation.id
    backend = world.agents.find(current.backend) if conversation else None
    native = backend and native_resume_of(backend, conversation or "")
    return Shown(
        session=current,
        status=store.status_of(current),
        transcript=transcript,
        native_resume=tuple(native) if native else None,
    )


def _with_counts(session: Session, transcript: "Transcript") -> Session:
    """The session with the number of turns that reported each figure, also for old records."""
    numbers = [turn.number for turn in transcript.turns]
    if session.figures_reported is not None or numbers != list(range(1, session.turns_begun + 1)):
        return session
    counts = NO_FIGURES
    for turn in transcript.turns:
        counts = counted(counts, turn.outcome.usage, turn.outcome.cost_usd)
    return replace(session, figures_reported=counts)


def turn_of(session: Session, turns: Sequence[Turn], number: int | None) -> Turn:
    """The turn of that number, None for the last. Raises `SessionError` with the valid numbers."""
    if not turns:
        raise SessionError(
            f"session `{session.id}` has no turn yet",
            hint=f"send a prompt to it: `clinvk resume {session.id} …`",
        )
    if number is None:
        return turns[-1]
    found = [turn for turn in turns if turn.number == number]
    if not found:
        there = [turn.number for turn in turns]
        hint = f"it has turn {there[0]}" if len(there) == 1 else f"it has {_spans(there)}"
        raise SessionError(f"session `{session.id}` has no turn {number}", hint=hint)
    return found[-1]


def _spans(numbers: Sequence[int]) -> str:
    """`turns 1 to 3`; voided numbers leave gaps."""
    first, last = min(numbers), max(numbers)
    if len(set(numbers)) == last - first + 1:
        return f"turns {first} to {last}"
    return f"turns {', '.join(map(str, sorted(set(numbers))[:20]))}"
