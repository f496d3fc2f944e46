"""The whole program against agents that misbehave; see `rogue_agent.py` for what each one does.

However it goes: the published exit status, within the limit and a short grace, the turn recorded
with what had come, no process left, and no more than 80 MB of memory.
"""

import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bed.published import check_home, check_result
from bed.rogue import RogueHome
from process.conftest import MARKER

MEMORY_MB = 80
SLACK_S = 10.0
"""What a busy machine may take on top; the graces of a stop are in each case's own time."""

LONG = b"p" * 2_000_000
IDLE = ("--idle-timeout", "1s")
TOTAL = ("--timeout", "1s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """How an agent behaves, what is asked, and how that must end."""

    behaviour: str
    exit: int = 0
    code: str | None = None
    text: str = "the answer"
    stderr: str = ""
    args: tuple[str, ...] = ()
    prompt: bytes = b"hello"
    within_s: float = 2.0


CASES = [
    # Its prompt.
    Case(behaviour="reads_well", prompt=LONG, text="2000000"),
    Case(behaviour="reads_slowly", prompt=LONG, text="2000000"),
    Case(behaviour="never_reads", prompt=LONG),
    Case(behaviour="closes_stdin", prompt=LONG),
    Case(
        behaviour="never_reads_nor_speaks",
        prompt=LONG,
        args=IDLE,
        exit=6,
        code="idle_timeout",
        text="",
    ),
    # Its end.
    Case(behaviour="silent", args=IDLE, exit=6, code="idle_timeout", text=""),
    Case(behaviour="silent", args=TOTAL, exit=6, code="timeout", text=""),
    Case(behaviour="silent_after_start", args=IDLE, exit=6, code="idle_timeout", text="so far"),
    Case(
        behaviour="talks_for_ever",
        args=(*TOTAL, "--idle-timeout", "0.9s"),
        exit=6,
        code="timeout",
        text="tick",
    ),
    Case(
        behaviour="retries_for_ever",
        args=("--timeout", "3s", "--idle-timeout", "2s"),
        exit=6,
        code="timeout",
        text="",
        stderr="the service failed (529 overloaded), trying again in 0.3 s",
        within_s=3.0,
    ),
    Case(behaviour="lingers", within_s=5.0),
    Case(behaviour="lingers_and_ignores", within_s=8.0),
    Case(
        behaviour="ignores_signals", args=TOTAL, exit=6, code="timeout", text="", within_s=1 + 5 + 3
    ),
    Case(behaviour="stops_itself", args=TOTAL, exit=6, code="timeout", text="so far"),
    Case(behaviour="closes_stdout", exit=1, code="no_result", text="so far", within_s=5.0),
    Case(behaviour="closes_stdout_after_answer", within_s=5.0),
    Case(behaviour="closes_all", exit=1, code="no_result", text="", within_s=5.0),
    Case(behaviour="dies_mid_line", exit=1, code="agent_failed", text="so far"),
    Case(behaviour="killed", exit=1, code="killed", text="so far"),
    Case(behaviour="exits_badly_after_answer", stderr="exited with 1 after its answer"),
    Case(behaviour="error_inside_exit_0", exit=8, code="overloaded", text=""),
    Case(behaviour="two_results", text="the second"),
    Case(
        behaviour="fails_strangely",
        exit=1,
        code="agent_failed",
        text="",
        stderr="error: panic: flux capacitor",
    ),
    # What it leaves behind.
    Case(behaviour="grandchild_holds_stdout"),
    Case(behaviour="grandchild_ignores_signals"),
    Case(behaviour="daemon_while_silent", args=TOTAL, exit=6, code="timeout", text=""),
    Case(behaviour="killed_beside_daemon", exit=1, code="killed", text=""),
    # How much it says.
    Case(behaviour="floods_stderr:200", within_s=5.0),
    Case(behaviour="floods_stderr_without_line:50"),
    Case(behaviour="floods_stdout_with_junk:4", within_s=5.0),
    Case(behaviour="floods_stdout_with_line_ends:1"),
    Case(behaviour="floods_stdout_with_messages:4", within_s=5.0),
    Case(behaviour="floods_stdout_with_notices:3", within_s=5.0, stderr="trying again"),
    Case(
        behaviour="floods_stdout_with_one_answer:8",
        exit=1,
        code="no_result",
        text="ddd",
        within_s=8.0,
    ),
    Case(behaviour="endless_line:200", within_s=5.0),
    Case(behaviour="long_lines:40", within_s=5.0),
    Case(behaviour="long_tool_results:40", within_s=5.0),
    Case(behaviour="strange_bytes", text="nul \0 and \x1b[31mred"),
]


def _name(case: Case) -> str:
    return "-".join([case.behaviour.partition(":")[0], *(case.args[::2])])


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_the_run_ends_as_promised_whatever_an_agent_does(
    case: Case, tmp_path: Path, marker: str, running: Callable[[], list[int]]
) -> None:
    """Exit status, report, record, time, memory and leftovers, for each way to misbehave."""
    home = RogueHome(tmp_path, **{MARKER: marker})
    ran = home.run(
        case.behaviour, "-b", "claude", "-o", "json", *case.args, "-", prompt=case.prompt
    )
    result = ran.json()
    check_result(result)
    code = result["error"] and result["error"]["code"]
    assert (ran.exit_code, code) == (case.exit, case.code), result["error"]
    assert result["text"] == case.text or (len(case.text) == 3 and case.text in result["text"])
    assert ran.seconds < case.within_s + SLACK_S
    assert ran.peak_mb < MEMORY_MB
    assert running() == []
    check_home(home.clinvk_home)
    shown = home.run("none", "sessions", "show", "@last", "--turn", "1", "--json").json()
    assert shown["text"] == result["text"]
    assert shown["prompt"] == case.prompt.decode()
    assert shown["interrupted"] is False
    if case.stderr:
        text = home.run(case.behaviour, "-b", "claude", *case.args, "-")
        assert case.stderr in text.stderr
        assert text.stderr.count("Traceback") == 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--timeout", "2s", "--idle-timeout", "1h"), "longer than its time limit"),
        (("--timeout", "1h", "--idle-timeout", "2s"), "the reader of the output read nothing"),
    ],
    ids=["total", "idle"],
)
def test_limits_apply_while_nobody_reads_the_output(
    tmp_path: Path,
    marker: str,
    running: Callable[[], list[int]],
    args: tuple[str, ...],
    said: str,
) -> None:
    """`clinvk … | sleep 1h`: both limits still end the agent, the record and the exit say so."""
    home = RogueHome(tmp_path, **{MARKER: marker})
    began = time.monotonic()
    with subprocess.Popen(
        home.argv("-b", "claude", "-o", "stream-json", *args, "hello"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=home.project,
        env=home.environ("floods_stdout_with_messages:1000"),
    ) as child:
        assert child.stdout is not None
        assert child.wait(60) == 6
        assert running() == []
        events = child.stdout.read().splitlines()
    assert time.monotonic() - began < 2 + 5 + 3 + 2 + SLACK_S
    assert json.loads(events[0])["type"] == "init"
    peak_mb = int((tmp_path / "peak").read_text(encoding="ascii")) / 1024
    assert peak_mb < MEMORY_MB
    shown = home.run("none", "sessions", "show", "@last", "--turn", "1", "--json").json()
    assert said in shown["error"]["message"]


def test_ctrl_c_works_while_nobody_reads_the_output(
    tmp_path: Path, marker: str, running: Callable[[], list[int]]
) -> None:
    """One is enough: the agent is stopped, the turn is recorded as cancelled, clinvk exits."""
    home = RogueHome(tmp_path, **{MARKER: marker})
    with subprocess.Popen(
        home.argv("-b", "claude", "-o", "stream-json", "hello"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=home.project,
        env=home.environ("floods_stdout_with_messages:1000"),
    ) as child:
        _wait_until_full(home)
        child.send_signal(2)
        assert child.wait(30) == 130
        assert running() == []
    shown = home.run("none", "sessions", "show", "@last", "--turn", "1", "--json").json()
    assert (shown["stop_reason"], shown["error"]) == ("interrupted", None)


def test_an_unknown_ending_hints_at_the_agents_last_output(tmp_path: Path) -> None:
    """The hint is a command that shows it."""
    home = RogueHome(tmp_path)
    error = home.run("fails_strangely", "-b", "claude", "-o", "json", "-").json()["error"]
    command = error["hint"].split("`")[1].split()
    assert command[:3] == ["clinvk", "sessions", "show"]
    shown = home.run("none", *command[1:]).stdout.decode()
    assert "Last Output:\n  panic: flux capacitor\n    at line 7\n" in shown
    (home.folder / "home" / ".clinvk" / "config.yaml").write_text(
        "session:\n  store_transcript: false\n", encoding="utf-8"
    )
    again = home.run("fails_strangely", "-b", "claude", "-o", "json", "-").json()["error"]
    assert again["hint"] is None


def _wait_until_full(home: RogueHome) -> None:
    """Until the transcript grows no more: then clinvk waits for its reader."""
    deadline, size = time.monotonic() + 30, -1
    while time.monotonic() < deadline:
        time.sleep(0.7)
        now = sum(file.stat().st_size for file in home.clinvk_home.glob("transcripts/*"))
        if now == size > 1_000_000:
            return
        size = now
    pytest.fail("the output was never full")
