"""The runner against real children that behave badly; see `fake_cli.py` for what each one does."""

import os
import signal
import sys
import time
from collections.abc import Callable
from itertools import count, islice
from pathlib import Path

import pytest

from clinvk.errors import BackendStartError
from clinvk.model.request import Invocation
from clinvk.process.child import Child, start
from clinvk.process.ending import EndReason
from clinvk.process.limits import Limits
from clinvk.process.signals import SignalInbox

Starter = Callable[..., Child]
Running = Callable[[], list[int]]

TWO_MB = b"p" * 2_000_000


def run(child: Child) -> list[str]:
    """Read the child to its end, as a service does: settled at the line that says `result`."""
    seen = []
    with child:
        for line in child.lines():
            seen.append(line)
            if line == "result":
                child.settled()
    return seen


def test_a_child_gets_its_prompt_and_its_end_is_reported(launch: Starter) -> None:
    """All of stdin arrives and is closed; lines, exit code and duration are returned."""
    child = launch("echo", stdin="grüße\nzwei".encode())
    assert run(child) == ["grüße", "zwei"]
    assert child.ending.reason is EndReason.EXITED
    assert child.ending.exit_code == 0
    assert child.ending.signal is None
    assert 0 < child.ending.duration_s < 5


@pytest.mark.parametrize("behaviour", ["never_reads", "closes_stdin"])
def test_a_child_that_does_not_want_its_prompt_does_no_harm(
    launch: Starter, behaviour: str
) -> None:
    """A long prompt that nobody reads neither blocks nor raises."""
    child = launch(behaviour, stdin=TWO_MB)
    assert run(child) == ["result"]
    assert child.ending.exit_code == 0


def test_a_prompt_that_is_read_slowly_arrives_whole(launch: Starter) -> None:
    """Two megabytes through a pipe of 64 KiB, at the child's own pace."""
    child = launch("reads_slowly", stdin=TWO_MB)
    assert run(child) == [str(len(TWO_MB))]


def test_a_silent_child_ends_at_the_idle_timeout(launch: Starter) -> None:
    """No output for so long ends the child, and is told apart from the total timeout."""
    child = launch("silent", limits={"idle_timeout_s": 0.3})
    assert run(child) == []
    assert child.ending.reason is EndReason.IDLE_TIMEOUT
    assert child.ending.exit_code is None
    assert child.ending.duration_s < 1.5


def test_a_talking_child_ends_at_the_total_timeout(launch: Starter) -> None:
    """Output does not prolong the total time."""
    child = launch("busy", limits={"timeout_s": 0.5, "idle_timeout_s": 0.4})
    assert "tick" in run(child)
    assert child.ending.reason is EndReason.TIMEOUT
    assert child.ending.duration_s < 1.6


def test_output_on_stderr_counts_as_activity(launch: Starter) -> None:
    """A child that only writes to stderr is not idle."""
    child = launch("busy_on_stderr", limits={"idle_timeout_s": 0.5})
    assert run(child) == ["result"]
    assert child.ending.reason is EndReason.EXITED


def test_a_slow_consumer_is_not_an_idle_child(launch: Starter) -> None:
    """The time that the consumer takes for a line is not held against the child."""
    with launch("busy", limits={"idle_timeout_s": 0.3}) as child:
        for _ in islice(child.lines(), 3):
            time.sleep(0.4)
    assert child.ending.reason is EndReason.CANCELLED


def test_a_slow_consumer_loses_nothing_of_a_child_that_has_left(launch: Starter) -> None:
    """What stands in the pipe when the child exits is read, however long the consumer takes."""
    with launch("leaves_a_full_pipe") as child:
        seen = []
        for line in child.lines():
            seen.append(line)
            if len(seen) in {1, 100}:
                time.sleep(1.0)
    assert len(seen) == 300 + 1
    assert seen[-1] == "result"
    assert child.ending.exit_code == 0


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"timeout_s": 0.5}, EndReason.TIMEOUT),
        ({"idle_timeout_s": 0.5}, EndReason.STALLED),
    ],
    ids=["total", "idle"],
)
def test_limits_apply_while_the_consumer_waits(
    launch: Starter, limits: dict[str, float], reason: EndReason
) -> None:
    """If it calls `enforce_limits`: then the child is stopped, and the wait can end."""
    with launch("floods_stdout", limits=limits) as child:
        for _ in islice(child.lines(), 1):
            while child.enforce_limits():
                time.sleep(0.02)
    assert child.ending.reason is reason
    assert child.ending.duration_s < 3


def test_a_child_that_ends_by_itself_is_worth_waiting_for(launch: Starter) -> None:
    """What it said last is still to be read, and its limits no longer matter."""
    with launch("leaves_a_full_pipe", limits={"timeout_s": 0.6}) as child:
        lines = child.lines()
        next(lines)
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            assert child.enforce_limits()
            time.sleep(0.05)
        assert list(lines)[-1] == "result"
        assert child.enforce_limits()
    assert child.ending.reason is EndReason.EXITED


def test_a_prompt_is_sent_while_the_consumer_waits(launch: Starter) -> None:
    """A slow reader of our output does not delay the child."""
    with launch("says_and_reads", stdin=TWO_MB) as child:
        lines = child.lines()
        assert next(lines) == "begun"
        until = time.monotonic() + 10
        while not child._exit.poll() and time.monotonic() < until:
            child.enforce_limits()
        assert list(lines) == [str(len(TWO_MB))]


def test_a_child_that_continues_after_its_result_is_not_stopped(launch: Starter) -> None:
    """It was not the final result: the time limit for its exit is removed."""
    child = launch("goes_on")
    seen = []
    with child:
        for line in child.lines():
            seen.append(line)
            if line == "result":
                child.settled()
            else:
                child.unsettled()
    assert seen == ["result", "more", "late"]
    assert child.ending.reason is EndReason.EXITED


@pytest.mark.parametrize("behaviour", ["lingers", "closes_stdout"])
def test_a_child_that_does_not_leave_after_its_result_is_stopped(
    launch: Starter, behaviour: str
) -> None:
    """After the result, or after closing stdout, it has `settle_s`; that is no timeout."""
    child = launch(behaviour, limits={"idle_timeout_s": 5})
    assert run(child) == ["result"]
    assert child.ending.reason is EndReason.LINGERED
    assert child.ending.duration_s < 1.5


def test_a_child_that_ignores_int_and_term_is_killed(launch: Starter) -> None:
    """The stop sequence ends with SIGKILL, each step after its grace time."""
    child = launch("stubborn", limits={"timeout_s": 0.5})
    assert run(child) == ["ready"]
    assert child.ending.reason is EndReason.TIMEOUT
    assert 1.0 < child.ending.duration_s < 2.5


def test_last_words_while_being_stopped_still_come(launch: Starter) -> None:
    """What an agent prints on SIGINT is part of the turn."""
    child = launch("last_words", limits={"timeout_s": 0.5})
    assert run(child) == ["ready", "goodbye SIGINT"]
    assert child.ending.reason is EndReason.TIMEOUT
    assert child.ending.exit_code is None


def test_a_stopped_child_is_continued_to_receive_sigterm(launch: Starter) -> None:
    """A child in state T cannot receive SIGTERM until it is continued; SIGKILL is not needed."""
    child = launch("stops_itself", limits={"timeout_s": 0.4, "int_grace_s": 0.2, "term_grace_s": 5})
    assert run(child) == ["ready"]
    assert child.ending.reason is EndReason.TIMEOUT
    assert child.ending.duration_s < 3


@pytest.mark.parametrize(
    "behaviour",
    [
        "grandchild_holds_stdout",
        "grandchild_ignores_term",
        "grandchild_in_own_group",
        "grandchild_floods_stdout",
    ],
)
def test_processes_that_a_child_leaves_are_stopped(launch: Starter, behaviour: str) -> None:
    """The child's own exit code counts, and the end is delayed by at most 1.5 s."""
    child = launch(behaviour)
    assert "result" in run(child)
    assert child.ending.reason is EndReason.EXITED
    assert child.ending.exit_code == 0
    assert child.ending.duration_s < 2.0


def test_a_stdout_held_open_does_not_keep_an_unsettled_turn(launch: Starter) -> None:
    """Without a result seen, the leftover has a moment more to speak, and no longer."""
    with launch("grandchild_holds_stdout") as child:
        assert list(child.lines()) == ["result"]
    assert child.ending.reason is EndReason.EXITED
    assert child.ending.duration_s < 2.0


def test_a_flood_on_stderr_keeps_only_its_tail(launch: Starter) -> None:
    """Fifty megabytes go by; sixty lines or 8 KiB are kept."""
    child = launch("floods_stderr")
    assert run(child) == ["result"]
    assert child.ending.stderr_tail.endswith("the end")
    assert len(child.ending.stderr_tail) <= 8 * 1024


def test_a_line_of_ten_megabytes_is_one_line(launch: Starter) -> None:
    """Long lines are neither cut nor slow."""
    child = launch("long_line")
    assert [len(line) for line in run(child)] == [10_000_000, 6]
    assert child.ending.duration_s < 5


@pytest.mark.skipif(sys.platform != "linux", reason="a pipe has one size elsewhere")
def test_the_output_of_a_child_that_exits_at_once_is_not_lost(launch: Starter) -> None:
    """The pipe has room for 800 kB, for programs that do not wait until their output is read."""
    with launch("does_not_wait") as child:
        time.sleep(0.5)
        assert [*child.lines()][-1] == "result"


def test_a_child_that_dies_mid_line_gives_the_half_line(launch: Starter) -> None:
    """Nothing that was received is lost."""
    child = launch("dies_mid_line")
    assert run(child) == ["whole", "half a li"]
    assert child.ending.exit_code == 3


def test_strange_bytes_become_text(launch: Starter) -> None:
    """Invalid UTF-8, CRLF, NUL and U+2028 make no line disappear or split."""
    assert run(launch("strange_bytes")) == ["��", "a\0b", "c\u2028d"]


def test_a_death_by_signal_is_a_negative_exit_code(launch: Starter) -> None:
    """As in `subprocess`."""
    child = launch("killed")
    assert run(child) == []
    assert child.ending.exit_code == -signal.SIGKILL
    assert child.ending.reason is EndReason.EXITED


def test_a_failure_comes_with_the_tail_of_stderr(launch: Starter) -> None:
    """Exit code and last words, decoded."""
    child = launch("fails")
    assert run(child) == []
    assert (child.ending.exit_code, child.ending.stderr_tail) == (7, "first line\nlast line")


def test_reading_stops_when_the_consumer_does(launch: Starter) -> None:
    """A flood is not read ahead: what the consumer has not taken stays in the pipe."""
    with launch("floods_stdout") as child:
        assert len(list(islice(child.lines(), 3))) == 3
        assert len(child._pipes.lines) < 100
    assert child.ending.reason is EndReason.CANCELLED


def test_leaving_early_stops_the_whole_group(launch: Starter, running: Running) -> None:
    """An exception in the consumer leaves no process behind, and is not swallowed."""
    child = launch("busy")
    with pytest.raises(BrokenPipeError), child:  # noqa: PT012  leaving the block is the point
        for _ in child.lines():
            assert running()
            raise BrokenPipeError
    assert running() == []
    assert child.ending.reason is EndReason.CANCELLED
    assert child.ending.signal is None


def test_a_child_has_its_directory_environment_and_no_terminal(
    launch: Starter, tmp_path: Path
) -> None:
    """What the invocation says is what the child gets, in a session and group of its own."""
    child = launch("shows_world", env={"ADDED": "yes"}, env_unset=("REMOVED",))
    assert run(child) == [str(tmp_path.resolve()), "yes", "None", "True", "no terminal"]


def test_private_files_are_there_only_as_long_as_the_child(launch: Starter) -> None:
    """Files of the invocation are 0600 in a folder of 0700, named in argv, gone at the end."""
    child = launch("shows_file", "--file={notes}", files={"notes": "kept private"})
    path, file_mode, folder_mode, content = run(child)
    assert (file_mode, folder_mode, content) == ("0o600", "0o700", "kept private")
    assert not Path(path).parent.exists()


def test_a_child_is_distinguished_from_a_later_one_with_its_pid(launch: Starter) -> None:
    """The child has the identity that `orphans.is_alive` needs."""
    child = launch("never_reads")
    assert child.pid > 0
    assert child.identity
    run(child)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory and the one for temporary files, with two programs that do not run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    Path("not-executable").touch()
    Path("no-interpreter").write_text("#!/nowhere/interpreter\n", encoding="ascii")
    Path("no-interpreter").chmod(0o700)
    return tmp_path


@pytest.mark.parametrize(
    ("argv", "cwd", "said"),
    [
        (("/nowhere/agent",), ".", "`/nowhere/agent` cannot be started: no such file"),
        ((sys.executable,), "gone", "gone`: no such file or directory"),
        (("./not-executable",), ".", "permission denied"),
        (("./no-interpreter",), ".", "the interpreter in its first line is missing"),
        ((sys.executable, "nul\0"), ".", "null byte"),
        ((sys.executable, "x" * 3_000_000), ".", "argument list too long"),
    ],
    ids=["program", "directory", "permission", "interpreter", "nul", "too-long"],
)
def test_a_program_that_cannot_be_started_has_a_reason(
    launch: Starter, folder: Path, argv: tuple[str, ...], cwd: str, said: str
) -> None:
    """Program and directory are distinguished, and the private files are deleted."""
    with pytest.raises(BackendStartError) as caught:
        launch(argv=argv, cwd=folder / cwd, files={"key": "content"})
    assert said in caught.value.message
    assert list(folder.glob("clinvk-*")) == []


@pytest.mark.parametrize(
    "behaviour", ["never_reads", "grandchild_holds_stdout", "lingers", "closes_stdout"]
)
def test_an_exit_is_noticed_without_a_pidfd(
    launch: Starter, monkeypatch: pytest.MonkeyPatch, behaviour: str
) -> None:
    """A sandbox may forbid the call, and macOS does not have it."""

    def forbidden(_pid: int) -> int:
        raise PermissionError

    monkeypatch.setattr(os, "pidfd_open", forbidden, raising=False)
    child = launch(behaviour)
    assert run(child) == ["result"]
    assert child.ending.duration_s < 2.0


def test_private_files_that_cannot_be_written_are_an_error(
    launch: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is started without the files that it needs."""
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    with pytest.raises(BackendStartError, match="temporary files cannot be written: no such file"):
        launch("shows_file", "--file={notes}", files={"notes": "kept private"})


def test_a_machine_that_is_too_slow_to_read_in_time_loses_no_line(
    inbox: SignalInbox, tmp_path: Path
) -> None:
    """Every look at the clock takes a second here, so all the time there is has long passed."""
    seconds = count()
    child = start(
        Invocation(argv=("seq", "100000"), stdin=b"", cwd=tmp_path),
        environ=os.environ,
        limits=Limits(timeout_s=None, idle_timeout_s=None, settle_s=1e9),
        signals=inbox,
        clock=lambda: float(next(seconds)),
    )
    time.sleep(0.5)  # it is gone, and all that it said is in the pipe
    assert run(child) == [str(number) for number in range(1, 100_001)]
    assert child.ending.reason is EndReason.EXITED
