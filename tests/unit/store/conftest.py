"""A home of its own for each test, and sessions with only what the test cares about."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bed.kept import session_of
from clinvk.model.session import Session
from clinvk.store.home import Home
from clinvk.store.sessions.store import SessionStore

START = datetime(2025, 1, 27, 10, 0, 0, tzinfo=UTC)


class SteppedClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        """The time that was set."""
        return self.at

    def step(self, seconds: float) -> datetime:
        """Go on by some seconds, or back."""
        self.at += timedelta(seconds=seconds)
        return self.at


@pytest.fixture
def clock() -> SteppedClock:
    """A clock that stands at ten o'clock."""
    return SteppedClock()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home that does not exist yet."""
    return Home(tmp_path / "home")


@pytest.fixture
def store(home: Home) -> SessionStore:
    """The store of that home."""
    return SessionStore(home)


@pytest.fixture
def new_session() -> Callable[..., Session]:
    """Make a session; what is not said is plain."""

    def make(**fields: Any) -> Session:
        plain: dict[str, Any] = {
            "id": "0123456789ab",
            "backend": "demo",
            "cwd": "/projects/myapp",
            "created_at": START,
            "last_used_at": START,
            "title": "fix the bug",
        }
        return session_of(**plain | fields)

    return make


@pytest.fixture(params=[0o000, 0o022, 0o777], ids=["umask 000", "umask 022", "umask 777"])
def any_umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """Each of several umasks, put back afterwards."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)
