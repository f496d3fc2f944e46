"""What only Pi does: it looks for conversations by directory, and a folder may be trusted."""

import json
from pathlib import Path

import pytest

from bed.command import Command
from bed.hostile_repository import HostileRepository
from bed.mock_model import MockModel


def sessions(folder: Path) -> list[Path]:
    """Its session files, wherever they are."""
    return sorted(file for file in folder.rglob("*_*.jsonl") if ".clinvk" not in file.parts)


@pytest.mark.parametrize(
    ("shared", "prompt", "exit_code"),
    [(False, "y", 4), (True, "y", 5), (True, "go on", 4)],
    ids=["own", "answer", "shared"],
)
def test_a_conversation_of_another_directory_is_not_forked(  # noqa: PLR0913  a case and fixtures
    clinvk: Command, server: MockModel, tmp_path: Path, prompt: str, exit_code: int, *, shared: bool
) -> None:
    """It would ask on stdin whether to fork it, where the prompt is, or begin an empty one."""
    env = {"PI_CODING_AGENT_SESSION_DIR": str(tmp_path / "sessions")} if shared else {}
    first = clinvk("-b", "pi", "-o", "json", "Remember the word kiwi.", env=env).json()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    kept, asked = sessions(tmp_path), len(server.requests)
    assert len(kept) == 1
    assert kept[0].is_relative_to(tmp_path / "sessions") is shared
    ran = clinvk("resume", first["session_id"], "-w", elsewhere, prompt, env=env)
    assert ran.exit_code == exit_code, ran
    assert (len(server.requests), sessions(tmp_path)) == (asked, kept)
    again = clinvk("-c", "Which word did I ask you to remember?", env=env)
    assert again.stdout == "kiwi\n"


def test_a_trusted_folder_runs_nothing_where_it_asks(clinvk: Command, tmp_path: Path) -> None:
    """Its extensions are code in the same process, which could answer for the person."""
    repository = HostileRepository(tmp_path / "repository", tmp_path / "marks")
    trusted = clinvk.home.home / ".pi" / "agent" / "trust.json"
    trusted.write_text(json.dumps({str(repository.root.resolve()): True}))
    how = ("-b", "pi", "--access", "ask", "--allow", "Bash(touch made)")
    ran = clinvk(*how, "[[run:touch made]][[run:touch other]]", cwd=repository.root)
    assert ran.exit_code == 0, ran
    assert (repository.root / "made").exists()
    assert not (repository.root / "other").exists()
    assert repository.marks == []
