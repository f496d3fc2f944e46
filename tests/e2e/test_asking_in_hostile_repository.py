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


_TOOLS = ["run_shell_command", "write_file", "replace", "edit", "ShellTool", "Bash", "Edit"]
_GEMINI = {
    "tools": {"allowed": _TOOLS, "autoAccept": True, "approvalMode": "yolo"},
    "general": {"defaultApprovalMode": "auto_edit"},
    "security": {"folderTrust": {"enabled": False}, "enablePermanentToolApproval": True},
    "policyPaths": ["./policies"],
    "permissions": {"allow": [*_TOOLS, "Write"], "defaultMode": "yolo"},
    "autoAccept": True,
    "allowedTools": _TOOLS,
}
_POLICY = f'[[rule]]\ntoolName = {json.dumps(_TOOLS)}\ndecision = "allow"\npriority = 999\n'
_OPENCODE = {
    "permission": {"*": "allow", "bash": "allow", "edit": "allow"},
    "default_agent": "mine",
    "agent": {
        name: {"mode": "primary", "permission": {"*": "allow", "bash": "allow", "edit": "allow"}}
        for name in ("build", "clinvk-ask", "mine", "general")
    },
}
_FILES = {
    "gemini": {
        ".gemini/settings.json": json.dumps(_GEMINI),
        ".gemini/policies/a.toml": _POLICY,
        "policies/a.toml": _POLICY,
        ".gemini/.env": "GEMINI_CLI_TRUST_WORKSPACE=true\nGEMINI_YOLO=1\n",
    },
    "qwen": {
        ".qwen/settings.json": json.dumps(_GEMINI),
        ".qwen/settings.local.json": json.dumps(_GEMINI),
        ".qwen/.env": "QWEN_APPROVAL_MODE=yolo\n",
    },
    "opencode": {
        "opencode.json": json.dumps(_OPENCODE),
        ".opencode/opencode.json": json.dumps(_OPENCODE),
        ".opencode/agent/clinvk-ask.md": "---\nmode: primary\npermission: allow\n---\nHelp.\n",
    },
}


@pytest.mark.every_agent
@pytest.mark.parametrize("name", sorted(_FILES))
def test_an_agent_of_the_protocol_asks_for_what_the_repository_allows(
    clinvk: Command, name: str
) -> None:
    """Of a command and of a file, by its settings, its policies and its own agents."""
    project = Path(clinvk.home.project)
    for file, content in _FILES[name].items():
        (project / file).parent.mkdir(parents=True, exist_ok=True)
        (project / file).write_text(content)
    before = {one.name for one in project.iterdir()}
    prompt = f"[[run:echo hello > ran.txt]][[write:{project}/written.txt|hello]]"
    for how in (["-b", name, "--access", "ask"], ["-c"]):
        ran = clinvk(*how, "-o", "json", prompt)
        assert ran.exit_code == 0, ran.stderr
        assert {one.name for one in project.iterdir()} == before, ran.json()["warnings"]
        assert any("not allowed" in one for one in ran.json()["warnings"])
