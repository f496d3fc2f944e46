"""A resume is answered from the conversation that was asked for, or it fails; for every agent.

The agents are stand-ins that answer from another one; see `forgetful_agent.py`.
"""

import sys
from pathlib import Path
from typing import Any

import pytest

from bed.published import check_home, check_result
from bed.rogue import RogueHome
from process.conftest import MARKER
from process.forgetful_agent import LANGUAGES, other

_AGENT = Path(__file__).with_name("forgetful_agent.py")
_TOY = """\
backends:
  toy:
    declared:
      program: toy
      start: []
      resume: ["--resume={conversation}"]
      errors: {"session not found": conversation_gone}
      output:
        format: jsonl
        conversation: id
        text: text
        error: error
        usage: {input: in, output: out}
"""


@pytest.fixture
def home(tmp_path: Path, marker: str, backend: str) -> RogueHome:
    """A home where every agent is the stand-in, a declared one too."""
    home = RogueHome(tmp_path, **{MARKER: marker})
    for name in LANGUAGES:
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {_AGENT} {name} "$@"\n')
        program.chmod(0o700)
    if backend == "toy":
        home.clinvk_home.mkdir(mode=0o700)
        (home.clinvk_home / "config.yaml").write_text(_TOY)
    return home


@pytest.fixture(params=sorted(LANGUAGES))
def backend(request: pytest.FixtureRequest) -> str:
    """Each agent."""
    return str(request.param)


def _first(home: RogueHome, backend: str) -> dict[str, Any]:
    told: dict[str, Any] = home.run("answers", "-b", backend, "-o", "json", "one").json()
    assert told["exit_status"] == 0, told
    return told


def _shown(home: RogueHome) -> dict[str, Any]:
    shown: dict[str, Any] = home.run("answers", "sessions", "show", "@last", "--json").json()
    return shown


def test_an_answer_from_another_conversation_is_stopped_before_it_begins(
    home: RogueHome, backend: str
) -> None:
    """Exit 4; the session is as it was, and a later turn resumes its own conversation."""
    first = _first(home, backend)
    ran = home.run("other", "-c", "-o", "json", "two")
    result = ran.json()
    check_result(result)
    assert (ran.exit_code, result["error"]["code"]) == (4, "conversation_gone")
    assert other(backend) in result["error"]["message"]
    assert first["backend_session_id"] in result["error"]["message"]
    assert result["backend_session_id"] == first["backend_session_id"]
    assert result["usage"]["input_tokens"] is None
    shown = _shown(home)
    assert (shown["turns"], shown["usage"]["input_tokens"]) == (1, 10)
    later = home.run("answers", "-c", "-o", "json", "three").json()
    assert (later["exit_status"], later["turn"], later["resumed"]) == (0, 2, True), later
    assert later["backend_session_id"] == first["backend_session_id"]
    (home.clinvk_home / "config.yaml").unlink(missing_ok=True)
    check_home(home.clinvk_home)


def test_a_new_conversation_replaces_it_on_request_if_nothing_was_done(
    home: RogueHome, backend: str
) -> None:
    """`--if-missing replay`: one turn, sent again; nothing of the other conversation is kept."""
    _first(home, backend)
    result = home.run("other", "-c", "--if-missing", "replay", "-o", "json", "two").json()
    assert (result["exit_status"], result["turn"], result["resumed"]) == (0, 2, False), result
    assert result["backend_session_id"] != other(backend)
    assert result["usage"]["input_tokens"] == 10
    assert _shown(home)["turns"] == 2


@pytest.mark.parametrize("way", ["fail", "new", "replay"])
def test_output_from_another_conversation_is_kept_with_the_failure(
    home: RogueHome, backend: str, way: str
) -> None:
    """The turn keeps its content and fails with exit 4; its prompt is not sent again."""
    first = _first(home, backend)
    ran = home.run("works, then other", "-c", "--if-missing", way, "-o", "json", "two")
    result = ran.json()
    assert (ran.exit_code, result["error"]["code"]) == (4, "conversation_gone"), result
    assert result["text"] == "the answer"
    shown = _shown(home)
    assert (shown["turns"], shown["turn_list"][1]["text"]) == (2, "the answer")
    assert shown["backend_session_id"] == first["backend_session_id"]
    assert shown["usage"]["input_tokens"] == 10
    later = home.run("answers", "-c", "-o", "json", "three").json()
    assert (later["exit_status"], later["turn"]) == (0, 3), later


@pytest.mark.parametrize("way", ["fail", "new", "replay"])
def test_a_turn_that_did_work_is_never_repeated_as_gone(
    home: RogueHome, backend: str, way: str
) -> None:
    """Whatever the agent reports at its end: the turn is kept, fails, and is not run twice."""
    _first(home, backend)
    ran = home.run("works, then fails", "-c", "--if-missing", way, "-o", "json", "two")
    result = ran.json()
    assert (ran.exit_code, result["error"]["code"]) == (1, "agent_failed"), result
    assert (result["turn"], result["text"]) == (2, "the answer")
    assert _shown(home)["turns"] == 2
    later = home.run("answers", "-c", "-o", "json", "three").json()
    assert (later["exit_status"], later["turn"], later["resumed"]) == (0, 3, True), later


@pytest.mark.parametrize(
    ("backend", "option"),
    [("claude", "--fork-session"), ("qwen", "--fork-session"), ("opencode", "--fork")],
)
def test_a_requested_fork_continues_under_its_new_id(
    home: RogueHome, backend: str, option: str
) -> None:
    """The new id is the session's from now on, with a warning."""
    _first(home, backend)
    ran = home.run(
        "works, then other",
        "-c",
        "--timeout",
        "2s",
        "-o",
        "json",
        f"--backend-arg={option}",
        "two",
    )
    result = ran.json()
    assert result["backend_session_id"] == other(backend), result
    assert any(other(backend) in warning for warning in result["warnings"])
