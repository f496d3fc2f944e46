"""A busy session: refused at once, or waited for with `--wait`, and never by two at a time."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.command import Command, Ran, kill_group

HOLDS = "/say working\n/silent 60\nhold"
"""A prompt whose turn goes on until it is stopped.

Silent, for an agent that still writes ends by itself once its reader was killed.
"""


@pytest.fixture
def bare(tmp_path: Path) -> Command:
    """The installed `clinvk` with no agent but the demo."""
    command = bare_command(tmp_path)
    command.home.env["CLINVK_BACKEND"] = "demo"
    return command


def _turns(bare: Command) -> int:
    return len(bare("sessions", "show", "work", "--json").json()["turn_list"])


@contextmanager
def a_run(bare: Command, *args: str) -> Iterator["subprocess.Popen[str]"]:
    """A run that holds its session, and whose agent works by the time this is entered."""
    child = bare.popen("-o", "stream-json", *args, HOLDS)
    try:
        assert child.stdout is not None
        assert any("working" in line for line in child.stdout)
        yield child
    finally:
        kill_group(child)


@contextmanager
def waiting(bare: Command, *args: str) -> Iterator["subprocess.Popen[str]"]:
    """A run that has said that it waits."""
    child = bare.popen(*args)
    try:
        assert child.stderr is not None
        assert child.stderr.readline().startswith("waiting for session ")
        yield child
    finally:
        kill_group(child)


def _end(child: "subprocess.Popen[str]") -> Ran:
    stdout, stderr = child.communicate(timeout=30)
    return Ran(args=(), exit_code=child.returncode, stdout=stdout, stderr=stderr)


def _interrupt(child: "subprocess.Popen[str]") -> None:
    child.send_signal(signal.SIGINT)
    assert _end(child).exit_code == 130


@pytest.mark.parametrize(
    "args", [("-s", "work"), ("-c",), ("resume", "work"), ("resume", "--last")]
)
def test_with_wait_the_prompt_follows_the_turn_before(bare: Command, args: tuple[str, ...]) -> None:
    """Whichever way the session is chosen: it says for whom it waits, and goes on behind them."""
    with a_run(bare, "-s", "work") as first:
        child = bare.popen(*args, "--wait", "and", "this")
        assert child.stderr is not None
        said = child.stderr.readline()
        assert f"process {first.pid} on this machine" in said
        _interrupt(first)
        ran = _end(child)
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert "You said: “and this”" in ran.stdout
    shown = bare("sessions", "show", "work", "--json").json()
    assert [turn["prompt"] for turn in shown["turn_list"]] == [HOLDS, "and this"]


def test_quiet_waiting_says_nothing(bare: Command) -> None:
    """`-q` leaves only the answer."""
    with a_run(bare, "-s", "work") as first:
        child = bare.popen("-q", "-s", "work", "--wait", "next")
        time.sleep(1.0)
        assert child.poll() is None
        _interrupt(first)
        ran = _end(child)
    assert (ran.exit_code, ran.stderr) == (0, "")


def test_a_wait_that_was_too_short_is_busy(bare: Command) -> None:
    """Exit 75 after the time that was given, with the holder's name and nothing recorded."""
    with a_run(bare, "-s", "work") as first:
        began = time.monotonic()
        ran = bare("-s", "work", "--wait=1.5s", "-o", "json", "next")
        took_s = time.monotonic() - began
    assert took_s >= 1.5
    assert ran.exit_code == 75
    assert f"process {first.pid} on this machine holds it (for" in ran.json()["error"]["message"]
    assert ran.json()["error"]["retryable"]
    assert _turns(bare) == 1


def test_without_wait_a_busy_session_is_refused_at_once(bare: Command) -> None:
    """The second prompt does not wait, also if the first one holds the name."""
    with a_run(bare, "-s", "work") as first:
        ran = bare("-s", "work", "next", timeout_s=20)
    assert ran.exit_code == 75
    assert f"process {first.pid}" in ran.stderr
    assert f"`kill {first.pid}` stops it" in ran.stderr


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_wait_at_once(bare: Command, number: signal.Signals, status: int) -> None:
    """Nothing has started, so nothing is recorded; the other run continues."""
    with a_run(bare, "-s", "work") as first:
        with waiting(bare, "-s", "work", "--wait", "next") as child:
            began = time.monotonic()
            child.send_signal(number)
            ran = _end(child)
            assert time.monotonic() - began < 5
        assert (ran.exit_code, ran.stdout, ran.stderr) == (status, "", "")
        assert first.poll() is None
    assert _turns(bare) == 1


@pytest.mark.parametrize("value", ["", "soon", "30", "0s"])
def test_a_time_that_is_none_is_refused(bare: Command, value: str) -> None:
    """Before anything is looked up."""
    ran = bare(f"--wait={value}", "next")
    assert ran.exit_code == 2
    assert "`--wait`" in ran.stderr


@contextmanager
def held_up(child: "subprocess.Popen[str]") -> Iterator[None]:
    """The process stands still meanwhile."""
    os.kill(child.pid, signal.SIGSTOP)
    yield
    os.kill(child.pid, signal.SIGCONT)


def test_a_session_deleted_meanwhile_is_not_made_again(bare: Command) -> None:
    """Whoever named it by its id is told, and nothing of it comes back."""
    with a_run(bare, "-s", "work") as first:
        session = bare("sessions", "show", "work", "--json").json()["id"]
        with waiting(bare, "resume", session, "--wait", "next") as child:
            with held_up(child):
                _interrupt(first)
                assert bare("sessions", "delete", "-y", session).exit_code == 0
            ran = _end(child)
    assert ran.exit_code == 4
    assert "was deleted" in ran.stderr
    assert bare("sessions", "list", "--json").json() == []
    assert not list((bare.home.clinvk_home / "locks").glob(f"{session}*"))


def test_a_name_whose_session_was_deleted_meanwhile_begins_anew(bare: Command) -> None:
    """`-s NAME` goes on with the session of that name, or creates it: as it stands by then."""
    with a_run(bare, "-s", "work") as first:
        old = bare("sessions", "show", "work", "--json").json()["id"]
        with waiting(bare, "-s", "work", "--wait", "next") as child:
            with held_up(child):
                _interrupt(first)
                bare("sessions", "delete", "-y", "work")
            assert _end(child).exit_code == 0
    [session] = bare("sessions", "list", "--json").json()
    assert (session["name"], session["turns"]) == ("work", 1)
    assert session["id"] != old


def test_a_name_that_moved_meanwhile_is_followed(bare: Command) -> None:
    """The prompt goes to the session that has the name when its turn comes."""
    other = bare("-o", "json", "other").json()["session_id"]
    with (
        a_run(bare, "-s", "work") as first,
        waiting(bare, "-s", "work", "--wait", "next") as child,
    ):
        with held_up(child):
            _interrupt(first)
            bare("sessions", "name", "work", "--clear")
            assert bare("sessions", "name", other, "work").exit_code == 0
        assert _end(child).exit_code == 0
    assert bare("sessions", "show", other, "--json").json()["turns"] == 2


@pytest.mark.parametrize("act", ["close", "archive"])
def test_a_session_archived_during_the_wait_is_not_continued(bare: Command, act: str) -> None:
    """`-c` refuses it and chooses no other one; its id still opens it."""
    bare("an older one")
    with a_run(bare, "-s", "work") as first, waiting(bare, "-c", "--wait", "next") as child:
        with held_up(child):
            _interrupt(first)
            assert bare("sessions", act, "work").exit_code == 0
        ran = _end(child)
    assert ran.exit_code == 4
    assert "closed or archived a moment ago" in ran.stderr
    assert [one["turns"] for one in bare("sessions", "list", "--json").json()].count(2) == 0
    assert bare("resume", "work", "--wait", "next").exit_code == 0


def test_a_waiting_run_continues_after_a_killed_one(bare: Command) -> None:
    """The agent that was left is stopped, and the session continues with the next turn."""
    with (
        a_run(bare, "-s", "work") as first,
        waiting(bare, "-s", "work", "--wait", "-o", "json", "next") as child,
    ):
        os.kill(first.pid, signal.SIGKILL)
        result = _end(child).json()
    assert (result["exit_status"], result["turn"], result["resumed"]) == (0, 2, True)
    assert any("a killed run left behind" in warning for warning in result["warnings"])


def _leave_in_lock(bare: Command, **said: object) -> None:
    """What a run that never ended leaves in the lock of the session `work`."""
    bare("-s", "work", "one")
    session = bare("sessions", "show", "work", "--json").json()["id"]
    lock = bare.home.clinvk_home / "locks" / f"{session}.lock"
    left = {"pid": 4242, "started_at": "2025-01-27T10:00:00Z", "child_identity": "long ago", **said}
    lock.write_text(f"{json.dumps(left)}\n")


def test_a_process_with_the_pid_of_a_dead_agent_is_not_stopped(bare: Command) -> None:
    """Pids are used again: only exactly the same process is stopped."""
    with subprocess.Popen(["sleep", "60"]) as stranger:
        _leave_in_lock(bare, host=os.uname().nodename, child_pid=stranger.pid)
        result = bare("-s", "work", "-o", "json", "two").json()
        assert stranger.poll() is None
        stranger.kill()
    assert (result["exit_status"], result["warnings"]) == (0, [])


def test_an_agent_left_on_another_machine_is_reported(bare: Command) -> None:
    """It cannot be stopped from here and may still work: a warning says so; the prompt runs."""
    with subprocess.Popen(["sleep", "60"]) as stranger:
        _leave_in_lock(bare, host="build-7", child_pid=stranger.pid)
        result = bare("-s", "work", "-o", "json", "two").json()
        assert stranger.poll() is None
        stranger.kill()
    assert result["exit_status"] == 0
    [warning] = result["warnings"]
    assert "cut off on `build-7`" in warning
    assert bare("-s", "work", "-o", "json", "three").json()["warnings"] == []
