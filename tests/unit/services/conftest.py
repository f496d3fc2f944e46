"""A world of its own for each test: a home, a clock that is set, and real waiting."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bed.kept import session_of
from clinvk.model.session import Session
from clinvk.services.world import World
from clinvk.store.sessions.store import SessionStore

NOW = datetime(2025, 1, 27, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def store(world: World) -> SessionStore:
    """The store of that home."""
    return SessionStore(world.home)


@pytest.fixture
def create(store: SessionStore) -> Callable[..., Session]:
    """Put a session into the store, used so many days ago; what is not said is plain."""

    def make(session_id: str, *, days: float = 0.0, **fields: Any) -> Session:
        at = NOW - timedelta(days=days)
        plain: dict[str, Any] = {"backend": "demo", "cwd": "/p", "title": "fix it"}
        plain |= {"id": session_id, "created_at": at, "last_used_at": at}
        session = session_of(**plain | fields)
        store.create(session)
        return session

    return make
