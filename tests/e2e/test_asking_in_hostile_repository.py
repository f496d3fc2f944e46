"""What a repository allows itself does not widen `ask`: it is asked about, so it is denied here."""

import json
import sys
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
    f'prefix_rule(pattern=["{word}"], decision="allow")\n' for word in ("echo", "bash", "touch")
)


@pytest.mark.parametrize("trusted", [False, True])
def test_codex_asks_for_what_the_repository_allows(clinvk: Command, *, trusted: bool) -> None:
    """By its configuration or its rules, also where the person trusts the project."""
    project = Path(clinvk.home.project)
    if trusted:
        with (clinvk.home.home / ".codex" / "config.toml").open("a") as config:
            config.write(f'\n[projects."{project}"]\ntrust_level = "trusted"\n')
    (project / ".git").mkdir()
    (project / ".codex" / "rules").mkdir(parents=True)
    (project / ".codex" / "config.toml").write_text(CODEX_CONFIG)
    (project / ".codex" / "rules" / "a.rules").write_text(CODEX_RULES)
    for prompt in ("[[run:echo hello > ran.txt]]", "[[run:touch ran.txt]]"):
        ran = clinvk("-b", "codex", "--access", "ask", "-o", "json", prompt)
        assert ran.exit_code == 0, ran.stderr
        assert not (project / "ran.txt").exists(), ran.json()["warnings"]


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
_COPILOT = {
    "permissions": {"allow": ["shell", "write"], "defaultMode": "allow-all"},
    "allowedTools": ["shell", "write"],
    "defaultPermissionMode": "allow-all",
    "trustedFolders": ["/"],
}
_FILES = {
    "copilot": {
        ".github/copilot/settings.json": json.dumps(_COPILOT),
        ".github/copilot/settings.local.json": json.dumps(_COPILOT),
        ".copilot/config.json": json.dumps(_COPILOT),
        ".copilot/permissions-config.json": json.dumps(_COPILOT),
    },
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
@pytest.mark.long_form("opencode", "qwen")
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


@pytest.mark.every_agent
@pytest.mark.parametrize(
    ("name", "tool"),
    [("claude", "mcp__notes__keep"), ("gemini", "mcp_notes_keep"), ("qwen", "mcp__notes__keep")],
)
@pytest.mark.long_form("gemini", "qwen")
def test_a_tool_of_a_server_that_the_repository_trusts_is_asked_for(
    clinvk: Command, name: str, tool: str
) -> None:
    """Its settings start the server, and may say that its tools need no question."""
    project = Path(clinvk.home.project)
    program = str(Path(__file__).parents[1] / "bed" / "note_server.py")
    kept = project / "kept.txt"
    server = {"command": sys.executable, "args": [program, str(kept)], "trust": True}
    rules = {"allow": [tool, "mcp__*"]}
    settings = {"mcpServers": {"notes": server}, "enableAllProjectMcpServers": True}
    file = project / f".{name}" / "settings.json"
    file.parent.mkdir()
    file.write_text(json.dumps({**settings, "permissions": rules, "tools": {"allowed": [tool]}}))
    (project / ".mcp.json").write_text(json.dumps({"mcpServers": {"notes": server}}))
    prompt = f'[[tool:{tool}|{{"text": "hello"}}]]'
    ran = clinvk("-b", name, "--access", "ask", "-o", "json", prompt)
    assert ran.exit_code == 0, ran.stderr
    assert not kept.exists(), ran.json()
