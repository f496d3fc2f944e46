"""The agent no longer has the conversation: what `--if-missing` does about it, on real agents."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from bed.command import Command, Ran
from bed.mock_model import MockModel
from bed.published import check_home, check_result
from bed.terminal import Terminal, have_tmux
from clinvk.agents import registry as backends
from clinvk.agents.base import Capability

REAL = [
    ("claude", "claude"),
    ("claude", "claude-next"),
    ("codex", "claude"),
    ("gemini", "claude"),
    ("opencode", "claude"),
    ("grok", "claude"),
    ("qwen", "claude"),
]
WAYS = ["replay", "new"]


def _lose(clinvk: Command, backend: str, *, store_too: bool = False) -> None:
    """The conversation is pruned, as its files tell; or the whole store is gone.

    Then only the agent itself can tell.
    """
    (clinvk.home.wipe if store_too else clinvk.home.forget)(backend)


def _two_turns(clinvk: Command, backend: str) -> dict[str, Any]:
    clinvk("-b", backend, "--access", "edit", "the elephants come first")
    target = clinvk.home.project / "made.txt"
    told: dict[str, Any] = clinvk("-c", "-o", "json", f"[[write:{target}|x]] then zebras").json()
    assert told["exit_status"] == 0, told
    target.unlink()  # else an agent that lists the folder to its model tells of it again
    return told


def _last_sent(server: MockModel) -> str:
    return json.dumps(server.requests[-1].body)


def _shown(clinvk: Command) -> dict[str, Any]:
    shown: dict[str, Any] = clinvk("sessions", "show", "@last", "--json").json()
    return shown


@pytest.mark.every_agent("pruned")
@pytest.mark.parametrize(("backend", "claude"), REAL)
@pytest.mark.parametrize("store_too", [False, True], ids=["pruned", "wiped"])
def test_by_default_it_fails_and_names_both_ways_out(
    clinvk: Command, server: MockModel, backend: str, *, store_too: bool
) -> None:
    """Exit 4 `conversation_gone`; nothing is asked of the model, and no turn is added."""
    _two_turns(clinvk, backend)
    _lose(clinvk, backend, store_too=store_too)
    sent = len(server.billed)
    ran = clinvk("-c", "-o", "json", "three")
    error = ran.json()["error"]
    assert (ran.exit_code, error["code"]) == (4, "conversation_gone")
    assert "--if-missing replay" in error["hint"]
    assert "--if-missing new" in error["hint"]
    assert len(server.billed) == sent
    assert _shown(clinvk)["turns"] == 2


@pytest.mark.parametrize(("backend", "claude"), REAL)
@pytest.mark.parametrize("store_too", [False, True], ids=["pruned", "wiped"])
@pytest.mark.parametrize("way", WAYS)
def test_a_new_conversation_within_the_same_session(
    clinvk: Command, server: MockModel, backend: str, way: str, *, store_too: bool
) -> None:
    """With `replay` the model is sent the earlier turns, with `new` not a word of them.

    It is said on stderr, in the result and in the transcript; the session goes on with it.
    """
    before = _two_turns(clinvk, backend)
    _lose(clinvk, backend, store_too=store_too)
    ran = clinvk("-c", "--if-missing", way, "-o", "json", "and now the third")
    result = ran.json()
    check_result(result)
    assert (result["exit_status"], result["turn"], result["resumed"]) == (0, 3, False), result
    assert result["session_id"] == before["session_id"]
    assert result["backend_session_id"] != before["backend_session_id"]
    sent = _last_sent(server)
    replayed = way == "replay"
    for told in ("the elephants come first", "then zebras", "You said: the elephants", "made.txt"):
        assert (told in sent) is replayed, told
    assert sent.rindex("and now the third") > sent.rfind("zebras")
    assert any("no longer has the conversation" in warning for warning in result["warnings"])
    turn = _shown(clinvk)["turn_list"][2]
    assert (turn["prompt"], turn["afresh"]) == ("and now the third", way)
    assert turn["warnings"] == result["warnings"]
    assert ("replayed" in clinvk("sessions", "show", "@last").stdout) is replayed
    further = clinvk("-c", "-o", "json", "fourth").json()
    assert further["backend_session_id"] == result["backend_session_id"]
    assert "I remember 1 earlier prompts" in further["text"]
    assert "and now the third" in _last_sent(server)
    shown = _shown(clinvk)
    assert (shown["turns"], shown["turns_reported"]) == (4, 4)
    billed = [bill.usage for bill in server.billed if bill.kind == "main"]
    assert shown["usage"]["input_tokens"] == sum(usage.input_tokens for usage in billed)
    check_home(clinvk.home.clinvk_home)


def test_the_user_gets_one_warning(clinvk: Command, backend: str) -> None:
    """One warning on stderr; stdout has only the answer."""
    _two_turns(clinvk, backend)
    _lose(clinvk, backend)
    ran: Ran = clinvk("resume", "--last", "--if-missing", "replay", "third")
    assert ran.exit_code == 0
    assert ran.stdout.startswith("You said:")
    [said] = [line for line in ran.stderr.splitlines() if line.startswith("warning: ")]
    assert "with turns 1 to 2 from clinvk's record" in said


def test_doctor_tells_which_conversations_are_gone(clinvk: Command, backend: str) -> None:
    """By looking at the agent's own files, without starting it; a note, for agents clear up."""
    session = clinvk("-b", backend, "-o", "json", "one").json()["session_id"]
    assert _gone_by_doctor(clinvk) == []
    clinvk("-b", backend, "-s", "another", "two")
    clinvk("sessions", "close", "another")
    _lose(clinvk, backend)
    assert _gone_by_doctor(clinvk) == [[session]]


def _gone_by_doctor(clinvk: Command) -> list[list[str]]:
    found = clinvk("doctor", "--json").json()["findings"]
    return [one["sessions"] for one in found if one["code"] == "conversation_gone"]


def test_an_existing_conversation_is_continued(clinvk: Command, backend: str) -> None:
    """The option is for a missing one: otherwise no new conversation is started."""
    first = _two_turns(clinvk, backend)
    result = clinvk("-c", "--if-missing", "new", "-o", "json", "three").json()
    assert result["backend_session_id"] == first["backend_session_id"]
    assert (result["resumed"], result["warnings"]) == (True, [])


@pytest.mark.parametrize(("backend", "claude"), REAL)
@pytest.mark.parametrize("way", WAYS)
def test_access_model_and_system_prompt_hold_in_the_new_conversation(
    clinvk: Command, server: MockModel, backend: str, claude: str, way: str
) -> None:
    """It is the same session: read-only stays read-only on disk, model and prompt are the same."""
    lacks = backends.get(backend).lacks
    model, told = clinvk.home.other_model(backend), Capability.SYSTEM_PROMPT not in lacks
    prompt = ("--system-prompt", "speak in verse") if told else ()
    clinvk("-b", backend, "-m", model, "--access", "read-only", *prompt, "one")
    _lose(clinvk, backend)
    target = clinvk.home.project / "made.txt"
    clinvk("-c", "--if-missing", way, f"[[write:{target}|no]] two")
    assert not target.exists()
    assert server.billed[-1].model == model.rpartition("/")[2]
    assert ("speak in verse" in json.dumps(server.requests[-1].body)) is told
    another = clinvk("-c", "--if-missing", way, "--system-prompt", "in limericks", "three")
    takes_another = Capability.NEW_SYSTEM_PROMPT not in lacks or claude == "claude-next"
    assert another.exit_code == (0 if takes_another else 5)
    assert ("in limericks" in json.dumps(server.requests[-1].body)) is takes_another


def test_a_turn_killed_before_the_new_conversation_began_leaves_the_choice(
    clinvk: Command, server: MockModel, backend: str
) -> None:
    """Nothing of it reached the agent: the next turn fails as before, and can be told again."""
    _two_turns(clinvk, backend)
    _lose(clinvk, backend)
    silent = clinvk.home.bin / "silent"
    silent.write_text("#!/bin/sh\nexec sleep 60\n")
    silent.chmod(0o700)
    env = {f"CLINVK_BACKENDS_{backend.upper()}_BINARY": str(silent), "CLINVK_RUN_TIMEOUT": "1s"}
    assert clinvk("-c", "--if-missing", "replay", "three", env=env).exit_code == 6
    assert clinvk("-c", "four").exit_code == 4
    ran = clinvk("-c", "--if-missing", "replay", "four")
    assert ran.exit_code == 0, ran.stderr
    assert "the elephants come first" in _last_sent(server)


@pytest.fixture
def terminal(clinvk: Command) -> Iterator[Terminal]:
    """A terminal in the project's directory."""
    clinvk.home.answer_first_questions()
    with Terminal(clinvk.home.env, clinvk.home.project, columns=120) as opened:
        yield opened
    clinvk.home.end_daemons()


@pytest.mark.skipif(not have_tmux, reason="tmux is not installed")
def test_the_agents_own_screen_on_a_missing_conversation(
    clinvk: Command, terminal: Terminal, backend: str
) -> None:
    """It fails with the ways out; a screen cannot be told the earlier turns, an empty one opens."""
    _two_turns(clinvk, backend)
    _lose(clinvk, backend)
    terminal.run(clinvk.program, "resume", "--last")
    if reason := backends.get(backend).lacks.get(Capability.SCREEN):
        terminal.wait_for(reason)
        return
    terminal.wait_for("--if-missing replay")
    terminal.run(clinvk.program, "resume", "--last", "--if-missing", "replay")
    terminal.wait_for("its interactive screen cannot replay it")
    terminal.run(clinvk.program, "resume", "--last", "--if-missing", "new")
    terminal.wait_for("a new one starts here, empty")
    terminal.wait_for(clinvk.home.ready(backend), timeout_s=60)
    assert "elephants" not in terminal.screen()


MISLEADING = (
    "gateway: credential does not match any session; upstream: thread not found in shard 7;"
    " No conversation found with session ID: x; session not found; no rollout found"
)


@pytest.mark.parametrize(("backend", "claude"), REAL)
@pytest.mark.parametrize("status", [400, 404])
@pytest.mark.parametrize("resumed", [False, True], ids=["new", "resumed"])
def test_a_failure_of_the_service_takes_no_turn_back(
    clinvk: Command, server: MockModel, backend: str, status: int, *, resumed: bool
) -> None:
    """It speaks of sessions and threads too: after a tool, or before anything.

    The turn stays with what it did, the prompt is sent once, and the next turn is in the same
    conversation.
    """
    if resumed:
        clinvk("-b", backend, "--access", "edit", "the elephants come first")
    target = clinvk.home.project / "made.txt"
    prompt = f"[[write:{target}|x]] [[refuse:{status}|{MISLEADING}]] then zebras"
    begin = ("-c", "--if-missing", "new") if resumed else ("-b", backend, "--access", "edit")
    told = clinvk(*begin, "-o", "json", prompt).json()
    assert told["exit_status"] not in {0, 4}, told
    assert target.exists()
    target.unlink()
    turns = 2 if resumed else 1
    shown = _shown(clinvk)
    assert shown["turns"] == turns
    asked = [one for one in server.requests if "zebras" in json.dumps(one.body)]
    assert asked
    refused = f"[[refuse:{status}|{MISLEADING}]] and nothing else"
    if resumed:
        again = clinvk("-c", "--if-missing", "replay", "-o", "json", refused).json()
        assert again["exit_status"] not in {0, 4}, again
        turns += 1
    last = clinvk("-c", "-o", "json", "and now lions").json()
    assert (last["exit_status"], last["turn"]) == (0, turns + 1), last
    assert last["backend_session_id"] == shown["backend_session_id"]
    assert "zebras" in _last_sent(server)
    check_home(clinvk.home.clinvk_home)


@pytest.mark.parametrize("backend", ["claude", "codex", "gemini"])
@pytest.mark.parametrize("left", [0, 1], ids=["nothing", "its first line"])
def test_a_conversation_that_lost_its_content_is_gone(
    clinvk: Command, server: MockModel, backend: str, left: int
) -> None:
    """Its file is there, and the agent would fail in words of its own or answer from nothing."""
    _two_turns(clinvk, backend)
    for kept in clinvk.home.kept(backend):  # gemini has one a minute
        kept.write_bytes(b"".join(kept.read_bytes().splitlines(keepends=True)[:left]))
    asked = len(server.billed)
    refused = clinvk("-c", "-o", "json", "third").json()
    assert (refused["exit_status"], refused["error"]["code"]) == (4, "conversation_gone")
    assert len(server.billed) == asked
    told = clinvk("-c", "--if-missing", "replay", "-o", "json", "third").json()
    assert (told["exit_status"], told["turn"], told["resumed"]) == (0, 3, False)
    assert "the elephants come first" in _last_sent(server)


_MESSAGES = frozenset({"user", "assistant", "tool_result"})


def _is_gone(clinvk: Command, server: MockModel) -> None:
    """It is refused before anything is sent, doctor knows, and a new one is told the turns."""
    asked = len(server.billed)
    refused = clinvk("-c", "-o", "json", "third").json()
    assert refused["exit_status"] == 4, refused
    assert refused["error"]["code"] == "conversation_gone"
    assert len(server.billed) == asked
    assert _gone_by_doctor(clinvk) == [[_shown(clinvk)["id"]]]
    told = clinvk("-c", "--if-missing", "replay", "-o", "json", "third").json()
    assert (told["exit_status"], told["turn"], told["resumed"]) == (0, 3, False)
    assert "the elephants come first" in _last_sent(server)


@pytest.mark.parametrize(
    ("backend", "claude"), [("claude", "claude"), ("claude", "claude-next"), ("qwen", "claude")]
)
def test_a_conversation_of_which_only_the_agents_notes_are_left_is_gone(
    clinvk: Command, server: MockModel, backend: str
) -> None:
    """The agent would go on with an empty one, and exit 0."""
    _two_turns(clinvk, backend)
    [kept] = clinvk.home.kept(backend)
    lines = kept.read_bytes().splitlines(keepends=True)
    notes = [line for line in lines if json.loads(line)["type"] not in _MESSAGES]
    assert notes
    kept.write_bytes(b"".join(notes))
    _is_gone(clinvk, server)


@pytest.mark.parametrize(
    "lose",
    [
        ["DELETE FROM part", "DELETE FROM message"],
        ["DELETE FROM part"],
        ["DELETE FROM part WHERE json_extract(data, '$.type') IN ('text', 'tool')"],
        ["UPDATE session SET revert = (SELECT json_object('messageID', min(id)) FROM message)"],
    ],
    ids=["its messages", "their parts", "their content", "all of it, undone"],
)
@pytest.mark.long_form("its messages", "their parts", "all of it")
def test_a_session_of_opencode_that_lost_its_messages_is_gone(
    clinvk: Command, server: MockModel, lose: list[str]
) -> None:
    """Its row alone is left, from which the agent would begin anew and say nothing of it."""
    _two_turns(clinvk, "opencode")
    file = clinvk.home.home / ".local" / "share" / "opencode" / "opencode.db"
    with closing(sqlite3.connect(file, timeout=10)) as database, database:
        for statement in lose:
            database.execute(statement)
    _is_gone(clinvk, server)


def test_a_partly_undone_session_of_opencode_is_continued(
    clinvk: Command, server: MockModel
) -> None:
    """Messages that the user has undone are not sent again, the others are."""
    _two_turns(clinvk, "opencode")
    file = clinvk.home.home / ".local" / "share" / "opencode" / "opencode.db"
    with closing(sqlite3.connect(file, timeout=10)) as database, database:
        database.execute(
            "UPDATE session SET revert = json_object('messageID', (SELECT id FROM message"
            " WHERE json_extract(data, '$.role') = 'user' ORDER BY id LIMIT 1 OFFSET 1))"
        )
    told = clinvk("-c", "-o", "json", "third").json()
    assert (told["exit_status"], told["turn"], told["resumed"]) == (0, 3, True), told
    assert "elephants" in _last_sent(server)
    assert "zebras" not in _last_sent(server)
