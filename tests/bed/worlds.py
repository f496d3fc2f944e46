"""The fixture of a world of its own, for tests below `execute`."""

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clinvk.services.world import World
from clinvk.store.home import Home

NOW = datetime(2025, 1, 27, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A home that does not exist yet, at noon."""
    return world_in(tmp_path / "home")


def world_in(home: Path) -> World:
    """A world with this home, and its parent as the current directory and the user's home."""
    return World(
        home=Home(home),
        environ={},
        cwd=home.parent,
        user_home=home.parent,
        python=sys.executable,
        now=lambda: NOW,
        monotonic=time.monotonic,
        sleep=time.sleep,
        new_id=lambda: os.urandom(6).hex(),
        new_uuid=lambda: "00000000-0000-4000-8000-000000000000",
        pid=os.getpid(),
        hostname="here",
    )
