"""The command that `sessions show` names for whoever wants to go on without clinvk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bed.command import Command
from bed.homes import AgentHome
from bed.terminal import Terminal, have_tmux

pytestmark = [
    pytest.mark.skipif(not have_tmux, reason="tmux is not installed"),
    pytest.mark.timeout(180),
]


@pytest.fixture(autouse=True)
def _answered(home: AgentHome) -> Iterator[None]:
    """What the agents ask a newcomer is answered, and what they leave running is ended."""
    home.answer_first_questions()
    yield
    home.end_daemons()


def test_the_command_opens_the_conversation_in_the_agents_own_screen(
    clinvk: Command, backend: str, tmp_path: Path
) -> None:
    """Typed anywhere, as it is printed: the prompt and its answer are there."""
    clinvk("-b", backend, "the first prompt")
    shown = clinvk("sessions", "show", "@last").stdout
    command = shown.partition("\nWithout clinvk:    ")[2].splitlines()[0]
    assert command
    with Terminal(clinvk.home.env, tmp_path, columns=120) as terminal:
        terminal.write(command)
        terminal.press("Enter")
        terminal.wait_for("the first prompt", timeout_s=40)
        terminal.wait_for("I remember 0 earlier")
