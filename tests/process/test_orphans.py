"""Finding and ending what a killed clinvk left behind, with real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clinvk.process.descendants import RUN_MARK
from clinvk.process.orphans import (
    is_alive,
    process_identity,
    processes_of,
    run_identity,
    stop_group,
)

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


def test_an_orphan_gets_sigterm_then_sigkill(stubborn: Orphan) -> None:
    """After SIGTERM there is a grace time, and SIGKILL ends what ignored it."""
    identity = process_identity(stubborn.pid)
    assert identity
    assert stop_group(stubborn.pid, identity, 0.2)
    assert stubborn.wait(5) == -signal.SIGKILL


def test_a_process_that_only_has_the_same_pid_is_not_stopped(stubborn: Orphan) -> None:
    """With another identity it is another process."""
    assert stop_group(stubborn.pid, "another", 0.2)
    assert stubborn.poll() is None


def test_a_process_that_leads_no_group_is_stopped_alone() -> None:
    """An agent's screen shares the group of its shell, or ours here: no other process is hit."""
    mark = "0123456789ab"
    script = "trap '' INT; sleep 60 & exec sleep 60"
    with subprocess.Popen(["/bin/sh", "-c", script], env={RUN_MARK: mark}) as screen:
        deadline = time.monotonic() + 5
        while len(processes_of(screen.pid, run_identity(screen.pid, mark))) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        left = processes_of(screen.pid, run_identity(screen.pid, mark))
        assert screen.pid in left
        assert os.getpgid(screen.pid) == os.getpgrp()
        assert stop_group(screen.pid, run_identity(screen.pid, mark), 2.0)
        assert screen.wait(5) == -signal.SIGTERM
        assert not any(process_identity(pid) for pid in left)


def test_without_a_mark_it_is_known_by_its_start() -> None:
    """Where no mark can be seen, the process that stands in the lock is ended all the same."""
    with subprocess.Popen(["sleep", "60"]) as screen:
        identity = process_identity(screen.pid)
        assert identity
        assert stop_group(screen.pid, "another", 0.2)
        assert screen.poll() is None
        assert stop_group(screen.pid, identity, 2.0)
        assert screen.wait(5) == -signal.SIGTERM
