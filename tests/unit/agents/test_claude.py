"""How Claude Code is called."""

from pathlib import Path
from typing import Any

import pytest

from clinvk.agents import registry as backends
from clinvk.errors import BackendUnsupportedError, SessionNotFoundError
from clinvk.model.access import Access
from clinvk.model.conversation import ConversationFiles, TurnMode
from clinvk.model.request import Invocation, TurnRequest

ID = "123e4567-e89b-12d3-a456-426614174000"
CLAUDE = backends.get("claude")


def invoke(**asked: Any) -> Invocation:
    """The invocation of a turn."""
    return CLAUDE.invocation(TurnRequest(prompt="hello", cwd=Path("/project"), **asked))


@pytest.mark.parametrize("bad", ["", "a title", "--help", f"{ID}\n", f" {ID}", ID[:-1]])
@pytest.mark.parametrize("resume", [True, False])
def test_what_is_no_id_never_reaches_the_command_line(bad: str, *, resume: bool) -> None:
    """`--resume` would take it for a title, and go on with another conversation."""
    with pytest.raises(SessionNotFoundError):
        invoke(conversation=bad, mode=TurnMode.RESUME if resume else TurnMode.START)


def test_a_resume_without_an_id_is_refused() -> None:
    """It would open a list to pick from, or nothing."""
    with pytest.raises(SessionNotFoundError):
        invoke(mode=TurnMode.RESUME)


def test_read_only_leaves_no_tool_that_writes() -> None:
    """Plan mode runs any shell command that the user's settings allow, so there is no shell."""
    argv = invoke(access=Access.READ_ONLY).argv
    tools = next(token for token in argv if token.startswith("--tools="))
    assert not {"Bash", "Write", "Edit", "NotebookEdit"} & set(tools.partition("=")[2].split(","))
    assert "--strict-mcp-config" in argv


def test_the_system_prompt_goes_through_a_file() -> None:
    """It has no length limit and is no business of `ps`."""
    invocation = invoke(system_prompt="Be kind.\n" * 50_000)
    assert invocation.files == {"system_prompt": "Be kind.\n" * 50_000}
    assert "--append-system-prompt-file={system_prompt}" in invocation.argv


def test_a_run_inside_another_ones_tool_call_is_no_child_of_it() -> None:
    """What the outer agent sets for its children is removed."""
    assert {"CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SSE_PORT"} <= set(
        invoke().env_unset
    )


@pytest.mark.parametrize(
    ("environ", "root"),
    [({}, "/home/u/.claude/projects"), ({"CLAUDE_CONFIG_DIR": "/c"}, "/c/projects")],
)
def test_the_transcript_is_in_any_projects_folder(environ: dict[str, str], root: str) -> None:
    """The folder's name is a lossy form of the directory, so any is looked at."""
    files = CLAUDE.conversation_files(ID, Path("/home/u"), environ)
    assert isinstance(files, ConversationFiles)
    assert (files.root, files.pattern) == (Path(root), f"*/{ID}.jsonl")


def test_the_agents_own_screen_opens_the_conversation() -> None:
    """Without clinvk the conversation is still there."""
    assert CLAUDE.native_resume(ID) == ("claude", "--resume", ID)


@pytest.mark.parametrize(
    ("settings", "days"),
    [
        (None, 30),
        ("{}", 30),
        ('{"cleanupPeriodDays": 365}', 365),
        ('{"cleanupPeriodDays": 0}', None),
        ('{"cleanupPeriodDays": true}', None),
        ('{"cleanupPeriodDays": "30"}', None),
        ("{", None),
    ],
)
def test_how_long_it_keeps_a_conversation_is_read_off_its_settings(
    settings: str | None, days: float | None
) -> None:
    """Settings that it refuses make it remove nothing."""
    kept = backends.get("claude").retention(settings)
    assert (kept.days if kept else None) == days


@pytest.mark.parametrize(
    ("version", "taken"),
    [
        *[("2.1.329", True), ("2.1.332", True), ("2.2.0", True), ("3.0.0-beta.1", True)],
        *[("2.1.197", False), ("2.1.329-beta.1", False), ("", False), ("new", False)],
        *[(None, False), (["2.1.332"], False)],
    ],
    ids=str,
)
def test_another_system_prompt_passes_by_the_version_that_answered_last(
    version: Any, *, taken: bool
) -> None:
    """With the option that makes it count; an older or unknown version would ignore it."""
    request = TurnRequest(
        prompt="p",
        cwd=Path("/p"),
        conversation="00000000-0000-4000-8000-000000000001",
        mode=TurnMode.RESUME,
        system_prompt="in prose",
        system_prompt_changed=True,
        counters={"version": version},
    )
    claude = backends.get("claude")
    if taken:
        claude.refuse_unsupported(request)
        assert "--system-prompt-snapshot=off" in claude.invocation(request).argv
        assert "--system-prompt-snapshot=off" in claude.screen(request).argv
    else:
        with pytest.raises(BackendUnsupportedError):
            claude.refuse_unsupported(request)


@pytest.mark.parametrize("counters", [None, {}, {"version": "2.1.332"}], ids=str)
def test_a_conversation_that_begins_anew_keeps_the_system_prompt(counters: Any) -> None:
    """Its first one holds for all its turns; a first turn of a session has none of the options."""
    request = TurnRequest(
        prompt="p",
        cwd=Path("/p"),
        system_prompt="in prose",
        system_prompt_changed=True,
        counters=counters,
    )
    with pytest.raises(BackendUnsupportedError):
        backends.get("claude").refuse_unsupported(request)
    argv = backends.get("claude").invocation(request).argv
    assert not [word for word in argv if "snapshot" in word]
