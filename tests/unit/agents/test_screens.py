"""The agents' own screens as command lines: the same conversation, model and access as headless."""

import re
from pathlib import Path

import pytest

from clinvk.agents import registry as backends
from clinvk.agents.base import Capability
from clinvk.errors import BackendUnsupportedError
from clinvk.model.access import Access
from clinvk.model.conversation import TurnMode
from clinvk.model.effort import Effort
from clinvk.model.request import Invocation, TurnRequest

CONVERSATION = "123e4567-e89b-12d3-a456-426614174000"
READ_ONLY = {
    "claude": {"--permission-mode=dontAsk", "--strict-mcp-config"},
    "codex": {"--sandbox=read-only", "--ask-for-approval=never"},
    "copilot": {"--deny-tool=write", "--deny-tool=shell"},
    "demo": {"--access=read-only"},
    "gemini": {"--approval-mode=plan", "--policy={policy.toml}"},
    "grok": {"--deny=Edit", "--deny=Bash", "--deny=MCPTool"},
    "opencode": {"--agent=clinvk-read-only"},
    "pi": {"--no-approve", "--no-mcp", "read,grep,find,ls"},
    "qwen": {"--approval-mode=plan", "--exclude-tools=run_shell_command"},
    "vibe": {"--agent=clinvk"},
}
NEVER_READ_ONLY = {"kimi"}
"""Those that refuse such a screen, because nothing makes it so."""

WITH_SCREEN = [
    name for name in backends.built_in() if Capability.SCREEN not in backends.get(name).lacks
]
WITHOUT_EFFORT = {"kimi", "opencode"}
"""Their screens take no effort, but a headless turn does."""
NOT_ON_A_SCREEN = {
    "--skip-trust",  # a screen trusts even less
    "--input-format=stream-json",  # the live channel on which the agent asks
    "--permission-prompt-tool=stdio",
    "--acp",
    "--mode",
    "--no-leader",
    "--agent-profile={agent.md}",
    "--cwd=/project",
}
HEADLESS = {
    *NOT_ON_A_SCREEN,
    "-p",
    "exec",
    "--json",
    "--output-format",
    "--print",
    "--mode",
    "-",
    "--skip-git-repo-check",
}


def screen(name: str, **asked: object) -> Invocation:
    """The screen of a request."""
    request = TurnRequest(prompt="", cwd=Path("/project"), **asked)
    found = backends.get(name).screen(request)
    assert found is not None
    return found


@pytest.mark.parametrize("name", WITH_SCREEN)
def test_a_screen_resumes_the_conversation(name: str) -> None:
    """By its id, with nothing of a headless run, and with the terminal as its stdin."""
    opened = screen(name, conversation=CONVERSATION, mode=TurnMode.RESUME)
    assert CONVERSATION in " ".join(opened.argv)
    assert opened.argv[0] == backends.get(name).executable
    assert not HEADLESS & set(opened.argv)
    assert opened.stdin == b""
    assert opened.cwd == Path("/project")


@pytest.mark.parametrize("name", WITH_SCREEN)
def test_a_screen_is_never_wider_than_a_headless_turn(name: str) -> None:
    """Each level has its flags, all those of the headless turn; without one there is none."""
    backend = backends.get(name)
    for access in Access:
        if access is Access.ASK and Capability.ASK in backend.lacks:
            continue
        request = TurnRequest(prompt="", cwd=Path("/project"), access=access)
        if access is Access.READ_ONLY and name in NEVER_READ_ONLY:
            with pytest.raises(BackendUnsupportedError, match="read-only in its screen"):
                backend.screen(request)
            continue
        headless = {flag for flag in backend.invocation(request).argv if flag.startswith("--")}
        bare = backend.invocation(TurnRequest(prompt="", cwd=Path("/project")))
        narrowing = headless - set(bare.argv) - NOT_ON_A_SCREEN
        assert narrowing <= set(screen(name, access=access).argv)
    if name not in NEVER_READ_ONLY:
        assert set(screen(name, access=Access.READ_ONLY).argv) >= READ_ONLY[name]
    unasked = set(screen(name).argv)
    assert not [flag for flag in unasked if re.search("permission|access|approval", flag)]


@pytest.mark.parametrize("name", WITH_SCREEN)
def test_a_screen_has_the_sessions_directories_and_effort(name: str) -> None:
    """As far as the agent takes them there; else it is refused."""
    lacks = backends.get(name).lacks
    if Capability.ADD_DIR not in lacks:
        opened = screen(name, add_dirs=(Path("/else where"),))
        assert any("/else where" in said for said in (*opened.argv, *opened.env.values()))
    if name in WITHOUT_EFFORT:
        with pytest.raises(BackendUnsupportedError, match="effort"):
            screen(name, effort=Effort.LOW)
    elif Capability.EFFORT not in lacks:
        assert screen(name, effort=Effort.LOW) != screen(name)


@pytest.mark.parametrize("name", WITH_SCREEN)
def test_a_screen_has_the_sessions_model_and_system_prompt(name: str) -> None:
    """As far as the agent takes one, and whatever else is passed on, but no limit on turns."""
    opened = screen(
        name, model="a-model", system_prompt="be kind", max_turns=3, backend_args=("--more",)
    )
    model = "--model a-model" in " ".join(opened.argv).replace("=", " ")
    assert model or "a-model" in opened.env.values()
    assert "--more" in opened.argv
    kind = any("be kind" in said for said in (*opened.files.values(), *opened.argv))
    assert kind == (Capability.SYSTEM_PROMPT not in backends.get(name).lacks)
    assert not [token for token in opened.argv if "max-turns" in token]
