"""What a child started in sessions of its own, as agents start their shell tools."""

import os
import signal
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from clinvk.process.child import Child
from clinvk.process.descendants import RUN_MARK, Descendants, new_mark
from clinvk.process.ending import EndReason
from clinvk.process.group import is_populated
from clinvk.process.orphans import is_alive, stop_group
from clinvk.process.signals import SignalInbox
from clinvk.process.table import find

Starter = Callable[..., Child]
Running = Callable[[], list[int]]

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="only /proc shows what left the session"
)


def _read(child: Child) -> list[str]:
    with child:
        return list(child.lines())


def _wait_until_dead(pid: int) -> None:
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_no_tool_in_a_session_of_its_own(
    launch: Starter, inbox: SignalInbox, running: Running, number: signal.Signals
) -> None:
    """Whatever signal stops the run, the tool that ignores SIGTERM is gone as well."""
    with launch("tool_in_own_session") as child:
        for _ in child.lines():
            assert len(running()) == 2
            inbox.post(number)
    assert child.ending.reason is EndReason.CANCELLED
    assert running() == []


def test_a_timeout_leaves_no_tool(launch: Starter, running: Running) -> None:
    """The total time ends the tool too."""
    child = launch("tool_in_own_session", limits={"timeout_s": 0.5})
    assert _read(child) == ["ready"]
    assert child.ending.reason is EndReason.TIMEOUT
    assert running() == []


def test_a_child_that_lingers_leaves_no_tool(launch: Starter, running: Running) -> None:
    """Who had to be stopped after the result keeps nothing running."""
    with launch("lingers_beside_tool") as child:
        for _ in child.lines():
            child.settled()
    assert child.ending.reason is EndReason.LINGERED
    assert running() == []


def test_a_consumer_who_leaves_leaves_no_tool(launch: Starter, running: Running) -> None:
    """An early end of the block stops the tool too."""
    with launch("tool_in_own_session") as child:
        assert list(islice(child.lines(), 1)) == ["ready"]
    assert running() == []


def test_a_tool_that_cleared_its_environment_is_found_by_its_parent(
    launch: Starter, inbox: SignalInbox
) -> None:
    """The mark is gone, but the chain of parents was noted before the first signal."""
    with launch("tool_without_environment") as child:
        for line in child.lines():
            tool = int(line)
            os.kill(tool, 0)
            inbox.post(signal.SIGTERM)
    left = find(tool)
    assert left is None or left.is_dead  # a container may have nobody who reaps


def test_a_killed_child_leaves_no_tool(launch: Starter, running: Running) -> None:
    """Who was killed by somebody else could not end its tools: the mark finds them."""
    child = launch("killed_beside_tool")
    assert _read(child) == ["ready"]
    assert child.ending.reason is EndReason.EXITED
    assert child.ending.exit_code == -signal.SIGKILL
    assert running() == []


def test_a_server_that_the_child_left_running_stays(launch: Starter, running: Running) -> None:
    """A child that gave its result and left may leave a session of its own behind."""
    child = launch("leaves_server")
    assert _read(child) == ["result"]
    (server,) = running()
    os.kill(server, signal.SIGKILL)
    while running():
        time.sleep(0.01)


def test_an_orphan_is_ended_with_its_tools(launch: Starter, running: Running) -> None:
    """What the next clinvk knows of a killed run is enough to find its agent's tools."""
    with launch("tool_in_own_session") as child:
        next(iter(child.lines()))
        assert is_alive(child.pid, child.identity)
        assert stop_group(child.pid, child.identity, 0.2)
        assert running() == []
        assert not is_alive(child.pid, child.identity)


def test_a_tool_that_outlives_its_agent_is_found(launch: Starter, running: Running) -> None:
    """With clinvk and agent both killed no parent leads to the tool, but its mark does."""
    with launch("tool_in_own_session") as child:
        next(iter(child.lines()))
        os.kill(child.pid, signal.SIGKILL)
        _wait_until_dead(child.pid)
        assert len(running()) == 1
        assert is_alive(child.pid, child.identity)
        assert stop_group(child.pid, child.identity, 0.2)
        assert running() == []
        assert not is_alive(child.pid, child.identity)


def test_an_orphan_is_interrupted_first(launch: Starter) -> None:
    """Agents end their tools in order on a SIGINT, so that is what an orphan gets first."""
    with launch("ends_tools_when_interrupted") as child:
        lines = child.lines()
        assert next(lines) == "ready"
        assert stop_group(child.pid, child.identity, 5.0)
        assert list(lines) == ["goodbye"]


def test_another_run_is_let_be(launch: Starter, running: Running) -> None:
    """Two runs carry two marks: the end of one is nothing to the other."""
    with launch("tool_in_own_session") as other:
        next(iter(other.lines()))
        with launch("tool_in_own_session") as child:
            next(iter(child.lines()))
            assert stop_group(child.pid, child.identity, 0.2)
        assert len(running()) == 2
        assert is_alive(other.pid, other.identity)


def test_a_run_within_a_run_carries_both_marks() -> None:
    """Who looks for the outer run finds the inner one; who looks for the inner one, only that."""
    outer = new_mark({})
    inner = new_mark({RUN_MARK: outer})
    assert inner.startswith(f"{outer}.")
    assert new_mark({RUN_MARK: outer}) != inner


def test_the_searching_process_is_not_a_descendant() -> None:
    """This process and its parents are never signalled."""
    ours = Descendants(os.getppid(), "")
    ours.look()
    seen = ours._seen  # who would be signalled: not a thing to try out
    assert not {os.getpid(), os.getppid()} & set(seen)


def test_a_missing_leader_matches_no_process() -> None:
    """0 is the session of processes outside a container, which never belong to a run."""
    assert not is_populated(0)
