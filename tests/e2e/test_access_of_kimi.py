"""Kimi Code changes the files of a git repository unasked (2.1.0); here only if it may."""

import json
import subprocess
from pathlib import Path

import pytest

from bed.command import Command
from bed.setups.kimi import trust

RULES = '\n[permission]\nallow = ["Bash", "Write", "Edit"]\n'


@pytest.fixture
def repository(clinvk: Command) -> Path:
    """The project, which is a git repository, with a file in it."""
    project = clinvk.home.project
    subprocess.run(["git", "init", "-q", str(project)], check=True)
    (project / "old.txt").write_text("old")
    return project


def files(repository: Path) -> dict[str, str]:
    """What is in it."""
    found = [one for one in repository.rglob("*") if one.is_file() and ".git" not in one.parts]
    return {one.name: one.read_text() for one in found}


def tool(name: str, **arguments: str) -> str:
    """The prompt that has it call the tool."""
    return f"[[tool:{name}|{json.dumps(arguments)}]]"


@pytest.mark.parametrize(
    ("how", "written"),
    [
        (["--access", "read-only"], False),
        (["--access", "ask"], False),
        (["--access", "ask", "--allow", "Edit"], True),
        (["--access", "edit"], True),
        (["--access", "full", "--deny", "Edit(new.txt)"], False),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_file_is_written_only_if_that_is_allowed(
    clinvk: Command, repository: Path, how: list[str], *, written: bool
) -> None:
    """By the access or a rule, and what was not allowed is said."""
    ran = clinvk("-b", "kimi", *how, "-o", "json", f"[[write:{repository}/new.txt|hello]]").json()
    assert ran["exit_status"] == 0, ran
    assert files(repository) == {"old.txt": "old", **({"new.txt": "hello"} if written else {})}
    assert any("not allowed: Write" in one for one in ran["warnings"]) is not written
    assert [Path(one["path"]).name for one in ran["files"]] == (["new.txt"] if written else [])


def test_a_read_only_turn_changes_nothing_by_any_way(clinvk: Command, repository: Path) -> None:
    """Its sub-agent, a file that grows, or a command, whatever a person's settings allow."""
    with (clinvk.home.home / ".kimi-code" / "config.toml").open("a") as config:
        config.write(RULES)
    helper = {"description": "help", "subagent_type": "coder"}
    asked = f"Create a file named `{repository}/new.txt`."
    for prompt in (
        tool("Agent", prompt=asked, **helper),
        tool("Write", path="old.txt", content="more", mode="append"),
        tool("Edit", path="old.txt", old_string="old", new_string="new"),
        tool("Bash", command="touch made.txt"),
    ):
        ran = clinvk("-b", "kimi", "--access", "read-only", "-o", "json", prompt).json()
        assert ran["exit_status"] == 0, ran
        assert files(repository) == {"old.txt": "old"}, prompt


def test_what_it_writes_through_clinvk_is_as_it_was_meant(
    clinvk: Command, repository: Path
) -> None:
    """A change, an appended text, and a sub-agent's file in a new folder, with exact figures."""
    helper = {"description": "help", "subagent_type": "coder"}
    asked = f"Create a file named `{repository}/folder/new.txt`."
    prompt = (
        tool("Edit", path="old.txt", old_string="old", new_string="néw\n")
        + tool("Write", path="old.txt", content="more", mode="append")
        + tool("Agent", prompt=asked, **helper)
    )
    ran = clinvk("-b", "kimi", "--access", "edit", "-o", "json", prompt).json()
    assert (ran["exit_status"], ran["text"]) == (0, "called Agent"), ran
    assert files(repository)["old.txt"] == "néw\nmore"
    assert files(repository).keys() == {"old.txt", "new.txt"}
    assert ran["usage"]["input_tokens"] == 600  # four requests, and two of the sub-agent


def test_a_trusted_directory_with_servers_is_not_read_only(
    clinvk: Command, repository: Path
) -> None:
    """They would be started: exit 5 before anything is. Without trust, they are not."""
    server = {"command": "touch", "args": [str(repository / "started")]}
    (repository / ".mcp.json").write_text(json.dumps({"mcpServers": {"mine": server}}))
    before = files(repository)
    assert clinvk("-b", "kimi", "--access", "read-only", "hello").exit_code == 0
    trust(clinvk.home.home, repository)
    ran = clinvk("-b", "kimi", "--access", "read-only", "hello")
    assert ran.exit_code == 5, ran
    assert "cannot be read-only here" in ran.stderr
    assert files(repository) == before
    assert clinvk("-b", "kimi", "--access", "edit", "hello").exit_code == 0
    assert "started" in files(repository), "the server is started where it counts"
