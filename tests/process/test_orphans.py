"""Finding and ending what a killed clinvk left behind, with real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clinvk.process.orphans import is_alive, process_identity, stop_group

FAKE_CLI = Path(__file__).with_name("fake_cli.py")
Orphan = subprocess.Popen[bytes]


@pytest.fixture
def stubborn() -> Iterator[Orphan]:
    """A child that leads its own session and ignores SIGTERM."""
    with subprocess.Popen(
        [sys.executable, "-I", "-S", str(FAKE_CLI), "stubborn"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        yield child
        child.kill()


def test_a_process_is_known_by_its_number_and_start(stubborn: Orphan) -> None:
    """The same answer each time, another one for another process, None for none."""
    identity = process_identity(stubborn.pid)
    assert identity
    assert identity == process_identity(stubborn.pid)
    assert is_alive(stubborn.pid, identity)
    assert not is_alive(os.getpid(), identity)
    assert not is_alive(0, "")
    assert process_identity(0) is None


def test_a_zombie_is_not_alive(stubborn: Orphan) -> None:
    """A process that has ended, and that nobody has asked for its exit code, runs no more."""
    identity = process_identity(stubborn.pid)
    assert identity
    stubborn.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while is_alive(stubborn.pid, identity):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert process_identity(stubborn.pid) is None


def test_an_orphan_is_told_and_then_killed(stubborn: Orphan) -> None:
    """SIGTERM has its grace, and SIGKILL ends what ignored it."""
    identity = process_identity(stubborn.pid)
    assert identity
    assert stop_group(stubborn.pid, identity, 0.2)
    assert stubborn.wait(5) == -signal.SIGKILL


def test_a_process_that_only_has_the_number_is_left_alone(stubborn: Orphan) -> None:
    """Another identity is another process, whatever its number."""
    assert stop_group(stubborn.pid, "another", 0.2)
    assert stubborn.poll() is None
