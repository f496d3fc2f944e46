"""codex asks, in a real terminal and without one: what is on disk after each answer."""

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

ALLOW = "\nAllow?"
ESCALATED = '"sandbox_permissions": "require_escalated", "justification": "May I?"'
PATCH = "Write it. [[write:{project}/made.txt|hello]]"
SHELL = f'Make it. [[tool:exec_command|{{{{"cmd": "echo hello > made.txt", {ESCALATED}}}}}]]'
SERVER = 'Keep it. [[tool:mcp__notes/keep|{{"text": "hello"}}]]'
TOOLS = pytest.mark.parametrize("tool", [PATCH, SHELL, SERVER], ids=["patch", "shell", "server"])
TURN_S = 60.0


@pytest.fixture
def terminal(clinvk: Command) -> Iterator[Terminal]:
    """A terminal in the project's directory."""
    with Terminal(clinvk.home.env, clinvk.home.project) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _notes(clinvk: Command) -> None:
    """A tool server of the person's, which keeps its notes in the file of the other tools."""
    server = Path(__file__).parents[1] / "bed" / "note_server.py"
    config = clinvk.home.home / ".codex" / "config.toml"
    arguments = json.dumps([str(server), str(made(clinvk))])
    with config.open("a", encoding="utf-8") as file:
        file.write(f"\n[mcp_servers.notes]\ncommand = {json.dumps(sys.executable)}\n")
        file.write(f"args = {arguments}\n")


def made(clinvk: Command) -> Path:
    """The file that every tool here writes."""
    return Path(clinvk.home.project) / "made.txt"


def ask(clinvk: Command, terminal: Terminal, prompt: str, *options: str) -> str:
    """Run the prompt; the screen with the first question."""
    text = prompt.format(project=clinvk.home.project)
    (clinvk.home.home / "prompt").write_text(text, encoding="utf-8")
    command = " ".join([str(clinvk.program), *(options or ("-b", "codex"))])
    terminal.write(f'{command} "$(cat ~/prompt)"')
    terminal.press("Enter")
    return terminal.wait_for(ALLOW, timeout_s=TURN_S)


def turn(clinvk: Command) -> dict[str, Any]:
    """The first turn of the only session."""
    shown: dict[str, Any] = clinvk("sessions", "show", "@last", "--turn", "1", "--json").json()
    return shown


@TOOLS
def test_yes_does_it_and_not_before(clinvk: Command, terminal: Terminal, tool: str) -> None:
    """One key, asked for by default at a terminal: the file is there."""
    ask(clinvk, terminal, tool)
    assert not made(clinvk).exists()
    terminal.press("y")
    assert terminal.exit_code(timeout_s=TURN_S) == 0
    assert made(clinvk).read_text() == "hello\n"


@TOOLS
def test_no_writes_nothing(clinvk: Command, terminal: Terminal, tool: str) -> None:
    """The agent gets its denial and the turn goes on to its end."""
    ask(clinvk, terminal, tool)
    terminal.press("n")
    assert terminal.exit_code(timeout_s=TURN_S) == 0
    assert not made(clinvk).exists()


@TOOLS
def test_without_a_terminal_it_is_denied_and_told(clinvk: Command, tool: str) -> None:
    """Once in the warnings, with what to do about it; nothing is written."""
    prompt = tool.format(project=clinvk.home.project)
    ran = clinvk("-b", "codex", "--access", "ask", "-o", "json", prompt)
    assert ran.exit_code == 0
    assert not made(clinvk).exists()
    warnings = ran.json()["warnings"]
    assert [one.startswith(("not allowed: ", "1 action not allowed: ")) for one in warnings] == [
        True,
        True,
    ]


def test_a_rule_allows_what_it_names(clinvk: Command) -> None:
    """The patch by its path, and not the command."""
    (project := Path(clinvk.home.project)).joinpath("notes").mkdir()
    prompt = f"[[write:{project}/notes/a.txt|hello]]" + SHELL.format()
    ran = clinvk("-b", "codex", "--allow", "Edit(notes/**)", "-o", "json", prompt)
    assert ran.exit_code == 0
    assert (project / "notes" / "a.txt").exists()
    assert not made(clinvk).exists()


def test_a_reason_reaches_the_model(clinvk: Command, terminal: Terminal, server: MockModel) -> None:
    """In the same turn: a refusal has no place for it, so it is said as words of the person."""
    ask(clinvk, terminal, PATCH)
    terminal.press("r")
    terminal.wait_for("No, because:")
    terminal.write("put it elsewhere")
    terminal.wait_for("put it elsewhere")
    terminal.press("Enter")
    assert terminal.exit_code(timeout_s=TURN_S) == 0
    assert "put it elsewhere" in json.dumps(server.ledger.requests[-1].body)
    assert not made(clinvk).exists()
    # Whether the words join the running request or need one more depends on when they arrive.
    assert turn(clinvk)["usage"]["input_tokens"] == 100 * len(server.ledger.requests)


def test_stop_ends_the_turn_and_the_session_goes_on(clinvk: Command, terminal: Terminal) -> None:
    """Exit 130, nothing written, and the thread remembers."""
    ask(clinvk, terminal, "Remember the word kiwi. " + PATCH)
    terminal.press("s")
    assert terminal.exit_code(timeout_s=TURN_S) == 130
    assert not made(clinvk).exists()
    ran = clinvk("-c", "Which word did I ask you to remember?")
    assert (ran.exit_code, "kiwi" in ran.stdout) == (0, True)


def test_a_kill_while_it_asks_writes_nothing_and_leaves_nothing(
    clinvk: Command, terminal: Terminal
) -> None:
    """The agent ends with its stdin; the turn is interrupted, and the session continues."""
    ask(clinvk, terminal, "Remember the word kiwi. " + PATCH)
    shell = int(terminal.state("pane_pid"))
    (child,) = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
    os.kill(int(child), signal.SIGKILL)
    terminal.wait_for("Killed")
    until = time.monotonic() + TURN_S
    while left := running(clinvk):
        assert time.monotonic() < until, left
        time.sleep(0.05)
    assert not made(clinvk).exists()
    assert clinvk("sessions", "list", "--json").json()[0]["status"] == "interrupted"
    ran = clinvk("-c", "Which word did I ask you to remember?")
    assert (ran.exit_code, "kiwi" in ran.stdout) == (0, True)


def running(clinvk: Command) -> list[str]:
    """The agent's processes of this home."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and (
                f"HOME={clinvk.home.home}".encode()
                in (process / "environ").read_bytes().split(b"\0")
            ):
                words = (process / "cmdline").read_text().replace("\0", " ")
                found += [words] if "codex" in words else []
        except OSError:
            continue
    return found


def test_the_channels_alternate_with_memory_and_exact_figures(clinvk: Command) -> None:
    """Live, headless, live: one thread, and each turn has the figures of its own requests."""
    told = "[[usage:in=100,cached=40,out=20,reasoning=7]][[run:true]]"
    first = clinvk("-b", "codex", "--access", "ask", "-o", "json", f"Remember the word kiwi.{told}")
    asked = ("-o", "json", f"Which word did I ask you to remember?{told}")
    ran = [
        first,
        clinvk("-c", "--access", "read-only", *asked),
        clinvk("-c", "--access", "ask", *asked),
        clinvk("-c", "--access", "edit", *asked),
    ]
    assert [one.exit_code for one in ran] == [0, 0, 0, 0]
    reports = [one.json() for one in ran]
    assert len({one["backend_session_id"] for one in reports}) == 1
    for report in reports:
        figures = report["usage"]
        assert (figures["input_tokens"], figures["output_tokens"]) == (200, 40)
        assert (figures["cached_tokens"], figures["reasoning_tokens"]) == (80, 14)


def test_it_streams_word_by_word(clinvk: Command) -> None:
    """The pieces are events of their own, and together the answer."""
    said = "one two three four five six seven"
    ran = clinvk("-b", "codex", "--access", "ask", "-o", "stream-json", f"[[say:{said}]]")
    lines = ran.json_lines()
    pieces = [line["text"] for line in lines if line["type"] == "message"]
    assert len(pieces) > 1
    assert "".join(pieces) == said


def test_what_the_sandbox_refuses_unasked_is_told(clinvk: Command) -> None:
    """The model does not ask, the command fails in the sandbox."""
    prompt = "[[run:sleep 1; echo hello > made.txt]]"
    ran = clinvk("-b", "codex", "--access", "ask", "-o", "json", prompt)
    assert not made(clinvk).exists()
    assert any("not allowed: Bash sleep 1" in one for one in ran.json()["warnings"])


def test_an_option_that_the_channel_has_not_is_refused(clinvk: Command) -> None:
    """Before anything is started: exit 5 with what to do."""
    ran = clinvk("-b", "codex", "--access", "ask", "--backend-arg=--output-schema=x.json", "hello")
    assert ran.exit_code == 5
    assert "--output-schema" in ran.stderr
    assert not list((clinvk.home.clinvk_home / "sessions").glob("*.json"))
