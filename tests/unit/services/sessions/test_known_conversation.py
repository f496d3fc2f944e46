"""The one gate of conversation ids: of anything else no path, command or argument is made."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import clinvk
from bed.kept import session_of
from clinvk.agents import registry as backends
from clinvk.agents.base import Backend
from clinvk.agents.declared.backend import declared
from clinvk.errors import SessionNotFoundError
from clinvk.model.access import Access
from clinvk.model.conversation import TurnMode
from clinvk.model.request import TurnRequest
from clinvk.services.sessions.known_conversation import (
    conversation_files_of,
    native_resume_of,
    native_transcript,
    title_files_of,
)
from clinvk.services.world import World

NO_IDS = {
    "empty": "",
    "blank": " ",
    "a path upwards": "../../x",
    "a path upwards in the middle": "a/../../x",
    "a path": "/etc/passwd",
    "an option": "--dangerously-skip-permissions",
    "a short option": "-c",
    "a wildcard": "*",
    "a class of letters": "[a-z]",
    "a line end": "123e4567-e89b-42d3-a456-426614174000\n",
    "an escape": "\x1b]0;x\x07",
    "a zero byte": "a\0b",
    "a command": "$(touch made)",
    "a quote": "'; touch made; '",
    "digits of another script": "١٢٣",
    "a lone surrogate": "\udcff",
    "far too long": "a" * 5000,
}
DECLARED = declared(
    "toy",
    {
        "program": "toy",
        "start": ["--session={conversation}"],
        "resume": ["resume", "{conversation}"],
        "conversation_file": "{home}/.toy/{conversation}.md",
    },
)
AGENTS = [*(backends.get(name) for name in backends.built_in()), DECLARED]
KNOWN_FILES = [
    one for one in AGENTS if type(one).conversation_files is not Backend.conversation_files
]
"""Whether a backend says where its agent keeps conversations is up to it."""
bad_ids = pytest.mark.parametrize("conversation", NO_IDS.values(), ids=NO_IDS.keys())
agents = pytest.mark.parametrize("backend", AGENTS, ids=lambda one: one.name)


@bad_ids
@agents
@pytest.mark.thorough
def test_an_invalid_id_is_never_used_in_a_path_or_a_command(
    world: World, backend: Backend, conversation: str
) -> None:
    """Wherever it was read from, no file is searched and no command is printed."""
    assert conversation_files_of(backend, conversation, world) is None
    assert title_files_of(backend, conversation, world) is None
    assert native_resume_of(backend, conversation) is None


@bad_ids
@agents
@pytest.mark.parametrize("resume", [False, True], ids=["start", "resume"])
@pytest.mark.thorough
def test_a_backend_by_itself_makes_no_argument_of_it_that_could_be_an_option(
    tmp_path: Path, backend: Backend, conversation: str, *, resume: bool
) -> None:
    """It refuses, or the id is behind its option's `=`."""
    asked = TurnRequest(
        prompt="p",
        cwd=tmp_path,
        conversation=conversation,
        mode=TurnMode.RESUME if resume else TurnMode.START,
        access=Access.READ_ONLY,
    )
    if backend is DECLARED:
        asked = TurnRequest(
            prompt="p",
            cwd=tmp_path,
            conversation=conversation,
            mode=TurnMode.RESUME if resume else TurnMode.START,
        )
    try:
        argv = backend.invocation(asked).argv
    except SessionNotFoundError:
        return
    assert conversation not in argv


@pytest.mark.parametrize("backend", KNOWN_FILES, ids=lambda backend: backend.name)
def test_a_valid_id_is_accepted(world: World, backend: Backend) -> None:
    """The ids of the agents themselves."""
    uuid = "123e4567-e89b-42d3-a456-426614174000"
    known = next(filter(backend.is_conversation, (uuid, "ses_1f2e3d4c", f"session_{uuid}")))
    assert conversation_files_of(backend, known, world) is not None


@pytest.mark.parametrize(
    ("name", "file", "conversation"),
    [
        ("claude", ".claude/projects/p/other/mine.jsonl", "other/mine"),
        ("qwen", ".qwen/projects/p/chats/other/mine.jsonl", "other/mine"),
        ("codex", ".codex/sessions/2026/01/02/rollout-1-x-mine.jsonl", "mine"),
        ("gemini", ".gemini/tmp/p/chats/session-1-deadbeef.jsonl", "deadbeef and more"),
    ],
)
def test_another_conversation_is_never_shown_as_the_sessions(
    world: World, name: str, file: str, conversation: str
) -> None:
    """`delete`, `clean` and `show` do not name a file to which such an id would lead."""
    path = world.user_home / file
    path.parent.mkdir(parents=True)
    path.write_text("{}\n")
    at = datetime(2026, 1, 2, tzinfo=UTC)
    session = session_of(
        id="0" * 8 + "0" * 24,
        backend=name,
        cwd="/",
        created_at=at,
        last_used_at=at,
        title="t",
        conversation={"id": conversation, "seen": True},
    )
    found = native_transcript(session, world)
    assert found is not None
    assert found.files == ()


def test_only_this_module_asks_a_backend_for_files_of_an_id() -> None:
    """All code that reads an id from a record uses it."""
    package = Path(clinvk.__file__).parent
    asks = re.compile(r"\.(conversation_files|title_files|native_resume)\(")
    gate = package / "services" / "sessions" / "known_conversation.py"
    others = [
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if path != gate and "agents" not in path.relative_to(package).parts[:1]
        if asks.search(path.read_text("utf-8"))
    ]
    assert others == []
