"""The sessions that the picker offers to continue.

They are counted by the index and read when shown: a picker opens as fast with 100 000 sessions as
with ten.
"""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from clinvk.model.session import Session
from clinvk.services.sessions.list import Listed
from clinvk.services.sessions.places import here_in
from clinvk.services.sessions.resolve import resolve_reference
from clinvk.services.world import World
from clinvk.store.sessions.records import DamagedRecord
from clinvk.store.sessions.selection import Selection
from clinvk.store.sessions.store import SessionStore


class OfferedSessions(Struct, frozen=True):
    """The sessions of a store that match a selection, the most recently used first.

    `damaged` are unreadable records, which might match.
    """

    store: SessionStore
    selection: Selection
    count: int
    damaged: Sequence[DamagedRecord] = ()

    def part(self, first: int, count: int) -> Sequence[Listed]:
        """Up to `count` sessions from `first`; fewer at the end, or if some were removed.

        Raises `StoreError` only if the folder itself cannot be read.
        """
        return self.store.select(self.selection, first=first, limit=count).sessions

    def narrowed(self, words: tuple[str, ...]) -> "OfferedSessions":
        """The sessions that match all of the folded words; raises like `part`."""
        narrowed = replace(self.selection, words=words)
        return replace(self, selection=narrowed, count=self.store.count(narrowed))


def offered_sessions(
    world: World, *, here: bool = False, backend: str | None = None
) -> OfferedSessions:
    """The sessions that can be continued, the most recently used first.

    Closed and archived ones are excluded (they can be resumed by id). Running ones are included,
    because users look for them too. `here` limits them to this directory or its repository.
    """
    store = SessionStore(world.home)
    asked = Selection(resumable=True, backend=backend)
    selection = here_in(world).narrowed(asked) if here else asked
    damaged = store.select(selection, limit=1).damaged
    return OfferedSessions(store, selection, store.count(selection), damaged)


def named_session(world: World, reference: str) -> Session:
    """The session that the reference means; raises like `resolve_reference`."""
    return resolve_reference(SessionStore(world.home), reference, ago=world.ago)
