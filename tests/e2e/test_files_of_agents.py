"""What the real agents change on disk, through their tools and through a shell."""

import os
import subprocess

import pytest

from bed.command import Command
from clinvk.services.agents.programs import which


@pytest.mark.skipif(which("git", os.environ) is None, reason="git is not installed on this machine")
def test_changes_by_an_agents_shell_are_observed(clinvk: Command, backend: str) -> None:
    """The agent reports the edits of its tool; the changes of its shell are only on the disk."""
    project = clinvk.home.project
    (project / "old.txt").write_text("old\n")
    named = ("-c", "user.name=n", "-c", "user.email=n@example.com")
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "x"]):
        subprocess.run(["git", *named, *words], cwd=project, check=True)
    ran = clinvk(
        *("-b", backend, "--access", "full", "-o", "json"),
        f"[[write:{project}/new.txt|hello]] [[run:rm old.txt; echo x > shell.txt]]",
        env={"IS_SANDBOX": "1"},
    )
    assert ran.exit_code == 0, ran.stderr
    files = {file["path"]: file for file in ran.json()["files"]}
    expected = {"new.txt": "created", "old.txt": "deleted", "shell.txt": "created"}
    found = {os.path.relpath(path, project): file["change"] for path, file in files.items()}
    assert found == expected
    for name in ("old.txt", "shell.txt"):
        assert files[str(project / name)]["source"] == "observed"
