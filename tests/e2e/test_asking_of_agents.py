"""The real agents ask in a real terminal: one key decides whether the file is written."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bed.command import Command
from bed.mock_model import MockModel
from bed.terminal import Terminal, have_tmux
from clinvk.agents.capability import Capability
from clinvk.agents.registry import get

pytestmark = [
    pytest.mark.skipif(not have_tmux, reason="tmux is not installed"),
    pytest.mark.timeout(300),
]

PATIENCE_S = 90.0
"""For an agent that needs four seconds of a processor to start."""

ALLOW = "\nAllow?"
PROMPT = "[[write:{project}/new.txt|hello]] fix the bug"  # one of them takes no relative path


@pytest.fixture
def asking(backend: str) -> str:
    """The name of an agent that can ask."""
    if Capability.ASK in get(backend).lacks:
        pytest.skip(f"{backend} cannot ask yet")
    return backend


@pytest.fixture
def terminal(clinvk: Command) -> Iterator[Terminal]:
    """A terminal in the project's directory."""
    with Terminal(clinvk.home.env, clinvk.home.project) as opened:
        yield opened


def ask(clinvk: Command, terminal: Terminal, agent: str) -> str:
    """Run the prompt; the screen with the question, before which nothing was written."""
    prompt = PROMPT.format(project=clinvk.home.project)
    terminal.write(f"{clinvk.program} -b {agent} '{prompt}'; echo code=$?=")
    terminal.press("Enter")
    shown = terminal.wait_for(ALLOW, timeout_s=PATIENCE_S)
    assert not (Path(clinvk.home.project) / "new.txt").exists()
    return shown


def code_of(terminal: Terminal) -> int:
    """The exit code that is printed at the end."""
    shown = terminal.wait_for_shell(timeout_s=PATIENCE_S)
    return int(shown.rpartition("code=")[2].partition("=")[0])


@pytest.mark.every_agent
def test_yes_writes_the_file(clinvk: Command, terminal: Terminal, asking: str) -> None:
    """The README's first example, out of the box: asked with the change, and written after `y`."""
    shown = ask(clinvk, terminal, asking)
    assert f"? {get(asking).title} asks to change new.txt" in shown
    assert "│ +hello" in shown
    terminal.press("y")
    assert code_of(terminal) == 0
    assert (Path(clinvk.home.project) / "new.txt").read_text().strip() == "hello"
    assert "✓ allowed  " in terminal.screen()


@pytest.mark.every_agent
def test_no_with_a_reason_writes_nothing(
    clinvk: Command, terminal: Terminal, asking: str, server: MockModel
) -> None:
    """The reason reaches the model, and the turn ends as any other."""
    ask(clinvk, terminal, asking)
    terminal.press("r")
    terminal.wait_for("No, because:")
    terminal.write("use decimals")
    terminal.press("Enter")
    assert code_of(terminal) == 0
    assert not (Path(clinvk.home.project) / "new.txt").exists()
    assert any("use decimals" in json.dumps(request.body) for request in server.requests)


@pytest.mark.parametrize("key", ["s", "C-c"])
def test_stop_writes_nothing(clinvk: Command, terminal: Terminal, asking: str, key: str) -> None:
    """Exit 130; the session can be continued."""
    ask(clinvk, terminal, asking)
    terminal.press(key)
    assert code_of(terminal) == 130
    assert not (Path(clinvk.home.project) / "new.txt").exists()
    assert clinvk("-c", "hello", timeout_s=PATIENCE_S).exit_code == 0
