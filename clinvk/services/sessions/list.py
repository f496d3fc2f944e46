"""Lists of sessions and single ones, with everything that is known about them."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

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


def has_touched(world: World, path: Path) -> Callable[[Session], bool]:
    """Whether a session changed the file at `path` (absolute), or one below it."""
    store = SessionStore(world.home)
    said = os.path.normpath(path)
    wanted = {said, os.path.realpath(said)}
    roots = tuple(f"{one.rstrip('/')}/" for one in wanted)
    name = os.path.basename(said)  # noqa: PTH119  of a normal path, which may be `/`

    from clinvk.store.sessions.mentions import may_mention

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
    """The session with how many turns told each figure, also where an older version counted."""
    numbers = [turn.number for turn in transcript.turns]
    if session.figures_reported is not None or numbers != list(range(1, session.turns_begun + 1)):
        return session
    told = NO_FIGURES
    for turn in transcript.turns:
        told = counted(told, turn.outcome.usage, turn.outcome.cost_usd)
    return replace(session, figures_reported=told)


def turn_of(session: Session, turns: Sequence[Turn], number: int | None) -> Turn:
    """The turn of that number, None for the last one. Raises `SessionError` with what there is."""
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
    """`turns 1 to 3`; numbers that were voided leave gaps."""
    first, last = min(numbers), max(numbers)
    if len(set(numbers)) == last - first + 1:
        return f"turns {first} to {last}"
    return f"turns {', '.join(map(str, sorted(set(numbers))[:20]))}"
