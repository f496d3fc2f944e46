"""Which sessions are offered to be continued, when none is named.

They are counted by the index and read as they are shown: a picker opens as fast with 100 000
sessions as with ten.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self

from clinvk.model.session import Session
from clinvk.services.sessions.list import Listed
from clinvk.services.sessions.places import here_in
from clinvk.services.sessions.resolve import resolve_reference
from clinvk.services.world import World
from clinvk.store.sessions.records import DamagedRecord
from clinvk.store.sessions.selection import Selection
from clinvk.store.sessions.store import SessionStore


class Offer(Protocol):
    """Sessions to choose from, in order, so many of them."""

    @property
    def count(self) -> int:
        """How many there are."""

    def part(self, first: int, count: int) -> Sequence[Listed]:
        """So many from `first` on; fewer at the end, or if some are gone meanwhile."""

    def narrowed(self, words: tuple[str, ...]) -> Self:
        """Those of them that have each of the folded words in what they are known by."""


@dataclass(frozen=True, slots=True)
class OfferedSessions:
    """The sessions of a store that a selection means, the most recently used first.

    `damaged` is what cannot be read: it cannot be told whether it is meant.
    """

    store: SessionStore
    selection: Selection
    count: int
    damaged: Sequence[DamagedRecord] = ()

    def part(self, first: int, count: int) -> Sequence[Listed]:
        """Read them. Raises `StoreError` only if the folder itself cannot be read."""
        return self.store.select(self.selection, first=first, limit=count).sessions

    def narrowed(self, words: tuple[str, ...]) -> "OfferedSessions":
        """Those that have the words; raises as `part`."""
        narrowed = replace(self.selection, words=words)
        return replace(self, selection=narrowed, count=self.store.count(narrowed))


def offered_sessions(
    world: World, *, here: bool = False, backend: str | None = None
) -> OfferedSessions:
    """The sessions that may be continued, the most recently used first.

    Closed and archived ones are not among them (their id resumes them all the same); running ones
    are, because one looks for them too. `here` keeps those of this directory or its repository.
    """
    store = SessionStore(world.home)
    asked = Selection(resumable=True, backend=backend)
    selection = here_in(world).narrowed(asked) if here else asked
    damaged = store.select(selection, limit=1).damaged
    return OfferedSessions(store, selection, store.count(selection), damaged)


def named_session(world: World, reference: str) -> Session:
    """The session that the reference means; raises as `resolve_reference` does."""
    return resolve_reference(SessionStore(world.home), reference, ago=world.ago)


def of_here(world: World) -> Callable[[Session], bool]:
    """Whether a session is of the directory stood in, or of the git repository around it."""
    here = here_in(world)
    return lambda session: here.holds(session.cwd)
