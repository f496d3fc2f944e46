"""What unit tests of several floors share."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from clinvk.services.world import World
from clinvk.store.home import Home

NOW = datetime(2025, 1, 27, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A home that does not exist yet, at noon."""
    return World(
        home=Home(tmp_path / "home"),
        environ={},
        cwd=tmp_path,
        user_home=tmp_path,
        python=sys.executable,
        now=lambda: NOW,
        monotonic=time.monotonic,
        sleep=time.sleep,
        new_id=lambda: os.urandom(6).hex(),
        new_uuid=lambda: "00000000-0000-4000-8000-000000000000",
        pid=os.getpid(),
        hostname="here",
    )


@pytest.fixture
def refusing(
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[Path, int], AbstractContextManager[None]]:
    """A system that refuses to open a file: no rights, no descriptors left, a disk that fails.

    `chmod` does not keep root from reading, so the call itself fails with that error.
    """
    opens = os.open

    @contextmanager
    def refuse(path: Path, error: int) -> Iterator[None]:
        def opened(asked: Any, *args: Any, **kwargs: Any) -> int:
            if os.fspath(asked) == str(path):
                raise OSError(error, os.strerror(error))
            return opens(asked, *args, **kwargs)

        with monkeypatch.context() as patched:
            patched.setattr(os, "open", opened)
            yield

    return refuse
