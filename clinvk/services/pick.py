"""Which sessions are offered to be gone on with, when none is named."""

import os
from collections.abc import Callable
from pathlib import Path

from clinvk.model.session import Session, Status
from clinvk.services.places import scope_of, stands_in
from clinvk.services.sessions import Listed, SessionFilter, list_sessions
from clinvk.services.world import World
from clinvk.store.sessions import SessionStore


def offered_sessions(
    store: SessionStore, world: World, *, here: bool = False, backend: str | None = None
) -> tuple[Listed, ...]:
    """The sessions that may be continued, the most recently used first.

    Closed and archived ones are not among them (their id resumes them all the same); running ones
    are, because one looks for them too. `here` keeps those of this directory or its repository.
    """
    within = scope_of(Path(os.path.realpath(world.cwd))) if here else None
    found = list_sessions(store, SessionFilter(backend=backend, within=within))
    return tuple(one for one in found.sessions if one.status is not Status.COMPLETED)


def of_here(world: World) -> Callable[[Session], bool]:
    """Whether a session is of the directory stood in, or of the git repository around it."""
    scope = scope_of(Path(os.path.realpath(world.cwd)))
    return lambda session: stands_in(session.cwd, scope)
