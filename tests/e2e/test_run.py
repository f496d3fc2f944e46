"""A prompt, on the real agents."""

import json
import os
import shlex
import subprocess
import time
from pathlib import Path

import pytest

from bed.command import Command, kill_group
from bed.homes import AgentHome
from bed.mock_model import MockModel
from bed.published import check_home, check_result, check_stream
from bed.setups import SETUPS
from clinvk.agents import registry as backends
from clinvk.agents.base import Capability
from clinvk.model.request import TurnRequest


@pytest.mark.every_agent
def test_a_prompt_is_answered_and_recorded(clinvk: Command, backend: str) -> None:
    """One prompt: the answer is on stdout, the session in the list, and every file as published."""
    ran = clinvk("-b", backend, "hello there")
    assert ran.exit_code == 0, ran.stderr
    assert ran.stdout == "You said: hello there. I remember 0 earlier prompts.\n"
    assert ran.stderr == ""
    [session] = clinvk("sessions", "list", "--json").json()
    assert (session["backend"], session["status"], session["turns"]) == (backend, "active", 1)
    assert session["title"] == "hello there"
    check_home(clinvk.home.clinvk_home)


def test_the_result_is_one_object_of_the_published_form(clinvk: Command, backend: str) -> None:
    """`-o json` is the same object for every backend, with this turn's own figures."""
    result = clinvk("-b", backend, "-o", "json", "hello").json()
    check_result(result)
    assert result["text"] == "You said: hello. I remember 0 earlier prompts."
    assert result["usage"]["input_tokens"] == 100
    assert result["usage"]["output_tokens"] == 10
    assert result["usage"]["total_tokens"] == 110
    assert (result["turn"], result["resumed"], result["exit_status"]) == (1, False, 0)
    assert result["cwd"] == str(clinvk.home.project.resolve())
    assert result["error"] is None


def test_the_events_are_lines_of_the_published_form(clinvk: Command, backend: str) -> None:
    """`-o stream-json` begins with `init` and ends with `result`, on every backend."""
    ran = clinvk("-b", backend, "-o", "stream-json", "[[run:echo hi]] hello")
    events = ran.json_lines()
    check_stream(events)
    kinds = [event["type"] for event in events]
    assert kinds[0] == "init"
    assert {"tool_use", "tool_result", "message"} <= set(kinds)
    said = "".join(event["text"] for event in events if event["type"] == "message")
    assert said.endswith(events[-1]["text"])
    assert events[0]["session_id"] == events[-1]["session_id"]


def test_an_answer_arrives_while_the_agent_is_still_at_it(
    clinvk: Command, server: MockModel
) -> None:
    """Text streams: what has been said is on stdout before the answer is complete."""
    child = clinvk.popen("-b", "claude", "[[gate]] go")
    server.wait_at_gate()
    assert child.stdout is not None
    os.set_blocking(child.stdout.fileno(), False)
    seen = b""
    deadline = time.monotonic() + 10
    while b"so far" not in seen and time.monotonic() < deadline:
        seen += child.stdout.buffer.read() or b""
        time.sleep(0.02)
    still_running = child.poll() is None
    server.release()
    os.set_blocking(child.stdout.fileno(), True)
    rest, _ = child.communicate(timeout=30)
    assert seen.startswith(b"Partial answer so far")
    assert still_running
    assert rest.endswith("prompts.\n")


def test_a_prompt_comes_from_stdin(clinvk: Command, backend: str) -> None:
    """`clinvk -` and a pipe without words are the prompt."""
    for words in (["-"], []):
        ran = clinvk("-b", backend, *words, stdin="from a pipe\n")
        assert ran.stdout.startswith("You said: from a pipe"), ran.stderr


def test_stdin_is_appended_to_the_words(clinvk: Command, server: MockModel, backend: str) -> None:
    """Both reach the model, the piped text in a `<stdin>` block."""
    ran = clinvk("-b", backend, "explain this", stdin="line one\nline two\n")
    assert ran.exit_code == 0
    sent = json.dumps(server.requests[-1].body)
    assert "explain this\\n\\n<stdin>\\nline one\\nline two\\n</stdin>" in sent


@pytest.mark.every_agent(slow=False)
def test_a_prompt_of_200_kb_arrives_whole(clinvk: Command, server: MockModel, backend: str) -> None:
    """No limit of argv cuts or refuses a long prompt."""
    prompt = "start " + "0123456789" * 20_000 + " end"
    ran = clinvk("-b", backend, "-", stdin=prompt)
    assert ran.exit_code == 0, ran.stderr
    assert any(prompt in json.dumps(request.body) for request in server.requests)


@pytest.mark.parametrize("prompt", ["--help me", "-p", "--dangerously-skip-permissions"])
def test_a_prompt_that_looks_like_an_option_is_a_prompt(
    clinvk: Command, backend: str, prompt: str
) -> None:
    """After `--` nothing is an option, neither ours nor the agent's."""
    ran = clinvk("-b", backend, "--", prompt)
    assert ran.stdout == f"You said: {prompt}. I remember 0 earlier prompts.\n", ran.stderr


def test_no_argv_contains_the_prompt(clinvk: Command, server: MockModel, backend: str) -> None:
    """The list of processes shows neither the prompt nor the system prompt."""
    words = ["a-secret-word [[gate]]", "--system-prompt", "be brief"]
    child = clinvk.popen("-b", backend, "-", piped_stdin=True)
    assert child.stdin is not None
    child.stdin.write(words[0])
    child.stdin.close()
    child.stdin = None
    server.wait_at_gate()
    listed = subprocess.run(
        ["ps", "-e", "-o", "args"], capture_output=True, text=True, check=True
    ).stdout
    server.release()
    child.communicate(timeout=30)
    assert "a-secret-word" not in listed


@pytest.mark.every_agent
def test_a_tool_call_writes_the_file(clinvk: Command, backend: str) -> None:
    """With access to edit, the file that the model writes is there and in the result."""
    target = clinvk.home.project / "made.txt"
    ran = clinvk(
        "-b", backend, "--access", "edit", "-o", "json", f"[[write:{target}|by the model]]"
    )
    result = ran.json()
    assert target.read_text().rstrip("\n") == "by the model"  # codex ends the file
    assert result["text"] == f"wrote {target}"


@pytest.mark.every_agent("None")
@pytest.mark.parametrize("access", ["read-only", None])
def test_without_access_the_file_is_not_written(
    clinvk: Command, backend: str, access: str | None
) -> None:
    """Read-only leaves the disk as it is, and so does most agents' own headless default.

    What was not allowed stands in the result, wherever the agent tells of it.
    """
    target = clinvk.home.project / "made.txt"
    level = ["--access", access] if access else []
    ran = clinvk("-b", backend, *level, "-o", "json", f"[[write:{target}|by the model]]")
    written = access is None and clinvk.home.edits_unasked(backend)
    assert target.exists() == written
    assert ran.exit_code == 0, ran.stderr
    told = not written and Capability.DENIALS not in backends.get(backend).lacks
    denied = [one for one in ran.json()["warnings"] if one.startswith("not allowed: ")]
    assert bool(denied) == told


@pytest.mark.every_agent
def test_full_access_runs_commands(clinvk: Command, backend: str) -> None:
    """With full access a shell command runs, and is seen as a tool call."""
    target = clinvk.home.project / "made.txt"
    ran = clinvk(
        *("-b", backend, "--access", "full", "-o", "stream-json"),
        f"[[run:echo by-the-shell > {shlex.quote(str(target))}]]",
        env={"IS_SANDBOX": "1"},
    )
    assert target.read_text() == "by-the-shell\n", ran.stderr
    [use] = [event for event in ran.json_lines() if event["type"] == "tool_use"]
    assert "echo by-the-shell" in use["summary"]


@pytest.mark.every_agent(slow=False)
def test_a_system_prompt_reaches_the_model(
    clinvk: Command, server: MockModel, backend: str
) -> None:
    """`--system-prompt` is appended to the agent's own, or refused with the reason."""
    ran = clinvk("-b", backend, "--system-prompt", "answer in verse, please", "hello")
    if reason := backends.get(backend).lacks.get(Capability.SYSTEM_PROMPT):
        assert ran.exit_code == 5
        assert reason in ran.stderr
        assert not server.requests
        return
    assert ran.exit_code == 0, ran.stderr
    sent = json.dumps(server.requests[-1].body)
    assert "answer in verse, please" in sent
    assert len(sent) > 2000, "the agent's own instructions are gone"


@pytest.mark.every_agent(slow=False)
def test_a_model_is_passed_on(clinvk: Command, server: MockModel, backend: str) -> None:
    """`-m` is the model that is asked."""
    model = clinvk.home.other_model(backend)
    result = clinvk("-b", backend, "-m", model, "-o", "json", "hello").json()
    assert server.billed[-1].model == model.rpartition("/")[2]
    assert result["exit_status"] == 0


@pytest.mark.every_agent
def test_a_dry_run_prints_the_exact_command_and_starts_nothing(
    clinvk: Command, server: MockModel, backend: str
) -> None:
    """What is printed can be run by a shell as it stands; nothing is recorded or sent."""
    ran = clinvk("-b", backend, "--dry-run", "--access", "edit", "hello")
    assert ran.exit_code == 0
    assert not server.requests
    assert not clinvk.home.clinvk_home.exists()
    assert ran.stdout.startswith(f"cd {clinvk.home.project.resolve()} && ")
    agent = backends.get(backend)
    asked = TurnRequest(prompt="hello", cwd=clinvk.home.project)
    by_hand = subprocess.run(
        ran.stdout,
        shell=True,
        input=agent.invocation(asked).stdin.decode() if agent.always_asks else "hello by hand",
        env=clinvk.home.env,
        text=True,
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert by_hand.stdout
    if agent.always_asks:  # it waits for the next message of its protocol
        return
    assert "hello by hand" in json.dumps(server.requests[-1].body)


def test_an_ephemeral_run_leaves_nothing(clinvk: Command, backend: str) -> None:
    """No file of clinvk's, and no conversation at the agent; where it keeps one, that is said."""
    result = clinvk("-b", backend, "--ephemeral", "-o", "json", "hello").json()
    assert result["session_id"] is None
    if reason := backends.get(backend).lacks.get(Capability.EPHEMERAL):
        assert any(reason in warning for warning in result["warnings"])
    else:
        assert result["warnings"] == []
        assert not clinvk.home.kept(backend)
    assert result["text"].startswith("You said: hello")
    assert not clinvk.home.clinvk_home.exists()


def test_the_first_installed_agent_is_the_default(clinvk: Command) -> None:
    """Without `-b` the preferred installed agent runs; demo never does."""
    assert clinvk("-o", "json", "hello").json()["backend"] == "claude"
    clinvk.home.uninstall("claude")
    assert clinvk("-o", "json", "hello").json()["backend"] == "codex"
    for other in SETUPS.keys() - {"claude"}:
        clinvk.home.uninstall(other)
    ran = clinvk("hello")
    assert ran.exit_code == 5
    assert "npm install -g" in ran.stderr
    assert "-b demo" in ran.stderr


def test_the_configuration_and_the_environment_choose_the_agent(clinvk: Command) -> None:
    """Flag over environment over file."""
    config = clinvk.home.clinvk_home / "config.yaml"
    config.parent.mkdir()
    config.write_text("default_backend: codex\n")
    assert clinvk("-o", "json", "hi").json()["backend"] == "codex"
    asked = clinvk("-o", "json", "hi", env={"CLINVK_BACKEND": "demo"}).json()
    assert asked["backend"] == "demo"
    flagged = clinvk("-b", "claude", "-o", "json", "hi", env={"CLINVK_BACKEND": "demo"}).json()
    assert flagged["backend"] == "claude"


def test_an_argument_for_the_agent_is_passed_unchanged(clinvk: Command, server: MockModel) -> None:
    """`--backend-arg` reaches the agent's command line."""
    ran = clinvk("-b", "claude", "--backend-arg=--model=claude-haiku-4-5", "hello")
    assert ran.exit_code == 0, ran.stderr
    assert server.billed[-1].model.startswith("claude-haiku-4-5")


@pytest.mark.every_agent(slow=False)
def test_a_limit_of_turns_ends_with_its_own_code(
    clinvk: Command, server: MockModel, backend: str
) -> None:
    """`--max-turns` exits 9 where the agent has it; where not, 5 with the reason, and no start."""
    ran = clinvk("-b", backend, "--access", "full", "--max-turns", "1", "[[steps:3]] go")
    if reason := backends.get(backend).lacks.get(Capability.MAX_TURNS):
        assert ran.exit_code == 5
        assert reason in ran.stderr
        assert not server.requests
    else:
        assert ran.exit_code == 9
        [session] = clinvk("sessions", "list", "--json").json()
        assert session["status"] == "error"


@pytest.fixture
def _umask() -> object:
    before = os.umask(0)
    yield before
    os.umask(before)


@pytest.mark.usefixtures("_umask")
def test_files_are_private_whatever_the_umask(clinvk: Command) -> None:
    """0600 and 0700, also under umask 000."""
    assert clinvk("-b", "demo", "hello").exit_code == 0
    check_home(clinvk.home.clinvk_home)


def test_the_editor_writes_the_prompt(clinvk: Command, home: AgentHome, tmp_path: Path) -> None:
    """`-e` opens $VISUAL or $EDITOR with the words, and sends what it leaves."""
    editor = tmp_path / "ed.sh"
    editor.write_text('#!/bin/sh\nprintf "%s, edited" "$(cat "$1")" > "$1"\n')
    editor.chmod(0o700)
    ran = clinvk("-b", "demo", "-e", "a draft", env={"EDITOR": str(editor)})
    assert "“a draft, edited”" in ran.stdout, ran.stderr
    assert not list(home.tmp.iterdir())
    failing = clinvk("-b", "demo", "-e", env={"EDITOR": "false"})
    assert failing.exit_code == 2
    assert "nothing was sent" in failing.stderr


def test_a_run_from_a_script_reads_no_terminal(clinvk: Command, backend: str) -> None:
    """With a stdin that never ends and says nothing, the words are not sent before it closes."""
    child = clinvk.popen("-b", backend, "hello", piped_stdin=True)
    try:
        time.sleep(0.5)
        assert child.poll() is None
        out, _ = child.communicate("", timeout=30)
    finally:
        kill_group(child)
    assert out.startswith("You said: hello.")
