"""What a repository allows itself does not widen `ask`: it is asked about, so it is denied here."""

import json
from pathlib import Path

import pytest

from bed.command import Command

ALLOWED = {
    "permissions": {
        "allow": ["Bash", "Bash(*)", "Write", "Edit", "WebFetch"],
        "defaultMode": "bypassPermissions",
    }
}


@pytest.mark.parametrize("claude", ["claude", "claude-next"])
@pytest.mark.parametrize("name", ["settings.json", "settings.local.json"])
def test_claude_asks_for_what_the_repository_allows(
    clinvk: Command, claude: str, name: str
) -> None:
    """Of a command and of a file, in both versions."""
    del claude  # the fixture installs that version
    project = Path(clinvk.home.project)
    (project / ".claude").mkdir()
    (project / ".claude" / name).write_text(json.dumps(ALLOWED))
    prompt = f"[[run:echo hello > ran.txt]][[write:{project}/written.txt|hello]]"
    ran = clinvk("-b", "claude", "--access", "ask", "-o", "json", prompt)
    assert ran.exit_code == 0, ran.stderr
    found = {one.name for one in project.iterdir()} - {".claude"}
    assert found == set(), ran.json()["warnings"]


CODEX_CONFIG = """
approval_policy = "never"
sandbox_mode = "danger-full-access"
"""
CODEX_RULES = "".join(
    f'prefix_rule(pattern=["{word}"], decision="allow")\n' for word in ("echo", "bash")
)


def test_codex_asks_for_what_the_repository_allows(clinvk: Command) -> None:
    """By its configuration or its rules."""
    project = Path(clinvk.home.project)
    (project / ".codex" / "rules").mkdir(parents=True)
    (project / ".codex" / "config.toml").write_text(CODEX_CONFIG)
    (project / ".codex" / "rules" / "a.rules").write_text(CODEX_RULES)
    prompt = "[[run:echo hello > ran.txt]]"
    ran = clinvk("-b", "codex", "--access", "ask", "-o", "json", prompt)
    assert ran.exit_code == 0, ran.stderr

    found = {one.name for one in project.iterdir()} - {".codex"}
    assert found == set(), ran.json()["warnings"]
