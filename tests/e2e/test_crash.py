"""Killed, interrupted, terminated: what was said is kept, and the session goes on."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from bed.command import Command, Ran
from bed.mock_model import MockModel
from bed.published import check_home
from clinvk.agents import registry as backends
from clinvk.agents.base import Capability


def _finish(child: "subprocess.Popen[str]") -> Ran:
    stdout, stderr = child.communicate(timeout=40)
    return Ran(args=(), exit_code=child.returncode, stdout=stdout, stderr=stderr)


def _agents_running(home: Path) -> list[str]:
    """The command lines of processes whose HOME is this test's."""
    marker = f"HOME={home}".encode()
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                if marker in (process / "environ").read_bytes().split(b"\0"):
                    found.append((process / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue
    return found


@pytest.mark.every_agent
def test_kill_9_in_the_middle_of_an_answer_loses_nothing(
    clinvk: Command, server: MockModel, backend: str
) -> None:
    """The earlier turn is intact, the broken one interrupted, and `-c` goes on with it."""
    first = clinvk("-b", backend, "-o", "json", "one").json()
    child = clinvk.popen("-c", "[[gate]] two")
    server.wait_at_gate()
    time.sleep(1.0)  # what claude was killed within about a tenth of a second it forgets
    os.kill(child.pid, signal.SIGKILL)
    child.communicate(timeout=10)
    check_home(clinvk.home.clinvk_home)
    [session] = clinvk("sessions", "list", "--json").json()
    assert (session["id"], session["status"]) == (first["session_id"], "interrupted")
    shown = clinvk("sessions", "show", "@last", "--json").json()
    assert [turn["prompt"] for turn in shown["turn_list"]] == ["one", "[[gate]] two"]
    if Capability.PARTIAL_MESSAGES not in backends.get(backend).lacks:
        assert "Partial answer so far" in shown["turn_list"][1]["text"]
    third = clinvk("-c", "-o", "json", "three").json()
    assert third["exit_status"] == 0, third
    assert third["backend_session_id"] == first["backend_session_id"]
    assert third["turn"] == 3
    assert "I remember 2 earlier prompts" in third["text"]
    assert not _agents_running(clinvk.home.home)
    [session] = clinvk("sessions", "list", "--json").json()
    assert (session["status"], session["turns"]) == ("active", 3)


def test_a_first_turn_killed_before_the_agent_spoke_starts_afresh(clinvk: Command) -> None:
    """The agent never saw the conversation: the same id is begun, not resumed, and that is said."""
    config = clinvk.home.clinvk_home / "config.yaml"
    config.parent.mkdir(mode=0o700)
    silent = clinvk.home.bin / "silent"
    silent.write_text("#!/bin/sh\nexec sleep 60\n")
    silent.chmod(0o700)
    child = clinvk.popen("one", env={"CLINVK_BACKENDS_CLAUDE_BINARY": str(silent)})
    clinvk.wait_until_recorded('"turn_started"')
    time.sleep(0.3)  # the record follows; the agent says nothing to wait for
    os.kill(child.pid, signal.SIGKILL)
    child.communicate(timeout=10)
    ran = clinvk("-c", "-o", "json", "two")
    result = ran.json()
    assert (result["exit_status"], result["turn"], result["resumed"]) == (0, 2, False)
    assert any("never saw" in warning for warning in result["warnings"])
    assert not _agents_running(clinvk.home.home)


@pytest.mark.every_agent("15-143")
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)]
)
def test_a_signal_cancels_the_turn_and_the_session_can_continue(
    clinvk: Command, server: MockModel, backend: str, number: signal.Signals, status: int
) -> None:
    """Ctrl-C, TERM and HUP: the agent is stopped, the turn is closed as cancelled, not an error."""
    child = clinvk.popen("-b", backend, "-o", "json", "[[gate]] one")
    server.wait_at_gate()
    time.sleep(0.5)
    os.kill(child.pid, number)
    ran = _finish(child)
    assert ran.exit_code == status, ran.stderr
    result = ran.json()
    assert (result["exit_status"], result["error"]) == (status, None)
    assert result["status"] == "interrupted"
    assert not _agents_running(clinvk.home.home)
    [session] = clinvk("sessions", "list", "--status", "interrupted", "--json").json()
    assert session["status"] == "interrupted"
    again = clinvk("-c", "-o", "json", "two").json()
    assert (again["exit_status"], again["status"]) == (0, "active"), again
    assert again["session_id"] == session["id"]


def test_a_busy_session_is_refused_at_once(clinvk: Command, server: MockModel) -> None:
    """A second prompt to a running session exits with 75 and names the process that holds it."""
    child = clinvk.popen("-b", "claude", "[[gate]] one")
    server.wait_at_gate()
    [session] = clinvk("sessions", "list", "--json").json()
    assert session["status"] == "running"
    ran = clinvk("resume", session["id"], "two")
    assert ran.exit_code == 75
    assert f"process {child.pid}" in ran.stderr
    server.release()
    assert _finish(child).exit_code == 0


def test_a_reader_that_leaves_ends_the_run_quietly(clinvk: Command) -> None:
    """`clinvk … | head -1`: no traceback, and the turn is closed."""
    command = f"{clinvk.program} -b demo '/long 200000' | head -c 20"
    ran = subprocess.run(
        ["sh", "-c", command],
        env=clinvk.home.env,
        cwd=clinvk.home.project,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert len(ran.stdout) == 20
    assert ran.stderr == ""
    [session] = clinvk("sessions", "list", "--json").json()
    assert session["status"] == "interrupted"


def test_an_agent_killed_as_it_began_is_begun_again(
    clinvk: Command, server: MockModel, backend: str
) -> None:
    """It kept nothing: `-c` begins the conversation anew rather than give it up."""
    child = clinvk.popen("-b", backend, "-o", "stream-json", "[[hang]] one")
    deadline = time.monotonic() + 60
    while not server.requests:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(child.pid, signal.SIGTERM)
    child.communicate(timeout=30)
    clinvk.home.forget(backend)  # as if it had been killed a moment earlier
    ran = clinvk("-c", "-o", "json", "two")
    result = ran.json()
    assert (result["exit_status"], result["resumed"]) == (0, False), result
    assert any("never saw" in warning for warning in result["warnings"])
    assert "I remember 1 earlier" in clinvk("-c", "three").stdout
