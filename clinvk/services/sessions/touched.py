"""Which sessions changed a file, or a file in a folder."""

import os
from collections.abc import Callable
from pathlib import Path

from clinvk.errors import StoreError
from clinvk.model.session import Session
from clinvk.services.world import World
from clinvk.store.sessions.mentions import may_mention
from clinvk.store.sessions.store import SessionStore


def has_touched(world: World, path: Path) -> Callable[[Session], bool]:
    """Whether a session changed the file at `path` (absolute), or one below it."""
    store = SessionStore(world.home)
    said = os.path.normpath(path)
    wanted = {said, os.path.realpath(said)}
    roots = tuple(f"{one.rstrip('/')}/" for one in wanted)
    name = os.path.basename(said)  # noqa: PTH119  of a normal path, which may be `/`

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
