"""An id that is none of the agent's: printed by the agent, or written into the record by hand.

The agents are stand-ins, see `forgetful_agent.py`; each command says what is wrong or works, starts
nothing and prints nothing that could be taken for an option.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bed.rogue import RogueHome
from process.conftest import MARKER
from process.forgetful_agent import LANGUAGES
from process.test_same_conversation import _TOY

_AGENT = Path(__file__).with_name("forgetful_agent.py")
_FILE = '      conversation_file: "{home}/.toy/{conversation}.jsonl"\n      output:'
NO_IDS = {
    "a path upwards": "../../x",
    "an option": "--dangerously-skip-permissions",
    "a wildcard": "*",
    "control characters": "\x1b[31m\x07a\nb",
    "a command": "$(touch made)",
}
BAIT = "the-secret-of-another-place"


@pytest.fixture(params=sorted(LANGUAGES))
def backend(request: pytest.FixtureRequest) -> str:
    """Each agent."""
    return str(request.param)


@pytest.fixture
def make_home(tmp_path: Path, marker: str) -> Callable[..., RogueHome]:
    """A home where every agent is the stand-in, and notes how it was started."""

    def make(**env: str) -> RogueHome:
        starts = str(tmp_path / "starts")
        home = RogueHome(tmp_path, **{MARKER: marker, "CLINVK_TEST_STARTS": starts}, **env)
        for name in LANGUAGES:
            program = tmp_path / "bin" / name
            program.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {_AGENT} {name} "$@"\n')
            program.chmod(0o700)
        home.clinvk_home.mkdir(mode=0o700)
        declared = _TOY.replace("      output:", _FILE, 1)
        (home.clinvk_home / "config.yaml").write_text(declared)
        _lay_bait(tmp_path / "home")
        return home

    return make


def _lay_bait(home: Path) -> None:
    """Files that such ids would lead to, below the agents' folders and outside of them."""
    title = json.dumps({"type": "ai-title", "aiTitle": BAIT, "customTitle": BAIT})
    for folder in (
        ".claude/projects/p",
        ".codex/sessions/2026/01/02",
        ".gemini/tmp/p/chats",
        ".qwen/projects/p/chats",
        ".local/share/opencode",
        ".toy",
    ):
        (home / folder).mkdir(parents=True)
        for name in (BAIT, "x", f"rollout-1-{BAIT}", "session-1-x"):
            (home / folder / f"{name}.jsonl").write_text(title + "\n")
            ((home / folder).parent.parent / f"{name}.jsonl").write_text(title + "\n")


def _edit(home: RogueHome, conversation: str) -> None:
    """Write the id into the record and the transcript."""
    for path in home.clinvk_home.glob("sessions/**/*.json*"):
        text = path.read_text()
        lines = text.splitlines() if path.suffix == ".jsonl" else [text]
        path.write_text("".join(_with_id(line, conversation) + "\n" for line in lines))


def _with_id(line: str, conversation: str) -> str:
    return json.dumps(_edited(json.loads(line), conversation))


def _edited(value: Any, conversation: str) -> Any:
    if isinstance(value, dict):
        return {
            key: conversation if key == "backend_session_id" and one else _edited(one, conversation)
            for key, one in value.items()
        }
    return [_edited(one, conversation) for one in value] if isinstance(value, list) else value


def _starts(home: RogueHome) -> int:
    return len((home.folder / "starts").read_text().splitlines())


def _run(home: RogueHome, *args: str) -> tuple[int, str]:
    ran = home.run("answers", *args)
    said = ran.stdout.decode() + ran.stderr
    for unwanted in (BAIT, "Traceback", "\x1b[31m", "\x07"):
        assert unwanted not in said, args
    return ran.exit_code, said


def _check_refused(home: RogueHome, conversation: str) -> None:
    """A further turn says what is wrong, and the session can be shown and deleted."""
    starts = _starts(home)
    code, said = _run(home, "-c", "two")
    assert code == 4
    assert "is not the id of a conversation" in said
    assert f"`{conversation}`" in said or not conversation.isprintable()
    assert "--if-missing replay" in said
    assert _starts(home) == starts, "no agent is started"
    code, said = _run(home, "sessions", "show", "@last")
    assert code == 0
    assert "Without clinvk" not in said
    code, said = _run(home, "sessions", "delete", "-y", "@last")
    assert code == 0
    assert ".jsonl" not in said, "no file of the agent's is named as this conversation's"


def test_no_command_makes_anything_of_an_option_that_an_agent_printed(
    make_home: Callable[..., RogueHome], backend: str
) -> None:
    """The first turn says so; then each command that has to do with the session."""
    conversation = NO_IDS["an option"]
    home = make_home(CLINVK_TEST_ID=conversation)
    ran = home.run("answers", "-b", backend, "-o", "json", "one").json()
    assert ran["exit_status"] == 0, ran
    assert any("a session cannot continue" in one for one in ran["warnings"]), ran
    shown = json.loads(_run(home, "sessions", "show", "@last", "--json")[1])
    assert (shown["native_resume"], shown["title"]) == (None, "one")
    starts = _starts(home)
    for again in (("resume", "--last", "two"), ("resume", shown["id"], "two")):
        code, said = _run(home, *again, "-o", "json")
        assert (code, json.loads(said.splitlines()[0])["error"]["code"]) == (
            4,
            "session_not_found",
        ), said
    assert _starts(home) == starts
    for reads in (
        ("sessions", "list"),
        ("sessions", "search", "one"),
        ("sessions", "export", shown["id"]),
        ("sessions", "clean", "--older-than", "1d", "--dry-run"),
    ):
        assert _run(home, *reads)[0] == 0, reads
    assert _run(home, "doctor")[0] in (0, 1)
    _check_refused(home, conversation)


@pytest.mark.parametrize("conversation", NO_IDS.values(), ids=NO_IDS.keys())
@pytest.mark.parametrize("backend", ["claude", "toy"], indirect=True)
def test_an_agent_that_prints_something_else(
    make_home: Callable[..., RogueHome], backend: str, conversation: str
) -> None:
    """Paths, wildcards and control characters the same."""
    home = make_home(CLINVK_TEST_ID=conversation)
    assert home.run("answers", "-b", backend, "one").exit_code == 0
    _check_refused(home, conversation)


def test_a_record_that_was_edited(make_home: Callable[..., RogueHome], backend: str) -> None:
    """The same for one that stands in the record and in the transcript; there is a way out."""
    home = make_home()
    first = home.run("answers", "-b", backend, "-o", "json", "one").json()
    _edit(home, NO_IDS["a path upwards"])
    assert _run(home, "-c", "two")[0] == 4
    ran = home.run("answers", "-c", "--if-missing", "replay", "-o", "json", "two").json()
    assert (ran["exit_status"], ran["turn"], ran["session_id"]) == (0, 2, first["session_id"]), ran
    assert ".." not in ran["backend_session_id"]
    [*_, started] = (home.folder / "starts").read_text().splitlines()
    assert not any(".." in one for one in json.loads(started))
    _edit(home, NO_IDS["a path upwards"])
    _check_refused(home, NO_IDS["a path upwards"])
