"""Gemini, opencode and Qwen ask over the Agent Client Protocol: what is on disk after each answer.

A session goes from the headless channel to the other and back between its turns.
"""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bed.command import Command
from bed.mcp_server import TOOL_NAMES, configure
from bed.mock_model import MockModel
from bed.terminal import Terminal, have_tmux

AGENTS = ("gemini", "opencode", "qwen")
PATIENCE_S = 150.0
"""For a turn that may have to wait for the next minute."""

ALLOW = "\nAllow?"
in_terminal = pytest.mark.skipif(not have_tmux, reason="tmux is not installed")


@pytest.fixture(params=AGENTS)
def agent(request: pytest.FixtureRequest) -> str:
    """One of the three."""
    return str(request.param)


@pytest.fixture
def project(clinvk: Command) -> Path:
    """The directory in which the agent works."""
    return clinvk.home.project


@pytest.fixture
def terminal(clinvk: Command) -> Iterator[Terminal]:
    """A terminal in the project's directory."""
    with Terminal(clinvk.home.env, clinvk.home.project) as opened:
        yield opened


def use(tool: str, agent: str, project: Path) -> str:
    """The prompt that makes the agent use the tool, which would create `made.txt`."""
    made = project / "made.txt"
    return {
        "edit": f"[[write:{made}|hello]]",
        "shell": "[[run:touch made.txt]]",
        "mcp": f'[[tool:{TOOL_NAMES[agent]}|{{"path": "{made}"}}]]',
    }[tool]


def used(server: MockModel, since: int = 0) -> tuple[int, int]:
    """The input and output tokens that the model counted."""
    bills = server.billed[since:]
    given = sum(bill.usage.input_tokens for bill in bills)
    return given, sum(bill.usage.output_tokens for bill in bills)


def figures(result: dict[str, Any]) -> tuple[int, int]:
    """The same, as the turn reports it."""
    return result["usage"]["input_tokens"], result["usage"]["output_tokens"]


@pytest.mark.parametrize("tool", ["edit", "shell", "mcp"])
@pytest.mark.long_form("opencode", "qwen")
def test_nothing_is_done_that_nobody_allows(
    clinvk: Command, server: MockModel, project: Path, agent: str, tool: str
) -> None:
    """The turn goes on to its end, says what was denied, and how to allow it."""
    configure(clinvk.home.home, agent)
    prompt = f"Work. {use(tool, agent, project)}[[say:Done.]]"
    lines = clinvk("-b", agent, "--access", "ask", "-o", "stream-json", prompt).json_lines()
    result = lines[-1]
    (request,) = [line for line in lines if line["type"] == "permission_request"]
    (answer,) = [line for line in lines if line["type"] == "permission_answer"]
    assert result["exit_status"] == 0, result
    assert not list(project.iterdir())
    assert (answer["decision"], answer["by"]) == ("deny", "nobody")
    assert "made.txt" in f"{request['summary']} {request['paths']} {request['reason']}"
    assert result["text"], "the agent answered after the denial"
    assert any("--access edit" in warning for warning in result["warnings"])
    assert figures(result) == used(server)


@pytest.mark.parametrize("tool", ["edit", "shell", "mcp"])
@pytest.mark.long_form("opencode", "qwen")
def test_what_a_rule_allows_is_done(
    clinvk: Command, server: MockModel, project: Path, agent: str, tool: str
) -> None:
    """Once, with the change in the request, and with exact figures."""
    configure(clinvk.home.home, agent)
    rule = {"edit": "Edit", "shell": "Bash(touch *)", "mcp": TOOL_NAMES[agent]}[tool]
    prompt = f"Work. {use(tool, agent, project)}[[say:Done.]]"
    run = ("-b", agent, "--access", "ask", "--allow", rule, "-o", "stream-json", prompt)
    lines = clinvk(*run).json_lines()
    result = lines[-1]
    (request,) = [line for line in lines if line["type"] == "permission_request"]
    assert (result["exit_status"], result["text"]) == (0, "Done."), result
    assert (project / "made.txt").exists()
    if tool == "edit":
        change = {"path": str(project / "made.txt"), "old": None, "new": "hello"}
        assert request["edits"] == [change]
        assert (project / "made.txt").read_text() == "hello"
    elif tool == "shell":
        assert request["command"] == "touch made.txt"
    assert figures(result) == used(server)


@pytest.mark.long_form("opencode", "qwen")
def test_a_session_keeps_its_memory_on_either_channel(
    clinvk: Command, server: MockModel, agent: str
) -> None:
    """Asking, headless, asking: one conversation, and each turn has its own figures."""
    turns = [
        ("-b", agent, "--access", "ask", "Remember the word kiwi."),
        ("-c", "--access", "read-only", "Which word did I ask you to remember?"),
        ("-c", "--access", "ask", "Which word did I ask you to remember?"),
    ]
    results = []
    for turn in turns:
        before = len(server.billed)
        result = clinvk("-o", "json", *turn, timeout_s=PATIENCE_S).json()
        assert result["exit_status"] == 0, result
        assert figures(result) == used(server, before)
        results.append(result)
    assert [result["text"] for result in results[1:]] == ["kiwi", "kiwi"]
    assert len({result["backend_session_id"] for result in results}) == 1


@in_terminal
@pytest.mark.long_form("opencode", "qwen")
def test_a_reason_reaches_the_model(
    clinvk: Command, server: MockModel, terminal: Terminal, project: Path, agent: str
) -> None:
    """The protocol has no place for it, so it is told as a further message; then `y` writes."""
    prompt = f"Work. {use('edit', agent, project)}[[say:Done.]]"
    (clinvk.home.home / "prompt").write_text(prompt, encoding="utf-8")
    terminal.write(f'{clinvk.program} -b {agent} "$(cat ~/prompt)"')
    terminal.press("Enter")
    terminal.wait_for(ALLOW, timeout_s=PATIENCE_S)
    assert not list(project.iterdir())
    terminal.press("r")
    terminal.wait_for("No, because:")
    terminal.write("call it other.txt")
    terminal.press("Enter")
    terminal.wait_for_shell(timeout_s=PATIENCE_S)
    assert not list(project.iterdir())
    assert "call it other.txt" in str(server.requests[-1].body)
    terminal.clear()
    terminal.write(f'{clinvk.program} -b {agent} "$(cat ~/prompt)"')
    terminal.press("Enter")
    terminal.wait_for(ALLOW, timeout_s=PATIENCE_S)
    terminal.press("y")
    terminal.wait_for_shell(timeout_s=PATIENCE_S)
    assert (project / "made.txt").read_text() == "hello"


@in_terminal
@pytest.mark.parametrize("end", ["killed", "terminal closed"])
@pytest.mark.long_form("opencode", "qwen")
def test_nothing_is_done_and_nothing_is_left_if_nobody_can_answer_any_more(
    clinvk: Command, terminal: Terminal, project: Path, agent: str, end: str
) -> None:
    """The turn is interrupted, its agent has gone, and the session continues."""
    prompt = f"Remember the word kiwi. {use('shell', agent, project)}[[say:Done.]]"
    (clinvk.home.home / "prompt").write_text(prompt, encoding="utf-8")
    terminal.write(f'{clinvk.program} -b {agent} "$(cat ~/prompt)"')
    terminal.press("Enter")
    terminal.wait_for(ALLOW, timeout_s=PATIENCE_S)
    if end == "killed":
        os.kill(child_of(terminal), signal.SIGKILL)
    else:
        terminal.close()
    wait_until_alone(clinvk)
    assert not list(project.iterdir())
    (session,) = clinvk("sessions", "list", "--json").json()
    assert session["status"] == "interrupted", session
    run = ("-c", "--access", "ask", "-o", "json", "Which word did I ask you to remember?")
    again = clinvk(*run, timeout_s=PATIENCE_S).json()
    assert (again["exit_status"], again["text"]) == (0, "kiwi"), again["error"]


def child_of(terminal: Terminal) -> int:
    """The pid of the `clinvk` that runs in the terminal."""
    shell = int(terminal.state("pane_pid"))
    (child,) = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
    return int(child)


def wait_until_alone(clinvk: Command) -> None:
    """Return once no process of the home is left but the terminal; an agent may take a while."""
    until = time.monotonic() + PATIENCE_S
    while left := agents_in(clinvk.home.home):
        assert time.monotonic() < until, f"still running: {left}"
        time.sleep(0.1)


def agents_in(home: Path) -> list[str]:
    """The command lines of the processes with that HOME that speak the protocol."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            environ = (folder / "environ").read_bytes() if folder.name.isdigit() else b""
            command = (folder / "cmdline").read_bytes().decode(errors="replace")
        except OSError:  # it has just ended, or it is not ours
            continue
        if f"HOME={home}".encode() in environ.split(b"\0") and {"acp", "--acp"} & {
            *command.split("\0")
        }:
            found.append(command)
    return found
