"""Lists sessions, offers them to continue, and shows single sessions with their details."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from clinvk.errors import SessionError, StoreError
from clinvk.model.session import Session, Status
from clinvk.model.turn import Turn
from clinvk.model.usage import NO_FIGURES, counted
from clinvk.services.sessions.known_conversation import native_resume_of
from clinvk.services.sessions.places import here_in
from clinvk.services.sessions.resolve import resolve_reference
from clinvk.services.world import World
from clinvk.store.sessions.records import DamagedRecord
from clinvk.store.sessions.selection import Listed, Order, Selection, WordKind
from clinvk.store.sessions.selection import Selected as SessionList
from clinvk.store.sessions.store import SessionStore
from clinvk.store.transcripts.turns import received

if TYPE_CHECKING:
    from clinvk.store.transcripts.transcript import Transcript

__all__ = ["DamagedRecord", "Listed", "Order", "Selection", "SessionList", "WordKind"]
"""What commands need of the store."""


def list_sessions(
    world: World, only: Selection, *, limit: int | None = None, order: Order = Order.LAST
) -> SessionList:
    """Sessions that match `only`, in that order; filtered first, then limited."""
    return world.store.select(only, order=order, limit=limit)


def count_sessions(world: World, only: Selection) -> int:
    """How many sessions match `only`; the index knows it for most criteria."""
    return world.store.count(only)


PAGE = 64
"""Number of sessions that are read at once: a few screenfuls, which takes 5 ms."""


class OfferedSessions(Struct, frozen=True):
    """The sessions of a store that match a selection, the most recently used first.

    They are counted by the index and read when shown: a picker opens as fast with 100 000 sessions
    as with ten. `head` has the first of them, `damaged` the unreadable records, which might match.
    """

    store: SessionStore
    selection: Selection
    count: int
    head: Sequence[Listed] = ()
    damaged: Sequence[DamagedRecord] = ()

    def part(self, first: int, count: int) -> Sequence[Listed]:
        """Up to `count` sessions from `first`; fewer at the end, or if some were removed.

        Raises `StoreError` only if the folder itself cannot be read.
        """
        if first + count <= len(self.head) or len(self.head) == self.count:
            return self.head[first : first + count]
        return self.store.select(self.selection, first=first, limit=count).sessions

    @property
    def first_with_work(self) -> int:
        """The place of the first session in which something happened, 0 if `head` has none."""
        from clinvk.services.sessions.nothing_done import nothing_happened

        places = (
            at for at, one in enumerate(self.head) if not nothing_happened(self.store, one.session)
        )
        return next(places, 0)

    def narrowed(self, words: tuple[str, ...]) -> "OfferedSessions":
        """The sessions that match all of the folded words; raises like `part`."""
        return offered_in(self.store, replace(self.selection, words=words))


def offered_in(store: SessionStore, selection: Selection) -> OfferedSessions:
    """The sessions of the store that match; raises `StoreError` like `OfferedSessions.part`."""
    found = store.select(selection, limit=PAGE)
    head, damaged = found.sessions, found.damaged
    # With fewer than a page, one look at the index has both found and counted them.
    count = len(head) if len(head) < PAGE else store.count(selection)
    return OfferedSessions(store, selection, count, head, damaged)


def offered_sessions(
    world: World, *, here: bool = False, backend: str | None = None
) -> OfferedSessions:
    """The sessions that can be continued, the most recently used first.

    Closed and archived ones are excluded (they can be resumed by id). Running ones are included,
    because users look for them too. `here` limits them to this directory or its repository.
    """
    asked = Selection(resumable=True, backend=backend)
    return offered_in(world.store, here_in(world).narrowed(asked) if here else asked)


def named_session(world: World, reference: str) -> Session:
    """The session that the reference means; raises like `resolve_reference`."""
    return resolve_reference(world.store, reference, ago=world.ago)


def has_touched(world: World, path: Path) -> Callable[[Session], bool]:
    """A test whether a session changed the file at `path` (absolute), or one below it."""
    store = world.store
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
    store = world.store
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


def with_received(world: World, shown: Shown) -> Shown:
    """The session with what was received of an open last turn, which an outline does not have."""
    turns = shown.transcript.turns
    if not turns or not turns[-1].interrupted or turns[-1].outcome.text:
        return shown
    last = turns[-1]
    try:
        texts = world.store.texts(shown.session.id).turns
    except StoreError:
        return shown
    answers = next((one.answers for one in reversed(texts) if one.number == last.number), ())
    text = received(answers)
    last = replace(last, messages=answers, outcome=replace(last.outcome, text=text))
    return replace(shown, transcript=replace(shown.transcript, turns=(*turns[:-1], last)))


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
            hint=f'send a prompt to it: `clinvk resume {session.id} "…"`',
        )
    if number is None:
        return turns[-1]
    found = [turn for turn in turns if turn.number == number]
    if not found:
        there = sorted({turn.number for turn in turns})
        first, last = there[0], there[-1]
        has = f"turns {', '.join(map(str, there[:20]))}"  # voided numbers leave gaps
        if len(there) == last - first + 1:
            has = f"turn {first}" if first == last else f"turns {first} to {last}"
        raise SessionError(f"session `{session.id}` has no turn {number}", hint=f"it has {has}")
    return found[-1]
