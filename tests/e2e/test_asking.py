"""An agent asks, in a real terminal: what is seen, what each key does, and what is left on disk."""

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bed.bare import bare_command
from bed.command import Command
from bed.terminal import Terminal, have_tmux

pytestmark = pytest.mark.skipif(not have_tmux, reason="tmux is not installed")

ALLOW = "\nAllow?"
WRITE = "/write a.txt hello"


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk` in a home without agents."""
    return bare_command(tmp_path)


@pytest.fixture
def terminal(clinvk: Command) -> Iterator[Terminal]:
    """A terminal in the project's directory."""
    with Terminal(clinvk.home.env, clinvk.home.project) as opened:
        yield opened


@pytest.fixture
def project(clinvk: Command) -> Path:
    """The directory in which the agent works."""
    return Path(clinvk.home.project)


def ask(clinvk: Command, terminal: Terminal, *prompt: str) -> str:
    """Run the prompt's lines; the screen with the first question."""
    (clinvk.home.home / "prompt").write_text("\n".join(prompt), encoding="utf-8")
    terminal.write(f'{clinvk.program} -b demo "$(cat ~/prompt)"; echo code=$?=')
    terminal.press("Enter")
    return terminal.wait_for(ALLOW)


def code_of(terminal: Terminal) -> int:
    """The exit code that the command line of `ask` prints."""
    shown = terminal.wait_for_shell()
    return int(shown.rpartition("code=")[2].partition("=")[0])


def events(clinvk: Command) -> list[dict[str, Any]]:
    """The requests and answers in the transcript."""
    (transcript,) = (clinvk.home.clinvk_home / "transcripts").glob("*.jsonl")
    lines = [json.loads(line) for line in transcript.read_text("utf-8").splitlines()]
    return [line for line in lines if str(line["type"]).startswith("permission_")]


def answers(clinvk: Command) -> list[tuple[str, str]]:
    """The decision and by whom, for each answer in the transcript."""
    return [
        (line["decision"], line["by"])
        for line in events(clinvk)
        if line["type"] == "permission_answer"
    ]


def child_of(terminal: Terminal) -> int:
    """The pid of the `clinvk` that runs in the terminal."""
    (child,) = children_of(int(terminal.state("pane_pid")))
    return child


def children_of(pid: int) -> list[int]:
    """The pids of the children of its main thread."""
    return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


def test_the_question_says_who_wants_what_where_and_the_keys(
    clinvk: Command, terminal: Terminal, project: Path
) -> None:
    """The agent, the file and its change, the tool, the directory, and every key."""
    (project / "a.txt").write_text("one\ntwo\n")
    shown = ask(clinvk, terminal, "/write a.txt one")
    assert "? Demo asks to change a.txt (`Write`)" in shown
    assert f"in {project}" in shown
    assert "│  one\n│ -two" in shown
    for key in ("y yes", "a yes to all `Write` in this turn", "n no", "r no, with a reason"):
        assert key in shown
    assert "e edit" not in shown
    terminal.press("n")
    assert code_of(terminal) == 0


def test_yes_writes_the_file(clinvk: Command, terminal: Terminal, project: Path) -> None:
    """Once `y` is pressed, not before; one line of it stays on the screen."""
    ask(clinvk, terminal, WRITE)
    assert not (project / "a.txt").exists()
    terminal.press("y")
    assert code_of(terminal) == 0
    assert (project / "a.txt").read_text() == "hello\n"
    shown = terminal.screen()
    assert "✓ allowed  Write  a.txt" in shown
    assert ALLOW not in shown
    assert answers(clinvk) == [("allow", "person")]


def test_no_writes_nothing_and_the_turn_continues(
    clinvk: Command, terminal: Terminal, project: Path
) -> None:
    """The agent gets its denial and answers."""
    ask(clinvk, terminal, WRITE)
    terminal.press("n")
    assert code_of(terminal) == 0
    assert list(project.iterdir()) == []
    assert "I may not write a.txt." in terminal.screen()
    assert answers(clinvk) == [("deny", "person")]


def test_a_reason_reaches_the_agent(clinvk: Command, terminal: Terminal, project: Path) -> None:
    """Typed with corrections; Esc goes back to the question."""
    ask(clinvk, terminal, WRITE)
    terminal.press("r")
    terminal.wait_for("No, because:")
    terminal.write("never mind")
    terminal.press("Escape")
    terminal.wait_for(ALLOW)
    terminal.press("r")
    terminal.wait_for("No, because:")
    terminal.write("写 it in b.txtx")
    terminal.press("BSpace")
    terminal.wait_for("写 it in b.txt")
    terminal.press("Enter")
    assert code_of(terminal) == 0
    assert "I may not write a.txt: 写 it in b.txt." in terminal.screen()
    assert list(project.iterdir()) == []


def test_all_covers_the_second_request_in_this_turn_only(
    clinvk: Command, terminal: Terminal, project: Path
) -> None:
    """The next turn asks again, and another tool of the same turn too."""
    ask(clinvk, terminal, WRITE, "/write b.txt hello", "/run touch c.txt")
    terminal.press("a")
    terminal.wait_for("asks to run a command")
    assert {one.name for one in project.iterdir()} == {"a.txt", "b.txt"}
    terminal.wait_for(ALLOW)
    terminal.press("n")
    assert code_of(terminal) == 0
    assert answers(clinvk) == [("allow_turn", "person"), ("allow", "turn"), ("deny", "person")]
    terminal.clear()
    terminal.run(clinvk.program, "-c", "/write d.txt hello")
    terminal.wait_for(ALLOW)
    terminal.press("n")
    terminal.wait_for_shell()
    assert not (project / "d.txt").exists()


def test_an_edited_command_is_the_one_that_runs(
    clinvk: Command, terminal: Terminal, project: Path
) -> None:
    """`e` begins with the agent's command; what runs is said and recorded."""
    ask(clinvk, terminal, "/run touch a.txt")
    terminal.press("e")
    terminal.wait_for("Run instead: touch a.txt")
    terminal.press("C-w")
    terminal.write("b.txt")
    terminal.wait_for("Run instead: touch b.txt")
    terminal.press("Enter")
    assert code_of(terminal) == 0
    assert [one.name for one in project.iterdir()] == ["b.txt"]
    assert "✓ allowed as `touch b.txt`  Bash  touch a.txt" in terminal.screen()
    assert events(clinvk)[-1]["command"] == "touch b.txt"


@pytest.mark.parametrize("key", ["s", "C-c"])
def test_stop_ends_the_turn(clinvk: Command, terminal: Terminal, project: Path, key: str) -> None:
    """Exit 130 and nothing written; the session can be continued."""
    ask(clinvk, terminal, WRITE)
    terminal.press(key)
    assert code_of(terminal) == 130
    assert list(project.iterdir()) == []
    assert ALLOW not in terminal.screen()
    terminal.clear()
    terminal.run(clinvk.program, "-c", "hello again")
    assert "Earlier you said" in terminal.wait_for("Earlier you said")


def test_a_stop_by_the_key_is_recorded_as_the_persons_answer(
    clinvk: Command, terminal: Terminal
) -> None:
    """And Ctrl-C leaves the request without one."""
    ask(clinvk, terminal, WRITE)
    terminal.press("s")
    code_of(terminal)
    assert answers(clinvk) == [("stop", "person")]


def test_a_stopped_question_comes_back_with_the_job(
    clinvk: Command, terminal: Terminal, project: Path
) -> None:
    """After Ctrl-Z the shell reads lines as ever; `fg` asks again, and reads keys again."""
    ask(clinvk, terminal, WRITE)
    terminal.press("C-z")
    terminal.wait_for("topped")
    terminal.clear()
    terminal.run("echo", "in the shell")
    assert terminal.wait_for("in the shell\n$").count("echo 'in the shell'") == 1
    terminal.run("fg")
    assert "│ +hello" in terminal.wait_for(ALLOW)
    terminal.press("y")
    terminal.wait_for("a.txt created")
    terminal.wait_for_shell()
    assert (project / "a.txt").exists()


@pytest.mark.parametrize("columns", [50, 140])
def test_a_resized_window_shows_the_question_once(
    clinvk: Command, terminal: Terminal, columns: int
) -> None:
    """Drawn again at the new width, with nothing of the old one left."""
    ask(clinvk, terminal, "/say before", WRITE)
    terminal.resize(columns, 30)
    terminal.settle()
    shown = terminal.wait_for(ALLOW)
    assert shown.count("Demo asks to change a.txt") == 1
    assert shown.count(ALLOW) == 1
    assert terminal.history().count("\nbefore\n") == 1
    assert all(len(line) < columns for line in shown.splitlines() if "y yes" in line)
    terminal.press("n")
    code_of(terminal)


def test_keys_from_before_the_question_never_answer_it(
    clinvk: Command, terminal: Terminal, project: Path
) -> None:
    """They are dropped, however many were typed while the agent worked."""
    (clinvk.home.home / "prompt").write_text(f"/silent 1\n{WRITE}")
    terminal.write(f'{clinvk.program} -b demo "$(cat ~/prompt)"; echo code=$?=')
    terminal.press("Enter")
    clinvk.wait_until_recorded('"backend_session"')
    terminal.write("yyyy")
    terminal.wait_for(ALLOW)
    terminal.press("v")
    terminal.wait_for("q: back")
    assert answers(clinvk) == []
    terminal.press("q")
    terminal.wait_for(ALLOW)
    terminal.press("n")
    assert code_of(terminal) == 0
    assert list(project.iterdir()) == []


def test_several_requests_are_a_queue_and_one_may_be_withdrawn(
    clinvk: Command, terminal: Terminal
) -> None:
    """The place in the queue is shown; what the agent withdraws disappears with a line."""
    asked = '/raw {"type": "ask", "id": "%s", "name": "%s", "summary": "%s", "input": {}}'
    ask(
        clinvk,
        terminal,
        asked % ("one", "look", "first"),
        asked % ("two", "look", "second"),
        asked % ("three", "peek", "third"),
        '/raw {"type": "withdraw", "id": "one"}',
        "/silent 60",
    )
    shown = terminal.wait_for("withdrawn by the agent  look  first")
    assert "(`look`, 2 of 3)" in terminal.wait_for("│ second")
    terminal.wait_for(ALLOW)
    terminal.press("n")
    shown = terminal.wait_for("✗ denied  look  second")
    assert "│ third" in terminal.wait_for("3 of 3")
    assert shown.count("withdrawn") == 1
    terminal.press("C-c")
    assert code_of(terminal) == 130
    assert "✗ not answered  peek  third" in terminal.screen()


def test_one_answer_for_all_covers_those_that_wait(clinvk: Command, terminal: Terminal) -> None:
    """`a` allows the same tool's requests in the queue, and no other's."""
    asked = '/raw {"type": "ask", "id": "%s", "name": "%s", "summary": "%s", "input": {}}'
    lines = [asked % ("1", "look", "x"), asked % ("2", "look", "y"), asked % ("3", "peek", "z")]
    ask(clinvk, terminal, *lines, "/silent 60")
    terminal.wait_for("1 of 3")
    terminal.press("a")
    terminal.wait_for("3 of 3")
    terminal.press("C-c")
    assert code_of(terminal) == 130
    assert answers(clinvk) == [("allow_turn", "person"), ("allow", "turn")]


def test_nothing_of_the_agent_can_forge_the_frame(clinvk: Command, terminal: Terminal) -> None:
    """Its text stays behind the bar, with a mark for all that would move the cursor or mislead."""
    hostile = "/run echo \x1b[2J\x1b[1;1H \u202egnp.exe\u2066 \u200b\r  y yes · Allow? 0s"
    shown = ask(clinvk, terminal, hostile)
    question = shown[shown.index("? Demo asks") :]
    (line,) = [line for line in question.splitlines() if "echo" in line]
    assert line.startswith("│ $ echo ^[[2J^[[1;1H <U+202E>gnp.exe<U+2066> <U+200B>^M")
    assert len([line for line in question.splitlines() if line.startswith(ALLOW.strip())]) == 1
    terminal.press("n")
    code_of(terminal)


def test_a_huge_change_is_cut_to_the_screen_and_can_be_viewed(
    clinvk: Command, terminal: Terminal, project: Path
) -> None:
    """10 MB: the frame and the keys stay on the screen; `v` goes to the last page and back."""
    lines = "".join(f"line {number} {'x' * 90}\n" for number in range(100_000))
    request = {
        "type": "ask",
        "id": "huge",
        "name": "write",
        "summary": "big.txt",
        "input": {"path": "big.txt", "text": lines},
    }
    prompt = project.parent / "huge"
    prompt.write_text(f"/raw {json.dumps(request)}\n/silent 60", encoding="utf-8")
    editor = project.parent / "editor"
    editor.write_text(f'#!/bin/sh\ncp {prompt} "$1"\n')
    editor.chmod(0o755)
    terminal.write(f"EDITOR={editor} {clinvk.program} -b demo -e; echo code=$?=")
    terminal.press("Enter")
    shown = terminal.wait_for(ALLOW)
    assert "? Demo asks to change big.txt" in shown
    assert "99,9" in shown
    assert "more lines, `v` shows all" in shown
    terminal.press("v")
    terminal.wait_for("lines 1 to ")
    terminal.press("G")
    terminal.wait_for("line 99999 xxx")
    terminal.press("q")
    terminal.wait_for(ALLOW)
    terminal.press("C-c")
    assert code_of(terminal) == 130


def test_a_killed_clinvk_leaves_nothing_running_and_says_what_it_asked(
    clinvk: Command, terminal: Terminal, project: Path
) -> None:
    """`kill -9`: the agent ends, nothing is written, the session is interrupted and continues."""
    ask(clinvk, terminal, WRITE)
    pid = child_of(terminal)
    (agent,) = children_of(pid)
    os.kill(pid, signal.SIGKILL)
    terminal.wait_for("code=137=")
    gone(agent)
    assert list(project.iterdir()) == []
    listed = clinvk("sessions", "list", "--json").json()[0]
    assert listed["status"] == "interrupted"
    assert "Write a.txt (not answered)" in clinvk("sessions", "show", "@last", "--turn", "1").stdout
    assert clinvk("-c", "and now?").exit_code == 0


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_after_a_kill_a_shell_with_its_own_line_editor_is_as_before(
    clinvk: Command, terminal: Terminal
) -> None:
    """Nobody restores the mode then, and bash sets its own; what is typed is seen and run."""
    terminal.run("bash", "--norc")
    terminal.run("PS1='$ '")
    ask(clinvk, terminal, WRITE)
    (shell,) = children_of(int(terminal.state("pane_pid")))
    (pid,) = children_of(shell)
    os.kill(pid, signal.SIGKILL)
    terminal.wait_for("code=137=")
    terminal.run("echo", "still", "here")
    shown = terminal.wait_for("\nstill here")
    assert "echo still here" in shown


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGQUIT], ids=lambda one: one.name)
def test_a_signal_restores_the_terminal(
    clinvk: Command, terminal: Terminal, project: Path, sent: signal.Signals
) -> None:
    """The shell echoes what is typed, and waits for lines."""
    ask(clinvk, terminal, WRITE)
    os.kill(child_of(terminal), sent)
    assert code_of(terminal) == 128 + sent
    terminal.write("stty -a | grep -o -e -icanon -e -echo[^a-z]; echo 'modes'; ")
    terminal.press("Enter")
    shown = terminal.wait_for("\nmodes")
    assert "\n-icanon" not in shown
    assert "\n-echo" not in shown
    assert list(project.iterdir()) == []


def test_a_closed_window_denies_and_leaves_nothing(
    clinvk: Command, terminal: Terminal, project: Path
) -> None:
    """SIGHUP while it asks: nothing is written, nothing runs, the session is interrupted."""
    ask(clinvk, terminal, WRITE)
    pid = child_of(terminal)
    (agent,) = children_of(pid)
    terminal.close()
    gone(pid)
    gone(agent)
    assert list(project.iterdir()) == []
    assert clinvk("sessions", "list", "--json").json()[0]["status"] == "interrupted"


def test_the_total_time_counts_and_the_idle_time_does_not(
    clinvk: Command, terminal: Terminal, project: Path
) -> None:
    """It asks for longer than the idle limit; at the total limit the question is withdrawn."""
    limits = "--idle-timeout 1s --timeout 5s"
    terminal.write(f"{clinvk.program} -b demo {limits} '{WRITE}'; echo code=$?=")
    terminal.press("Enter")
    terminal.wait_for("Allow? 3s")
    shown = terminal.wait_for("code=6=")
    assert "✗ not answered  Write  a.txt" in shown
    assert "time limit" in shown or "timeout" in shown
    assert list(project.iterdir()) == []


def test_an_answer_after_the_idle_limit_still_counts(
    clinvk: Command, terminal: Terminal, project: Path
) -> None:
    """A person may think; the agent is not idle."""
    terminal.write(f"{clinvk.program} -b demo --idle-timeout 1s '{WRITE}'; echo code=$?=")
    terminal.press("Enter")
    terminal.wait_for("Allow? 3s")
    terminal.press("y")
    assert code_of(terminal) == 0
    assert (project / "a.txt").exists()


def test_it_asks_when_stdout_is_a_file(clinvk: Command, terminal: Terminal) -> None:
    """The question is on stderr, and the answer alone in the file."""
    (clinvk.home.home / "prompt").write_text(WRITE)
    terminal.write(f'{clinvk.program} -b demo "$(cat ~/prompt)" > ~/out; echo code=$?=')
    terminal.press("Enter")
    terminal.wait_for(ALLOW)
    terminal.press("y")
    assert code_of(terminal) == 0
    assert (clinvk.home.home / "out").read_text() == "I wrote a.txt.\n"


@pytest.mark.parametrize(
    "how", ["-o json", "-o stream-json", "--access edit", "--access read-only", "< /dev/null"]
)
def test_it_does_not_ask_where_nobody_shall_be_asked(
    clinvk: Command, terminal: Terminal, project: Path, how: str
) -> None:
    """For programs, without a terminal on stdin, or if the access decides."""
    terminal.write(f"{clinvk.program} -b demo '{WRITE}' {how}; echo code=$?=")
    terminal.press("Enter")
    assert code_of(terminal) == 0
    assert ALLOW not in terminal.screen()
    assert (project / "a.txt").exists() == (how == "--access edit")


def test_a_session_asks_wherever_a_person_continues_it(
    clinvk: Command, terminal: Terminal, project: Path
) -> None:
    """Started without a terminal it asks at one; continued without one again, it denies."""
    assert clinvk("-b", "demo", "hello").exit_code == 0
    terminal.write(f"{clinvk.program} -c '{WRITE}'; echo code=$?=")
    terminal.press("Enter")
    terminal.wait_for(ALLOW)
    terminal.press("y")
    assert code_of(terminal) == 0
    (project / "a.txt").unlink()
    assert clinvk("-c", WRITE).exit_code == 0
    assert list(project.iterdir()) == []


def test_with_ask_and_no_terminal_every_request_is_denied(clinvk: Command, project: Path) -> None:
    """At once; the turn goes on, and the events say who answered."""
    ran = clinvk("-b", "demo", "--access", "ask", "-o", "stream-json", f"{WRITE}\n/run ls")
    assert ran.exit_code == 0
    by = [line["by"] for line in ran.json_lines() if line["type"] == "permission_answer"]
    assert by == ["nobody", "nobody"]
    assert list(project.iterdir()) == []


@pytest.mark.parametrize("variables", ["NO_COLOR=1", "TERM=dumb", "LC_ALL=C"])
def test_every_terminal_can_be_asked_at(
    clinvk: Command, terminal: Terminal, project: Path, variables: str
) -> None:
    """Without colours, without a cursor that can be moved, without UTF-8."""
    terminal.write(f"{variables} {clinvk.program} -b demo '{WRITE}'; echo code=$?=")
    terminal.press("Enter")
    shown = terminal.wait_for(ALLOW)
    assert "+hello" in shown
    assert not any("\x1b[3" in line for line in terminal.colored_lines()[1:]) or (
        variables == "LC_ALL=C"
    )
    terminal.press("y")
    assert code_of(terminal) == 0
    assert (project / "a.txt").exists()


def test_the_record_shows_each_request_and_its_answer(clinvk: Command, terminal: Terminal) -> None:
    """In `sessions show --turn`, in the export for people, and in the one for programs."""
    ask(clinvk, terminal, WRITE, "/run echo hi")
    terminal.press("y")
    terminal.wait_for("run a command")
    terminal.wait_for(ALLOW)
    terminal.press("r")
    terminal.wait_for("No, because:")
    terminal.write("not now")
    terminal.press("Enter")
    assert code_of(terminal) == 0
    shown = clinvk("sessions", "show", "@last", "--turn", "1").stdout
    assert "Write a.txt (allowed)" in shown
    assert "Bash echo hi (denied: not now)" in shown
    exported = clinvk("sessions", "export", "@last").stdout
    assert "- `Bash` `echo hi` — denied: not now" in exported
    (first, second) = clinvk("sessions", "show", "@last", "--turn", "1", "--json").json()[
        "permissions"
    ]
    assert (first["tool"], first["answer"]["by"]) == ("write", "person")
    assert second["answer"]["reason"] == "not now"


def gone(pid: int) -> None:
    """Wait until the process has ended."""
    until = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists():
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2][:1]
        if state in b"ZX":
            return
        assert time.monotonic() < until, f"{pid} still runs"
        time.sleep(0.02)
