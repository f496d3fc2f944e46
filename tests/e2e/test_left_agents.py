"""The agent of a killed run that still works: nobody forgets it, and no second one begins.

With programs in place of the demo agent; these run without Node.
"""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bed.bare import bare_command
from bed.command import Command
from bed.terminal import Terminal, have_tmux

AGENT = '#!/bin/sh\n[ "$1" = --version ] && { echo 1; exit; }\ntrap "" INT HUP\nexec sleep 600\n'
ON_A_SCREEN = pytest.mark.skipif(not have_tmux, reason="tmux is not installed")
CLEAN = "clean --older-than 1s"


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """A home in which a session named `mine` has one turn."""
    clinvk = bare_command(tmp_path)
    assert clinvk("-b", "demo", "-s", "mine", "one").exit_code == 0
    return clinvk


@pytest.fixture(params=["headless", pytest.param("screen", marks=ON_A_SCREEN)])
def left(
    clinvk: Command, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[tuple[str, int]]:
    """A run of the session that was killed, whose agent works on: the session and the process."""
    agent = tmp_path / "agent"
    agent.write_text(AGENT)
    agent.chmod(0o700)
    env = {**clinvk.home.env, "CLINVK_BACKENDS_DEMO_BINARY": str(agent)}
    if request.param == "screen":
        with Terminal(env, clinvk.home.project) as terminal:
            terminal.run(clinvk.program, "resume", "mine")
            session, holder = _holder(clinvk)
            os.kill(holder["pid"], signal.SIGKILL)
            terminal.wait_for("Killed")
            yield session, holder["child_pid"]
    else:
        child = clinvk.popen("-s", "mine", "two", env=env)
        session, holder = _holder(clinvk)
        child.kill()
        child.communicate()
        yield session, holder["child_pid"]
    _end(holder["child_pid"])


def _holder(clinvk: Command) -> tuple[str, dict[str, Any]]:
    """What stands in the session's lock once the agent is in it."""
    [session] = (path.stem for path in (clinvk.home.clinvk_home / "sessions").glob("*.json"))
    lock = clinvk.home.clinvk_home / "locks" / f"{session}.lock"
    until = time.monotonic() + 20
    while True:
        text = lock.read_text()
        if text and (said := json.loads(text))["child_pid"]:
            return session, said
        assert time.monotonic() < until, text
        time.sleep(0.02)


def _end(pid: int) -> None:
    if _runs(pid):
        os.kill(pid, signal.SIGKILL)


def _runs(pid: int) -> bool:
    try:
        return "sleep" in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False


@pytest.mark.parametrize("words", [["-c"], ["-s", "mine"], ["resume", "mine"], ["resume", "@last"]])
def test_the_next_turn_ends_it_first(
    clinvk: Command, left: tuple[str, int], words: list[str]
) -> None:
    """Two agents never share a conversation, however the session is continued; it is said."""
    session, agent = left
    assert _runs(agent)
    ran = clinvk(*words, "-o", "json", "three").json()
    assert (ran["session_id"], ran["exit_status"]) == (session, 0)
    assert not _runs(agent)
    assert f"stopped the agent that a killed run left behind (process {agent})" in (ran["warnings"])


def test_a_turn_that_is_refused_does_not_end_it(clinvk: Command, left: tuple[str, int]) -> None:
    """A wrong option costs nobody the work of an agent; the next turn still knows of it."""
    _, agent = left
    ran = clinvk("resume", "mine", "-b", "claude", "three")
    assert ran.exit_code == 2
    assert "belongs to backend `demo`" in ran.stderr
    assert _runs(agent)
    assert f"(process {agent})" in clinvk("resume", "mine", "three").stderr
    assert not _runs(agent)


@pytest.mark.parametrize(
    "command",
    ["delete -y mine", "archive mine", "close mine", CLEAN, f"{CLEAN} --dry-run"],
)
def test_its_session_is_not_changed_while_it_works(
    clinvk: Command, left: tuple[str, int], command: str
) -> None:
    """Only its lock shows it: exit 75 with its process, and `clean` skips the session."""
    session, agent = left
    time.sleep(1.1)  # it is as old as that
    ran = clinvk("sessions", *command.split())
    assert (clinvk.home.clinvk_home / "sessions" / f"{session}.json").exists()
    assert _runs(agent)
    if command.startswith("clean"):
        assert "in use" in ran.stdout + ran.stderr
    else:
        assert ran.exit_code == 75
        assert f"the agent of a killed run still works (process {agent})" in ran.stderr
        assert f"`kill {agent}` stops it" in ran.stderr
    found = clinvk("doctor", "--json").json()["findings"]
    assert "agent_left_running" in {one["code"] for one in found}
    _end(agent)
    until = time.monotonic() + 10
    while _runs(agent):
        assert time.monotonic() < until
    assert clinvk("sessions", "delete", "-y", "mine").exit_code == 0


def test_a_killed_successor_forgets_it_as_little(clinvk: Command, left: tuple[str, int]) -> None:
    """A next turn that is killed while it waits for the agent's end leaves its name in the lock."""
    session, agent = left
    os.kill(agent, signal.SIGSTOP)
    lock = clinvk.home.clinvk_home / "locks" / f"{session}.lock"
    before = json.loads(lock.read_text())
    second = clinvk.popen("-s", "mine", "three")
    until = time.monotonic() + 20
    while json.loads(lock.read_text() or "{}").get("pid") in (before["pid"], None):
        assert time.monotonic() < until
    second.kill()
    second.communicate()
    said = json.loads(lock.read_text())
    assert (said["child_pid"], said["child_identity"]) == (agent, before["child_identity"])


@pytest.mark.parametrize("way", ["-c", "clean", "doctor"])
def test_the_temporary_files_of_a_killed_run_are_removed_later(
    clinvk: Command, tmp_path: Path, way: str
) -> None:
    """Not while its agent works; then by the next turn, by `clean` and by `doctor --fix`."""
    agent, temporary = tmp_path / "agent", tmp_path / "temporary"
    agent.write_text(AGENT)
    agent.chmod(0o700)
    temporary.mkdir()
    env = {"TMPDIR": str(temporary)}
    said = ["-s", "mine", "--system-prompt", "be brief", "two"]
    child = clinvk.popen(*said, env={**env, "CLINVK_BACKENDS_DEMO_BINARY": str(agent)})
    _, holder = _holder(clinvk)
    child.kill()
    child.communicate()
    [folder] = temporary.iterdir()
    os.utime(folder, (time.time() - 3600,) * 2)
    clean = ["sessions", "clean", "--older-than", "1d", "--json"]
    assert clinvk(*clean, env=env).json()["temporary_files"] == 0
    assert folder.exists()
    if way == "-c":
        assert clinvk("-c", "three", env=env).exit_code == 0
    else:
        _end(holder["child_pid"])
        until = time.monotonic() + 10
        while _runs(holder["child_pid"]):
            assert time.monotonic() < until
        if way == "clean":
            assert clinvk(*clean, "--dry-run", env=env).json()["temporary_files"] == 1
            assert folder.exists()
            assert clinvk(*clean, env=env).json()["temporary_files"] == 1
        else:
            found = clinvk("doctor", "--json", env=env).json()["findings"]
            assert "scratch_left" in {one["code"] for one in found}
            clinvk("doctor", "--fix", env=env)
    assert list(temporary.iterdir()) == []
