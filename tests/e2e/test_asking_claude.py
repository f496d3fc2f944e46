"""claude asks, in a real terminal and without one: what is on disk after each answer."""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bed.command import Command
from bed.mock_model import MockModel
from bed.terminal import Terminal, have_tmux

pytestmark = pytest.mark.skipif(not have_tmux, reason="tmux is not installed")

BOTH = pytest.mark.parametrize("claude", ["claude", "claude-next"])
ALLOW = "\nAllow?"
TURN_S = 60.0
WRITE = "[[write:{project}/written.txt|hello]]"
RUN = "[[run:echo hello > ran.txt]]"
TOOLS = {
    "change written.txt": WRITE,
    "change there.txt": (
        '[[tool:Read|{{"file_path": "{project}/there.txt"}}]][[edit:{project}/there.txt|old|new]]'
    ),
    "run a command": RUN,
    "use a tool": '[[tool:mcp__notes__keep|{{"text": "hello"}}]]',
}
"""What the agent is told to do, by what the question says; each makes or changes one file."""

WORD = "Remember the word kiwi. "
WHICH = "Which word did I ask you to remember?"


@pytest.fixture
def terminal(clinvk: Command) -> Iterator[Terminal]:
    """A terminal in the project's directory."""
    with Terminal(clinvk.home.env, clinvk.home.project) as opened:
        yield opened


@pytest.fixture
def project(clinvk: Command) -> Path:
    """The directory in which the agent works, with a file; the person has a tool server."""
    server = Path(__file__).parents[1] / "bed" / "note_server.py"
    folder = Path(clinvk.home.project)
    notes = {"command": sys.executable, "args": [str(server), str(folder / "kept.txt")]}
    (clinvk.home.home / ".claude.json").write_text(json.dumps({"mcpServers": {"notes": notes}}))
    (folder / "there.txt").write_text("old\n")
    return folder


def files(project: Path) -> dict[str, str]:
    """What is in the project."""
    return {file.name: file.read_text() for file in project.iterdir()}


def ask(clinvk: Command, terminal: Terminal, prompt: str, *options: str) -> str:
    """Run the prompt; the screen with the first question."""
    text = prompt.format(project=clinvk.home.project)
    (clinvk.home.home / "prompt").write_text(text, encoding="utf-8")
    command = " ".join([str(clinvk.program), *(options or ("-b", "claude"))])
    terminal.write(f'{command} "$(cat ~/prompt)"; echo code=$?=')
    terminal.press("Enter")
    return terminal.wait_for(ALLOW, timeout_s=TURN_S)


def code_of(terminal: Terminal) -> int:
    """The exit code that the command line of `ask` prints."""
    shown = terminal.wait_for("\ncode=", timeout_s=TURN_S)
    return int(shown.rpartition("code=")[2].partition("=")[0])


def turn(clinvk: Command, number: int = 1) -> dict[str, Any]:
    """A turn of the only session."""
    shown: dict[str, Any] = clinvk(
        "sessions", "show", "@last", "--turn", str(number), "--json"
    ).json()
    return shown


def status(clinvk: Command) -> str:
    """The status of the only session."""
    (listed,) = clinvk("sessions", "list", "--json").json()
    return str(listed["status"])


def running(clinvk: Command, program: str) -> dict[int, str]:
    """The processes with this test's HOME that run the program, with their command lines."""
    found, mark = {}, f"HOME={clinvk.home.home}".encode()
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and mark in (process / "environ").read_bytes().split(b"\0"):
                words = (process / "cmdline").read_text().split("\0")
                if any(Path(word).name == program for word in words[:2]):
                    found[int(process.name)] = " ".join(words)
        except OSError:
            continue
    return found


def wait_until_none_runs(clinvk: Command) -> None:
    """Until the agent has ended, as a consequence of what was done before."""
    until = time.monotonic() + TURN_S
    while left := running(clinvk, "claude"):
        assert time.monotonic() < until, left
        time.sleep(0.05)


@BOTH
def test_yes_does_it_and_not_before(clinvk: Command, terminal: Terminal, project: Path) -> None:
    """Tool by tool, asked for by default at a terminal; figures and files are those of the turn."""
    ask(clinvk, terminal, "".join(TOOLS.values()))
    seen = []
    for wish in TOOLS:
        terminal.wait_for(f"asks to {wish}", timeout_s=TURN_S)
        terminal.wait_for(ALLOW)
        seen.append(files(project))
        terminal.press("y")
    assert code_of(terminal) == 0
    there, made = {"there.txt": "old\n"}, {"written.txt": "hello", "there.txt": "new\n"}
    assert seen[0] == there
    assert seen[1] == {**there, "written.txt": "hello"}
    assert seen[2] == made
    assert seen[3] == {**made, "ran.txt": "hello\n"}
    assert files(project) == {**made, "ran.txt": "hello\n", "kept.txt": "hello\n"}
    told = turn(clinvk)
    assert told["usage"]["input_tokens"] == 600
    assert {Path(one["path"]).name for one in told["files"]} >= set(made)


@BOTH
def test_no_writes_nothing(clinvk: Command, terminal: Terminal, project: Path) -> None:
    """Tool by tool; the turn goes on to its end. There is no hint, for the person was there."""
    for wish, prompt in TOOLS.items():
        shown = ask(clinvk, terminal, prompt)
        assert f"asks to {wish}" in shown
        terminal.press("n")
        assert code_of(terminal) == 0
        assert "It did not work: The user denied this." in terminal.screen()
        assert files(project) == {"there.txt": "old\n"}
        assert turn(clinvk)["warnings"] == []
        terminal.clear()


@BOTH
def test_without_a_terminal_it_is_denied_and_told(clinvk: Command, project: Path) -> None:
    """Once in the warnings, with what to do about it; nothing is written."""
    for prompt in TOOLS.values():
        text = prompt.format(project=project)
        ran = clinvk("-b", "claude", "--access", "ask", "-o", "json", text)
        assert ran.exit_code == 0
        assert files(project) == {"there.txt": "old\n"}
        denied, hint = ran.json()["warnings"]
        assert denied.startswith("not allowed: ")
        assert hint.startswith("1 action not allowed: ")


def test_a_rule_allows_what_it_names(clinvk: Command, project: Path) -> None:
    """The file by its path, and not the command."""
    prompt = f"{WRITE}{RUN}".format(project=project)
    ran = clinvk("-b", "claude", "--allow", "Edit(*.txt)", "-o", "json", prompt)
    assert ran.exit_code == 0
    assert files(project) == {"there.txt": "old\n", "written.txt": "hello"}


@BOTH
def test_a_reason_and_another_command_reach_the_agent(
    clinvk: Command, terminal: Terminal, project: Path, server: MockModel
) -> None:
    """The model reads the reason, and the edited command is the one that runs."""
    ask(clinvk, terminal, RUN + WRITE)
    terminal.press("e")
    terminal.wait_until_gone(ALLOW)
    terminal.press("C-u")
    terminal.write("echo other > other.txt")
    terminal.wait_for("echo other > other.txt")
    terminal.press("Enter")
    terminal.wait_for("asks to change written.txt", timeout_s=TURN_S)
    terminal.wait_for(ALLOW)
    terminal.press("r")
    terminal.wait_for("No, because:")
    terminal.write("put it elsewhere")
    terminal.wait_for("put it elsewhere")
    terminal.press("Enter")
    assert code_of(terminal) == 0
    assert "put it elsewhere" in json.dumps(server.ledger.requests[-1].body)
    assert files(project) == {"there.txt": "old\n", "other.txt": "other\n"}


def test_yes_to_all_lasts_for_the_turn(clinvk: Command, terminal: Terminal, project: Path) -> None:
    """The second file is written without a question; in the next turn it asks again."""
    ask(clinvk, terminal, WRITE + WRITE.replace("written", "second"))
    terminal.press("a")
    assert code_of(terminal) == 0
    assert {"written.txt", "second.txt"} <= set(files(project))
    terminal.clear()
    ask(clinvk, terminal, WRITE.replace("written", "third"), "-c")
    terminal.press("n")
    assert code_of(terminal) == 0
    assert "third.txt" not in files(project)


@BOTH
@pytest.mark.parametrize("key", ["s", "C-c"])
def test_a_stopped_turn_writes_nothing_and_the_session_continues(
    clinvk: Command, terminal: Terminal, project: Path, key: str
) -> None:
    """`s` and Ctrl-C: exit 130, nothing left running, the conversation is as it was."""
    ask(clinvk, terminal, WORD + WRITE)
    terminal.press(key)
    assert code_of(terminal) == 130
    wait_until_none_runs(clinvk)
    assert files(project) == {"there.txt": "old\n"}
    assert status(clinvk) == "interrupted"
    ran = clinvk("-c", WHICH)
    assert (ran.exit_code, "kiwi" in ran.stdout) == (0, True)


@BOTH
@pytest.mark.parametrize("how", ["killed", "window closed"])
def test_a_lost_clinvk_writes_nothing_and_the_session_continues(
    clinvk: Command, terminal: Terminal, project: Path, how: str
) -> None:
    """`kill -9`, and a terminal that is gone: the agent's stdin is closed, so it may do nothing."""
    ask(clinvk, terminal, WORD + WRITE)
    assert running(clinvk, "claude")
    if how == "killed":
        (pid,) = running(clinvk, "clinvk")
        os.kill(pid, signal.SIGKILL)
        terminal.wait_for("code=137=")
    else:
        terminal.close()
    wait_until_none_runs(clinvk)
    assert files(project) == {"there.txt": "old\n"}
    assert status(clinvk) == "interrupted"
    ran = clinvk("-c", WHICH)
    assert (ran.exit_code, "kiwi" in ran.stdout) == (0, True)


@BOTH
def test_the_channels_alternate_with_memory_and_exact_figures(clinvk: Command) -> None:
    """Asking, headless, asking: one conversation, and each turn has its own figures."""
    used = "[[usage:in=100,cached=40,out=20]]"
    ask_again = ("-o", "json", f"{WHICH}{used}")
    ran = [
        clinvk("-b", "claude", "--access", "ask", "-o", "json", f"{WORD}{used}"),
        clinvk("-c", "--access", "edit", *ask_again),
        clinvk("-c", "--access", "ask", *ask_again),
        clinvk("-c", "--access", "read-only", *ask_again),
    ]
    assert [one.exit_code for one in ran] == [0, 0, 0, 0]
    reports = [one.json() for one in ran]
    assert len({one["backend_session_id"] for one in reports}) == 1
    assert ["kiwi" in one["text"] for one in reports[1:]] == [True, True, True]
    for report in reports:
        figures = report["usage"]
        assert (figures["input_tokens"], figures["output_tokens"]) == (100, 20)
        assert figures["cached_tokens"] == 40
        assert report["cost_usd"] == pytest.approx(reports[0]["cost_usd"])


@BOTH
def test_a_sub_agent_in_the_background_may_still_ask(
    clinvk: Command, terminal: Terminal, project: Path
) -> None:
    """Also after the answer of the agent that has started it: stdin stays open until it ends."""
    prompt = json.dumps("Create a file named `{project}/made.txt`.")
    started = (
        '[[tool:Task|{{"description": "help", "subagent_type": "general-purpose",'
        f' "run_in_background": true, "prompt": {prompt}}}}}]][[say:Begun.]]'
    )
    shown = ask(clinvk, terminal, started)
    assert "asks to change made.txt" in shown
    terminal.press("y")
    assert code_of(terminal) == 0
    assert files(project)["made.txt"] == "OK"
