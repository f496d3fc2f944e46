"""Looks up the names of imported sessions, many at once."""

from collections.abc import Collection
from contextlib import ExitStack

from msgspec.structs import replace

from clinvk.errors import ClinvkError, StoreError
from clinvk.model.session import Session
from clinvk.services.sessions.resolve import find_all_named
from clinvk.services.world import World
from clinvk.store.locks import Claim

_WAIT_S = 30.0

Holder = str | ClinvkError | None
"""The id of the session that has a name, or why it cannot be known."""


class Names:
    """The names of an import."""

    def __init__(self, world: World, claim: Claim) -> None:
        self._store = world.store
        self._claim = replace(claim, wait_s=_WAIT_S)
        self._compared = False

    def holders(self, names: Collection[str], held: ExitStack) -> dict[str, Holder]:
        """Lock these names, until `held` is closed, and return who has them.

        They are looked up together: each look at the index compares it with the files. Raises
        `StoreError`.
        """
        holders: dict[str, Holder] = {}
        for name in sorted(names):
            try:
                held.enter_context(self._store.lock_name(name, self._claim))
            except StoreError:
                raise
            except ClinvkError as error:
                holders[name] = error
        locked = [name for name in sorted(names) if name not in holders]
        if locked:
            # All files are compared once: what is placed later is in the index already.
            found = find_all_named(self._store, locked, thorough=not self._compared)
            self._compared = True
            for name, one in found.items():
                holders[name] = one.id if isinstance(one, Session) else one
        return holders
