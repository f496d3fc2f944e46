"""Fixtures that unit tests of several layers share."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from bed.worlds import world

__all__ = ["world"]


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
