"""A shell tool of a real agent is in a session of its own: it must not outlive a stopped run."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bed.command import Command

_START_S = 40.0
_TOOL_S = 71
_SETTLE_S = 0.5
"""How long it takes until a tool has ended that notices by itself that its agent is gone."""


@pytest.fixture
def prompt(tmp_path: Path) -> str:
    """A prompt that has the agent say in a file that its shell tool runs, and then wait long."""
    return f"[[run:echo $$ >{tmp_path}/on; sleep {_TOOL_S}; echo off >{tmp_path}/off]]"


@pytest.fixture
def start_tool(
    clinvk: Command, tmp_path: Path, backend: str, prompt: str
) -> Callable[[], "subprocess.Popen[str]"]:
    """Start a run and come back while its shell tool is running."""

    def start() -> "subprocess.Popen[str]":
        child = clinvk.popen("-b", backend, "--access", "full", prompt)
        deadline = time.monotonic() + _START_S
        while not (tmp_path / "on").exists():
            assert time.monotonic() < deadline
            assert child.poll() is None, child.communicate()
            time.sleep(0.05)
        assert any(f"sleep {_TOOL_S}" in line for line in _running(clinvk.home.home))
        return child

    return start


def _running(home: Path) -> list[str]:
    """The command lines of processes whose HOME is this test's."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit():
                environ = (process / "environ").read_bytes().split(b"\0")
                if f"HOME={home}".encode() in environ:
                    line = (process / "cmdline").read_bytes().replace(b"\0", b" ")
                    found.append(line.decode(errors="replace"))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_during_a_tool_leaves_nothing_of_it(
    clinvk: Command, start_tool: Callable[[], "subprocess.Popen[str]"], number: signal.Signals
) -> None:
    """With the agent everything ends that it started, in whatever session it runs."""
    child = start_tool()
    child.send_signal(number)
    child.communicate(timeout=20)
    assert child.returncode == (130 if number is signal.SIGINT else 143)
    assert _running(clinvk.home.home) == []


@pytest.mark.parametrize("agent_too", [False, True], ids=["clinvk", "clinvk and agent"])
def test_the_tool_of_a_killed_run_is_stopped_before_the_next_turn(
    clinvk: Command,
    start_tool: Callable[[], "subprocess.Popen[str]"],
    tmp_path: Path,
    *,
    agent_too: bool,
) -> None:
    """`-c` stops what `kill -9` left, also a tool whose parent has ended."""
    child = start_tool()
    agent = int(Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()[0])
    os.kill(child.pid, signal.SIGKILL)
    if agent_too:
        os.killpg(agent, signal.SIGKILL)
    child.communicate(timeout=10)
    time.sleep(_SETTLE_S)
    left = any(f"sleep {_TOOL_S}" in line for line in _running(clinvk.home.home))
    # A zombie, which somebody else has to reap, has an empty command line.
    tool = (tmp_path / "on").read_text().strip()
    look = f"[[run:cat /proc/{tool}/cmdline >left 2>/dev/null || true]]"
    result = clinvk("-c", "-o", "json", "--access", "full", look).json()
    assert result["exit_status"] == 0, result
    assert (clinvk.home.project / "left").read_text() == ""
    assert not left or any("left behind" in warning for warning in result["warnings"])
    assert _running(clinvk.home.home) == []
