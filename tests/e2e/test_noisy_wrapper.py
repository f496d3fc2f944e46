"""A wrapper that prints something before its agent: each real CLI is heard all the same."""

from pathlib import Path

import pytest

from bed.command import Command
from bed.homes import AgentHome

NOISE = r"\357\273\277\033]0;agent\007Welcome to the company proxy. "
"""A byte order mark, a terminal's title, and a banner without its line end."""


@pytest.fixture
def wrapped(home: AgentHome, backend: str) -> str:
    """The agent's program replaced by a script that prints, and then is the agent."""
    program = home.bin / backend
    real = Path(program).resolve()
    program.unlink()
    program.write_text(f"#!/bin/sh\nprintf '{NOISE}'\nexec '{real}' \"$@\"\n")
    program.chmod(0o755)
    return backend


def test_a_conversation_behind_a_wrapper_continues(clinvk: Command, wrapped: str) -> None:
    """The first line has the conversation's id, together with text of the wrapper."""
    first = clinvk("-b", wrapped, "-o", "json", "Remember the word zebra.").json()
    assert first["exit_status"] == 0, first
    assert first["backend_session_id"]
    again = clinvk("-c", "-o", "json", "Which word did I ask you to remember?").json()
    assert again["text"].strip() == "zebra", again
    assert again["backend_session_id"] == first["backend_session_id"]
