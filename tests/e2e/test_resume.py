"""Going on with a session, on the real agents: always the right one, or none."""

import json
from pathlib import Path

import pytest

from bed.command import Command
from bed.mock_model import MockModel
from bed.published import check_home, check_result
from clinvk.agents import registry as backends
from clinvk.agents.base import Capability


def _remembers(count: int) -> str:
    return f"I remember {count} earlier prompts."


@pytest.mark.every_agent
def test_three_turns_by_continue_are_one_conversation(clinvk: Command, backend: str) -> None:
    """`-c` twice: the agent remembers, the session has three turns, its answers are in `show`."""
    clinvk("-b", backend, "one")
    assert _remembers(1) in clinvk("-c", "two").stdout
    third = clinvk("-c", "-o", "json", "three").json()
    check_result(third)
    assert _remembers(2) in third["text"]
    assert (third["turn"], third["resumed"]) == (3, True)
    [session] = clinvk("sessions", "list", "--json").json()
    shown = clinvk("sessions", "show", session["id"], "--json").json()
    assert [turn["prompt"] for turn in shown["turn_list"]] == ["one", "two", "three"]
    check_home(clinvk.home.clinvk_home)


def test_a_session_is_resumed_from_any_directory_in_its_own(
    clinvk: Command, server: MockModel, tmp_path: Path, backend: str
) -> None:
    """Started in one folder, resumed from another: it runs in the first, and remembers."""
    started = clinvk("-b", backend, "-o", "json", "one").json()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    resumed = clinvk("resume", started["session_id"], "-o", "json", "two", cwd=elsewhere).json()
    assert _remembers(1) in resumed["text"]
    assert resumed["cwd"] == started["cwd"]
    assert resumed["backend_session_id"] == started["backend_session_id"]
    assert str(elsewhere) not in json.dumps(server.requests[-1].body)


@pytest.mark.parametrize("form", ["id", "prefix", "last", "at-last", "agent"])
def test_every_reference_means_the_session(clinvk: Command, backend: str, form: str) -> None:
    """An id, a prefix of it, `--last`, `@last` and the agent's own id go on with the same one."""
    started = clinvk("-b", backend, "-o", "json", "one").json()
    words = {
        "id": [started["session_id"]],
        "prefix": [started["session_id"][:6]],
        "last": ["--last"],
        "at-last": ["@last"],
        "agent": [f"{backend}:{started['backend_session_id']}"],
    }[form]
    resumed = clinvk("resume", *words, "-o", "json", "two").json()
    assert resumed["session_id"] == started["session_id"]
    assert _remembers(1) in resumed["text"]


def test_a_name_creates_then_resumes(clinvk: Command, backend: str) -> None:
    """The same command twice: one session, two turns."""
    first = clinvk("-s", "pr-842", "-b", backend, "-o", "json", "one").json()
    second = clinvk("-s", "pr-842", "-b", backend, "-o", "json", "two").json()
    assert (first["name"], first["turn"], first["resumed"]) == ("pr-842", 1, False)
    assert (second["name"], second["turn"], second["resumed"]) == ("pr-842", 2, True)
    assert second["session_id"] == first["session_id"]
    assert _remembers(1) in second["text"]


def test_continue_stays_in_this_directory(clinvk: Command, tmp_path: Path) -> None:
    """`-c` prefers this directory's session to a newer one of another, and says when it is not."""
    here = clinvk("-b", "demo", "-o", "json", "here").json()
    other = tmp_path / "other"
    other.mkdir()
    clinvk("-b", "demo", "elsewhere", cwd=other)
    assert clinvk("-c", "-o", "json", "on").json()["session_id"] == here["session_id"]
    third = tmp_path / "third"
    third.mkdir()
    ran = clinvk("-c", "on", cwd=third)
    assert ran.exit_code == 0
    assert f"of another directory: {clinvk.home.project.resolve()}" in ran.stderr


def test_last_can_be_narrowed_to_here_and_to_a_backend(clinvk: Command, tmp_path: Path) -> None:
    """`--here` and `-b` narrow what `--last` means; with nothing left it is an error."""
    here = clinvk("-b", "demo", "-o", "json", "here").json()
    other = tmp_path / "other"
    other.mkdir()
    there = clinvk("-b", "demo", "-o", "json", "there", cwd=other).json()
    last = clinvk("resume", "--last", "-o", "json", "on").json()
    assert last["session_id"] == there["session_id"]
    narrowed = clinvk("resume", "--last", "--here", "-o", "json", "on").json()
    assert narrowed["session_id"] == here["session_id"]
    none = clinvk("resume", "--last", "-b", "codex", "on")
    assert none.exit_code == 4
    assert "backend `codex`" in none.stderr


@pytest.mark.every_agent
def test_model_access_and_system_prompt_are_applied_again(
    clinvk: Command, server: MockModel, backend: str
) -> None:
    """What was chosen for the first turn holds at the second without being said again."""
    model = clinvk.home.other_model(backend)
    takes_prompt = Capability.SYSTEM_PROMPT not in backends.get(backend).lacks
    verse = ["--system-prompt", "speak in verse"] if takes_prompt else []
    clinvk("-b", backend, "-m", model, "--access", "edit", *verse, "one")
    target = clinvk.home.project / "made.txt"
    ran = clinvk("-c", f"[[write:{target}|second turn]]")
    assert ran.exit_code == 0, ran.stderr
    assert target.read_text().rstrip("\n") == "second turn"
    body = server.requests[-1].body
    assert server.billed[-1].model == model.rpartition("/")[2]
    assert ("speak in verse" in json.dumps(body)) == takes_prompt


def test_access_is_not_widened_by_a_resume(clinvk: Command, backend: str) -> None:
    """A read-only session stays read-only; widening takes the flag and is said."""
    clinvk("-b", backend, "--access", "read-only", "one")
    target = clinvk.home.project / "made.txt"
    clinvk("-c", f"[[write:{target}|no]]")
    assert not target.exists()
    ran = clinvk("-c", "--access", "edit", f"[[write:{target}|yes]]")
    assert target.read_text().rstrip("\n") == "yes"
    assert "access is wider for this turn" in ran.stderr
    other = clinvk.home.project / "other.txt"
    clinvk("-c", f"[[write:{other}|no]]")
    assert not other.exists()


@pytest.mark.parametrize(
    ("backend", "claude"), [("claude", "claude"), ("claude", "claude-next"), ("codex", "claude")]
)
def test_a_wider_default_never_widens_a_session(clinvk: Command, backend: str) -> None:
    """What the configuration allows new sessions is nothing to one that has its own access."""
    clinvk("-b", backend, "--access", "read-only", "-s", "narrow", "one")
    clinvk("-b", backend, "-s", "plain", "one")
    config = clinvk.home.clinvk_home / "config.yaml"
    config.write_text(f"run: {{access: full}}\nbackends: {{{backend}: {{access: full}}}}\n")
    config.chmod(0o600)
    for name in ("narrow", "plain"):
        target = clinvk.home.project / f"{name}.txt"
        env = {"CLINVK_RUN_ACCESS": "full"}
        ran = clinvk("-s", name, f"[[write:{target}|no]]", env=env)
        assert not target.exists(), name
        assert "access is wider" not in ran.stderr
    target = clinvk.home.project / "new.txt"
    clinvk("-b", backend, "-s", "new", f"[[write:{target}|yes]]")
    assert target.exists()


def test_widening_is_in_the_transcript(clinvk: Command) -> None:
    """Who reads the session later sees at which turn more was allowed, and what."""
    clinvk("-s", "mine", "-b", "demo", "--access", "read-only", "one")
    clinvk("-s", "mine", "--access", "full", "two")
    [narrow, wide] = clinvk("sessions", "show", "mine", "--json").json()["turn_list"]
    assert narrow["warnings"] == []
    assert wide["warnings"] == [
        "access is wider for this turn: `full` instead of `read-only`",
    ]


@pytest.mark.every_agent(slow=False)
def test_a_missing_conversation_is_an_error(
    clinvk: Command, server: MockModel, backend: str
) -> None:
    """Exit 4, an unchanged record, nothing sent: never a new conversation instead."""
    started = clinvk("-b", backend, "-o", "json", "one").json()
    record = clinvk.home.clinvk_home / "sessions" / f"{started['session_id']}.json"
    before = record.read_bytes()
    sent = len(server.requests)
    clinvk.home.forget(backend)
    ran = clinvk("-c", "two")
    assert ran.exit_code == 4
    assert "no longer has the conversation" in ran.stderr
    assert "hint: " in ran.stderr
    assert record.read_bytes() == before
    assert len(server.requests) == sent


def test_a_conversation_that_only_the_agent_knows_to_be_gone(clinvk: Command, backend: str) -> None:
    """Where its files say nothing (the whole store was wiped), the agent's own word counts."""
    clinvk("-b", backend, "one")
    clinvk.home.wipe(backend)
    result = clinvk("-c", "-o", "json", "two").json()
    assert (result["exit_status"], result["error"]["code"]) == (4, "conversation_gone")
    [session] = clinvk("sessions", "list", "--json").json()
    assert (session["turns"], session["status"]) == (1, "active")


def test_a_session_with_a_missing_directory_is_refused(
    clinvk: Command, server: MockModel, tmp_path: Path, backend: str
) -> None:
    """Exit 4 with the hint to use `-w`."""
    project = tmp_path / "moving"
    project.mkdir()
    clinvk("-b", backend, "one", cwd=project)
    project.rename(tmp_path / "moved")
    sent = len(server.requests)
    ran = clinvk("resume", "--last", "two")
    assert ran.exit_code == 4
    assert "does not exist" in ran.stderr
    assert "-w DIR" in ran.stderr
    assert len(server.requests) == sent


def test_a_directory_that_became_a_file_is_an_error(
    clinvk: Command, server: MockModel, tmp_path: Path, backend: str
) -> None:
    """Exit 4 `session_directory_missing`, also with `-c` from elsewhere; `-w` names another one."""
    project = tmp_path / "moving"
    project.mkdir()
    clinvk("-b", backend, "one", cwd=project)
    project.rmdir()
    project.write_text("a file")
    sent = len(server.requests)
    for words in (["resume", "--last"], ["-c"]):
        ran = clinvk(*words, "-o", "json", "two")
        error = ran.json()["error"]
        assert (ran.exit_code, error["code"]) == (4, "session_directory_missing")
        assert "is not a directory" in error["message"]
        assert "-w DIR" in error["hint"]
    assert len(server.requests) == sent


def test_another_backend_than_the_sessions_own_is_refused(clinvk: Command) -> None:
    """A conversation of one agent is never sent to another."""
    clinvk("-s", "mine", "-b", "demo", "one")
    ran = clinvk("-s", "mine", "-b", "claude", "two")
    assert ran.exit_code == 2
    assert "belongs to backend `demo`" in ran.stderr


def test_a_plain_prompt_continues_only_where_configured(clinvk: Command, tmp_path: Path) -> None:
    """`session.auto_resume` goes on with this directory's session of this backend, no other."""
    first = clinvk("-b", "demo", "-o", "json", "one").json()
    plain = clinvk("-b", "demo", "-o", "json", "two").json()
    assert plain["session_id"] != first["session_id"]
    config = clinvk.home.clinvk_home / "config.yaml"
    config.write_text("session:\n  auto_resume: true\n")
    config.chmod(0o600)
    automatic = clinvk("-b", "demo", "-o", "json", "three").json()
    assert automatic["session_id"] == plain["session_id"]
    other = tmp_path / "other"
    other.mkdir()
    elsewhere = clinvk("-b", "demo", "-o", "json", "four", cwd=other).json()
    assert (elsewhere["turn"], elsewhere["resumed"]) == (1, False)


def test_a_system_prompt_cannot_be_changed_where_the_agent_would_ignore_it(
    clinvk: Command, server: MockModel, backend: str
) -> None:
    """Another text later is refused, exit 5, rather than dropped; the same one is fine."""
    takes_prompt = Capability.SYSTEM_PROMPT not in backends.get(backend).lacks
    first = ["--system-prompt", "speak in verse"] if takes_prompt else []
    clinvk("-b", backend, *first, "one")
    sent = len(server.requests)
    ran = clinvk("-c", "--system-prompt", "speak in prose", "two")
    if reason := backends.get(backend).lacks.get(Capability.NEW_SYSTEM_PROMPT):
        assert ran.exit_code == 5
        assert reason in ran.stderr
        assert len(server.requests) == sent
    else:
        assert "speak in prose" in json.dumps(server.requests[-1].body)
    assert clinvk("-c", *first, "two").exit_code == 0


def test_another_directory_is_for_one_turn(clinvk: Command, tmp_path: Path) -> None:
    """`-w` where the session has its own directory: this turn runs there, the next does not."""
    other = tmp_path / "other"
    other.mkdir()
    first = clinvk("-s", "mine", "-b", "codex", "-o", "json", "one").json()
    second = clinvk("-s", "mine", "-w", other, "-o", "json", "two").json()
    assert (second["exit_status"], second["cwd"]) == (0, str(other.resolve()))
    third = clinvk("-s", "mine", "-o", "json", "three").json()
    assert third["cwd"] == first["cwd"]
    assert _remembers(2) in third["text"]


def test_a_turn_that_the_agent_cannot_have_elsewhere_changes_nothing(
    clinvk: Command, tmp_path: Path
) -> None:
    """Claude finds no conversation of another folder: exit 4, the record to the byte as it was."""
    other = tmp_path / "other"
    other.mkdir()
    first = clinvk("-s", "mine", "-b", "claude", "-o", "json", "one").json()
    record = clinvk.home.clinvk_home / "sessions" / f"{first['session_id']}.json"
    before = record.read_bytes()
    assert clinvk("-s", "mine", "-w", other, "two").exit_code == 4
    assert record.read_bytes() == before
    assert _remembers(1) in clinvk("-s", "mine", "three").stdout


def test_a_turn_that_would_hang_elsewhere_is_refused(
    clinvk: Command, server: MockModel, tmp_path: Path
) -> None:
    """Opencode would answer in the old directory, say nothing and never end: exit 5 at once."""
    other = tmp_path / "other"
    other.mkdir()
    first = clinvk("-s", "mine", "-b", "opencode", "-o", "json", "one").json()
    record = clinvk.home.clinvk_home / "sessions" / f"{first['session_id']}.json"
    before, sent = record.read_bytes(), len(server.requests)
    ran = clinvk("-s", "mine", "-w", other, "two")
    assert ran.exit_code == 5
    assert "in another directory" in ran.stderr
    assert (record.read_bytes(), len(server.requests)) == (before, sent)
    assert _remembers(1) in clinvk("-s", "mine", "three").stdout


def test_a_moved_session_keeps_its_new_directory(clinvk: Command, tmp_path: Path) -> None:
    """After a successful turn in the new directory, it is the session's own."""
    project = tmp_path / "moving"
    project.mkdir()
    clinvk("-s", "mine", "-b", "codex", "one", cwd=project)
    moved = project.rename(tmp_path / "moved")
    assert clinvk("-s", "mine", "-w", moved, "two").exit_code == 0
    third = clinvk("-s", "mine", "-o", "json", "three").json()
    assert (third["exit_status"], third["cwd"]) == (0, str(moved.resolve()))


def test_another_model_is_for_one_turn(clinvk: Command, server: MockModel, backend: str) -> None:
    """`-m` at a later turn does not become the session's model."""
    model = clinvk.home.other_model(backend)
    clinvk("-b", backend, "one")
    own = server.billed[-1].model
    clinvk("-c", "-m", model, "two")
    assert server.billed[-1].model.startswith(model.rpartition("/")[2])
    clinvk("-c", "three")
    assert server.billed[-1].model == own


@pytest.mark.parametrize("claude", ["claude", "claude-next"])
def test_claude_accepts_another_system_prompt_since_2_1_329(
    clinvk: Command, server: MockModel, claude: str
) -> None:
    """Only for that turn; the next one has the session's own again. Before: exit 5."""
    clinvk("-b", "claude", "--system-prompt", "speak in verse", "one")
    sent = len(server.requests)
    ran = clinvk("-c", "--system-prompt", "speak in prose", "two")
    if claude == "claude":
        assert ran.exit_code == 5
        assert "version 2.1.329 or newer" in ran.stderr
        assert len(server.requests) == sent
    else:
        assert ran.exit_code == 0, ran.stderr
        body = json.dumps(server.requests[-1].body)
        assert "speak in prose" in body
        assert "speak in verse" not in body
    assert clinvk("-c", "three").exit_code == 0
    body = json.dumps(server.requests[-1].body)
    assert "speak in verse" in body
    assert "speak in prose" not in body
    assert "one" in body
