"""Finds the session that a run continues."""

import os
from collections.abc import Callable
from pathlib import Path

from clinvk.errors import NothingToResumeError
from clinvk.model.config import Settings
from clinvk.model.request import Pick, RunRequest
from clinvk.model.session import Session
from clinvk.services.sessions.places import here_in
from clinvk.services.sessions.resolve import (
    Preferred,
    continued_session,
    find_named,
    last_session,
    resolve_reference,
)
from clinvk.services.turns.directories import working_directory
from clinvk.services.turns.plan import backend_for
from clinvk.services.world import World
from clinvk.store.sessions.store import SessionStore


def find_target(
    request: RunRequest,
    store: SessionStore,
    settings: Settings,
    world: World,
    note: Callable[[str], None] = lambda _: None,
) -> Session | None:
    """The session to continue, None for a new one.

    Without a reference to one, it is the last one of the place, also if its agent could not begin;
    then `note` is called with the last one in which something happened.
    """
    if request.session is not None:
        return resolve_reference(store, request.session, ago=world.ago)
    if request.name is not None:
        return find_named(store, request.name)
    automatic = settings.get("session.auto_resume") and not request.ephemeral
    if request.pick is Pick.NEW and not automatic:
        return None
    found = _last(request, store, settings, world)
    if found is not None:
        from clinvk.services.sessions.nothing_done import nothing_happened

        if nothing_happened(store, found):
            worked = _last(
                request, store, settings, world, lambda one: not nothing_happened(store, one)
            )
            if worked is not None and worked.id != found.id:
                note(
                    f"in session {found.id}, which is continued, the agent could not begin before;"
                    f" `clinvk resume {worked.id}` continues the last one with an answer"
                )
    return found


def _last(
    request: RunRequest,
    store: SessionStore,
    settings: Settings,
    world: World,
    preferred: Preferred | None = None,
) -> Session | None:
    """The last session of the place that the request means, a preferred one first."""
    here = here_in(world, requested_directory(request, world))
    if request.pick is Pick.CONTINUE:
        return continued_session(store, here, backend=request.backend, preferred=preferred)
    if request.pick is Pick.LAST:
        place = here if request.here else None
        return last_session(store, here=place, backend=request.backend, preferred=preferred)
    return _automatic(request, store, settings, world, preferred)


def requested_directory(request: RunRequest, world: World) -> Path:
    """The directory in which the run was requested, with symbolic links resolved.

    Raises `UsageError` if `--workdir` names one that cannot be used.
    """
    if request.workdir is not None:
        return working_directory(request.workdir)
    return Path(os.path.realpath(world.cwd))


def other_directory_note(
    request: RunRequest, session: Session, cwd: Path, world: World
) -> str | None:
    """A note that the turn runs in another directory or work tree than the user's, else None."""
    if here_in(world, requested_directory(request, world)).shows(str(cwd)):
        return None
    return f"continuing session {session.id} of another directory: {cwd}"


def _automatic(
    request: RunRequest,
    store: SessionStore,
    settings: Settings,
    world: World,
    preferred: Preferred | None,
) -> Session | None:
    """With `session.auto_resume`: the last session of exactly this directory and this backend."""
    backend = backend_for(request, None, settings, world)
    here = here_in(world, requested_directory(request, world))
    try:
        found = continued_session(store, here, backend=backend.name, preferred=preferred)
    except NothingToResumeError:
        return None
    return found if found.cwd == str(here.directory) else None
