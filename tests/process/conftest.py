"""Starting the fake CLI under the runner, and proving that nothing of it is left."""

import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from msgspec.structs import replace

from bed.worlds import world
from clinvk.model.request import Invocation
from clinvk.process.child import Child, start
from clinvk.process.hooks import NO_HOOKS, Hooks
from clinvk.process.limits import Limits
from clinvk.process.signals import SignalInbox

__all__ = ["world"]

FAKE_CLI = Path(__file__).with_name("fake_cli.py")
MARKER = "CLINVK_TEST_MARKER"
QUICK = Limits(timeout_s=20.0, idle_timeout_s=None, settle_s=0.3, int_grace_s=0.3, term_grace_s=0.3)
NOTHING_SAID: Mapping[str, float | None] = MappingProxyType({})


def _carriers(marker: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            environ = (entry / "environ").read_bytes()
            state = (entry / "stat").read_bytes().rpartition(b") ")[2][:1]
        except OSError:
            continue
        if f"{MARKER}={marker}".encode() in environ and state not in b"ZX":
            found.append(int(entry.name))
    return found


@pytest.fixture
def marker() -> str:
    """A word that only the processes of this test carry in their environment."""
    return uuid.uuid4().hex


@pytest.fixture
def running(marker: str) -> Callable[[], list[int]]:
    """The processes of this test that run now, zombies aside."""
    return partial(_carriers, marker)


@pytest.fixture
def inbox() -> Iterator[SignalInbox]:
    """An inbox that really receives the signals of the test process."""
    with SignalInbox() as entered:
        yield entered


@pytest.fixture
def launch(marker: str, inbox: SignalInbox, tmp_path: Path) -> Iterator[Callable[..., Child]]:
    """Start the fake CLI, with the quickest limits where `limits` says nothing else.

    It has its prompt at once, unless that is `held`.

    When the test is over nothing of what it started may be left.
    """

    def launch_fake(
        *behaviour: str,
        limits: Mapping[str, float | None] = NOTHING_SAID,
        held: bool = False,
        hooks: Hooks = NO_HOOKS,
        **asked: Any,
    ) -> Child:
        argv = (sys.executable, "-I", "-S", str(FAKE_CLI), *behaviour)
        child = start(
            Invocation(**{"argv": argv, "stdin": b"", "cwd": tmp_path, **asked}),
            environ={**os.environ, MARKER: marker, "REMOVED": "still here"},
            limits=replace(QUICK, **limits),
            signals=inbox,
            clock=time.monotonic,
            hooks=hooks,
        )
        if not held:
            child.send_prompt()
        return child

    yield launch_fake
    assert _carriers(marker) == []
