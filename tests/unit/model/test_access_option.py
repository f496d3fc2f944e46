"""Arguments that ask for more than the access, in every spelling of every agent."""

import pytest

from clinvk.agents import registry as backends
from clinvk.agents.base import Backend
from clinvk.agents.declared.backend import declared
from clinvk.model.access import Access
from clinvk.model.access_option import contradicting

FORM = {
    "program": "agent",
    "start": ["{options}"],
    "access": {
        "read-only": ["--mode", "look"],
        "edit": ["--mode", "write"],
        "full": ["--mode=all", "--no-questions", "-Y"],
    },
}
BOTH = [
    "claude --dangerously-skip-permissions",
    "claude --allow-dangerously-skip-permissions",
    "claude --permission-mode bypassPermissions",
    "claude --permission-mode=bypassPermissions",
    "claude --permission-mode=auto",
    "codex --dangerously-bypass-approvals-and-sandbox",
    "codex --yolo",
    "codex --sandbox danger-full-access",
    "codex --sandbox=danger-full-access",
    "codex -s danger-full-access",
    "codex -sdanger-full-access",
    "codex -s=danger-full-access",
    "codex --config sandbox_mode=danger-full-access",
    "codex --config=sandbox_mode='danger-full-access'",
    'codex -c sandbox_mode="danger-full-access"',
    'codex -csandbox_mode="danger-full-access"',
    'codex -c "sandbox_mode"="danger-full-access"',
    "codex --config=permissions.mine.filesystem={}",
    "codex --config=default_permissions=mine",
    "codex --dangerously-bypass-hook-trust",
    "gemini --yolo",
    "gemini -y",
    "gemini -dy",
    "gemini --yolo=true",
    "gemini --approval-mode yolo",
    "gemini --approval-mode=yolo",
    "gemini --approvalMode=yolo",
    "qwen --yolo",
    "qwen -y",
    "qwen --approval-mode=yolo",
    "qwen --approvalMode yolo",
    "qwen --approval-mode=auto",
    "opencode --auto",
    "opencode --dangerously-skip-permissions",
    "opencode --agent build",
    "opencode --agent=build",
    "opencode --attach http://127.0.0.1:4096",
    "opencode --no-agent",
    "opencode --agent.name=build",
    "demo --access full",
    "demo --access=full",
    "declared --mode all",
    "declared --mode=all",
    "declared --mode other",
    "declared --no-questions",
    "declared -Y",
]
ONLY_READING = [
    "claude --permission-mode=acceptEdits",
    "claude --allowedTools Bash",
    "claude --allowed-tools=Bash",
    "claude --tools=Bash,Write",
    "claude --settings mine.json",
    "claude --settings={}",
    "claude --setting-sources=user,project",
    "claude --mcp-config mine.json",
    "claude --plugin-dir=mine",
    "codex --sandbox=workspace-write",
    "codex -s workspace-write",
    "codex --full-auto",
    "codex --approve-for-me",
    "codex -c sandbox_workspace_write.network_access=true",
    "codex -c mcp_servers.mine.command=mine",
    "codex --config=notify=[]",
    "codex --config=projects={}",
    "codex --add-dir /elsewhere",
    "codex -C /elsewhere",
    "codex --cd=/elsewhere",
    'codex -cmodel_providers.mine={auth={command="mine"}}',
    "codex -c model_providers.mine.auth.command=mine",
    "codex -c approvals_reviewer=auto_review",
    "codex -c approval_policy=on-request",
    "gemini --no-policy",
    "gemini --approval-mode=auto_edit",
    "gemini --policy mine.toml",
    "gemini --admin-policy=mine.toml",
    "gemini --allowed-tools=run_shell_command",
    "qwen --approval-mode=auto-edit",
    "qwen --allowed-tools=run_shell_command",
    "qwen --mcp-config={}",
    "opencode --command=mine",
    "demo --access=edit",
    "declared --mode=write",
]
NOTHING = [
    "claude --permission-mode=plan",
    "claude --betas permission",
    "codex --sandbox=read-only",
    "codex -s read-only",
    "codex -c model_reasoning_effort=high",
    "codex -c approval_policy=never",
    "codex --search",
    "gemini --approval-mode=plan",
    "gemini --yolo=false",
    "gemini --debug",
    "qwen -d",
    "qwen --approval-mode plan",
    "opencode --variant=high",
    "demo --access=read-only",
    "declared --mode look",
    "declared --other",
]


def _backend(name: str) -> Backend:
    return declared("declared", FORM) if name == "declared" else backends.get(name)


def asks_for_more(line: str, access: Access) -> bool:
    """Whether the agent's arguments, as a line, ask for more than that."""
    name, *arguments = line.split()
    return contradicting(_backend(name).access_options, arguments, access) is not None


@pytest.mark.parametrize("line", [*BOTH, *ONLY_READING])
def test_an_argument_that_asks_for_more_than_reading_is_found(line: str) -> None:
    """By its name and its value, in whichever way the program takes them."""
    assert asks_for_more(line, Access.READ_ONLY)


@pytest.mark.parametrize("line", BOTH)
def test_an_argument_that_asks_for_everything_is_found_with_edit(line: str) -> None:
    """There are agents whose options have no value for it."""
    assert asks_for_more(line, Access.EDIT)
    assert not asks_for_more(line, Access.FULL)


@pytest.mark.parametrize("line", ONLY_READING)
def test_own_tools_and_servers_are_allowed_with_edit(line: str) -> None:
    """They do not need another access level."""
    assert not asks_for_more(line, Access.EDIT)


@pytest.mark.parametrize("line", NOTHING)
def test_an_argument_that_asks_for_no_more_is_passed_on(line: str) -> None:
    """Also one that says the same again, or less."""
    assert not asks_for_more(line, Access.READ_ONLY)


def test_the_index_of_the_argument_is_returned() -> None:
    """Its position shows where it comes from."""
    options = backends.get("codex").access_options
    assert contradicting(options, ["--search", "-s", "danger-full-access"], Access.EDIT) == 1
    assert contradicting(options, [], Access.READ_ONLY) is None
    assert contradicting(options, ["-s"], Access.READ_ONLY) == 0


def test_a_declared_rung_without_arguments_says_nothing() -> None:
    """An agent that only reads unless it is told otherwise has nothing to be told."""
    form = {**FORM, "access": {"read-only": [], "edit": None, "full": ["--all"]}}
    options = declared("declared", form).access_options
    assert [(one.names, one.needs) for one in options] == [(("--all",), Access.FULL)]
