"""The real agents' own screens, opened by clinvk in a real terminal, against the mock model.

They are driven by keys and read from the screen, so each step waits for what a person would see.
"""

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bed.agents import Agents
from bed.command import Command
from bed.homes import AgentHome
from bed.mock_model import MockModel
from bed.published import check_home
from bed.terminal import Terminal, have_tmux
from clinvk.process.orphans import process_identity

pytestmark = [
    pytest.mark.skipif(not have_tmux, reason="tmux is not installed"),
    pytest.mark.timeout(180),
]

ANSWER = {
    "claude": "●",
    "codex": "•",
    "copilot": "It did not work",  # its sign stands before a tip too
    "gemini": "✦",
    "kimi": "●",
    "opencode": "▣",
    "qwen": "◆",
}
_TWICE = {
    "claude": "Press Ctrl-C again",
    "copilot": "again to exit",
    "gemini": "Press Ctrl+C again",
    "kimi": "Press Ctrl+C again",
    "qwen": "Press Ctrl+C again",
}
SCREENS = [
    ("claude", "claude"),
    ("claude", "claude-next"),
    ("codex", "claude"),
    ("copilot", "claude"),
    ("gemini", "claude"),
    ("kimi", "claude"),
    ("opencode", "claude"),
    ("qwen", "claude"),
]
# Its log leaves out what it asks a model about the model to ask.
_WITHOUT_FIGURES = {"gemini"}


@pytest.fixture(autouse=True)
def _answered(home: AgentHome) -> Iterator[None]:
    """What the agents ask a newcomer is answered, and what they leave running is ended."""
    home.answer_first_questions()
    yield
    home.end_daemons()


@pytest.fixture
def terminal(clinvk: Command) -> Iterator[Terminal]:
    """A terminal in the project's directory."""
    with Terminal(clinvk.home.env, clinvk.home.project, columns=120) as opened:
        yield opened


def wait_until_ready(terminal: Terminal, home: AgentHome, backend: str) -> None:
    """Wait until a prompt can be typed, which is long on a busy machine."""
    terminal.wait_for(home.ready(backend), timeout_s=60)


def say(terminal: Terminal, words: str, answer: str) -> None:
    """Type a prompt into the agent's screen and wait for the answer.

    An Enter right behind the words would be taken for a part of something pasted, and one that
    comes while the agent is still starting is lost.
    """
    terminal.settle()
    terminal.write(words)
    terminal.settle()
    for _ in range(10):
        terminal.press("Enter")
        with contextlib.suppress(AssertionError):
            terminal.wait_for(answer, timeout_s=2)
            break
    terminal.wait_for(answer)
    terminal.settle()


def leave(terminal: Terminal, backend: str) -> str:
    """End the agent's screen as a person does, and wait for what clinvk says of it."""
    if backend in _TWICE:
        for _ in range(5):  # one that comes while the agent still works only ends that
            terminal.press("C-c")
            with contextlib.suppress(AssertionError):
                terminal.wait_for(_TWICE[backend], timeout_s=4)
                break
    terminal.press("C-c")
    return terminal.wait_for("recorded ·")


def told(clinvk: Command, session: str = "@last") -> dict[str, Any]:
    """The session as `sessions show` tells it."""
    shown: dict[str, Any] = clinvk("sessions", "show", session, "--json").json()
    return shown


@pytest.mark.every_agent(slow=False)
@pytest.mark.parametrize(("backend", "claude"), SCREENS)
def test_a_session_continues_in_the_agents_screen_and_back(
    clinvk: Command, terminal: Terminal, backend: str
) -> None:
    """The right conversation comes up, and what is said in it is recorded, its usage exact or none.

    The next headless turn remembers it and counts only itself.
    """
    started = clinvk("-b", backend, "--access", "edit", "-o", "json", "the first prompt").json()
    terminal.run(clinvk.program, "resume", started["session_id"])
    terminal.wait_for("the first prompt", timeout_s=60)
    wait_until_ready(terminal, clinvk.home, backend)
    say(terminal, "an interactive one [[usage:in=300,out=30]]", "I remember 1 earlier")
    shown = leave(terminal, backend)
    assert "1 turn recorded" in shown
    first, second = told(clinvk)["turn_list"]
    assert first["prompt"] == "the first prompt"
    assert second["text"].startswith("You said: an interactive one")
    assert second["prompt"] == "an interactive one [[usage:in=300,out=30]]"
    figures = (None, None) if backend in _WITHOUT_FIGURES else (300, 30)
    assert (second["usage"]["input_tokens"], second["usage"]["output_tokens"]) == figures
    assert backend != "opencode" or second["cost_usd"] == 0.0006  # by its setup's prices
    third = clinvk("-c", "-o", "json", "the third prompt").json()
    assert third["session_id"] == started["session_id"]
    assert "I remember 2 earlier prompts" in third["text"]
    assert (third["usage"]["input_tokens"], third["usage"]["output_tokens"]) == (100, 10)
    check_home(clinvk.home.clinvk_home)


@pytest.mark.parametrize(("backend", "claude"), SCREENS)
def test_chat_starts_a_conversation_that_headless_turns_continue(
    clinvk: Command, terminal: Terminal, backend: str
) -> None:
    """Also if the agent chooses the id itself: it is found by directory and time."""
    terminal.run(clinvk.program, "chat", "-b", backend, "-s", "mine")
    wait_until_ready(terminal, clinvk.home, backend)
    say(terminal, "the first prompt", "I remember 0 earlier")
    leave(terminal, backend)
    session = told(clinvk)
    assert [turn["prompt"] for turn in session["turn_list"]] == ["the first prompt"]
    assert session["title"] in {"the first prompt", "A title by the agent"}
    assert session["backend_session_id"]
    on = clinvk("-s", "mine", "-o", "json", "and headless").json()
    assert "I remember 1 earlier prompt" in on["text"]
    assert on["usage"]["input_tokens"] == 100
    check_home(clinvk.home.clinvk_home)


@pytest.mark.parametrize(("backend", "claude"), SCREENS)
def test_a_read_only_session_writes_nothing_in_the_screen_either(
    clinvk: Command, terminal: Terminal, backend: str
) -> None:
    """Access is the session's own there too, and nobody is even asked."""
    if backend == "kimi":  # nothing takes its tools away there
        refused = clinvk("chat", "-b", backend, "--access", "read-only", "--dry-run")
        assert (refused.exit_code, "read-only in its screen" in refused.stderr) == (5, True)
        return
    target = clinvk.home.project / "made.txt"
    terminal.run(clinvk.program, "chat", "-b", backend, "--access", "read-only")
    if backend == "codex":  # it says what an untrusted folder is kept from, and asks (0.171)
        terminal.wait_for("Open restricted", timeout_s=60)
        terminal.settle()
        terminal.press("Enter")
    wait_until_ready(terminal, clinvk.home, backend)
    say(terminal, f"please [[write:{target}|hello]]", ANSWER[backend])
    leave(terminal, backend)
    assert not target.exists()


@pytest.mark.parametrize("claude", ["claude", "claude-next"])
def test_a_title_that_claude_makes_in_its_screen_is_used(home: AgentHome, clinvk: Command) -> None:
    """Both versions make one there, and a later headless turn does not change it."""
    home.chatty = True
    with Terminal(home.env, home.project, columns=120) as opened:
        opened.run(clinvk.program, "chat", "-b", "claude", "-s", "mine")
        wait_until_ready(opened, home, "claude")
        say(opened, "the first prompt", "I remember 0 earlier")
        leave(opened, "claude")
    assert told(clinvk)["title"] == "A title by the agent"
    assert clinvk("-c", "-o", "json", "on").json()["title"] == "A title by the agent"
    check_home(clinvk.home.clinvk_home)


def test_a_title_that_claude_makes_headless_is_used(home: AgentHome, clinvk: Command) -> None:
    """2.1.197 makes one if its extra requests are allowed; the user's title is kept."""
    home.chatty = True
    prompt = "please fix the flaky login test in the session store"  # none for a word or two
    assert clinvk("-b", "claude", "-o", "json", prompt).json()["title"] == "A title by the agent"
    mine = clinvk("-b", "claude", "--title", "mine", "-o", "json", prompt).json()
    assert mine["title"] == "mine"
    check_home(clinvk.home.clinvk_home)


def test_a_title_that_codex_makes_in_its_screen_is_used(
    clinvk: Command, terminal: Terminal
) -> None:
    """It writes one into its index of threads, only from its screen."""
    terminal.run(clinvk.program, "chat", "-b", "codex", "-s", "mine")
    wait_until_ready(terminal, clinvk.home, "codex")
    title = '{"title": "Fix the login test"}'
    say(terminal, f"please [[say:{title}]]", '• {"title"')
    terminal.settle(1.5)
    leave(terminal, "codex")
    assert told(clinvk)["title"] == "Fix the login test"


def test_a_title_that_opencode_makes_headless_is_used(
    tmp_path: Path, server: MockModel, agents: Agents
) -> None:
    """It requests one while the first answer is written; its default title is not used."""
    clinvk = Command(AgentHome(tmp_path / "chatty", server, agents, chatty=True))
    first = clinvk("-b", "opencode", "-o", "json", "[[slow:5:300]] the first prompt").json()
    assert first["title"] == "A title by the agent"
    clinvk("sessions", "rename", "@last", "mine")
    assert clinvk("-c", "-o", "json", "two").json()["title"] == "mine"
    quiet = Command(AgentHome(tmp_path / "quiet", server, agents))
    assert quiet("-b", "opencode", "-o", "json", "the prompt").json()["title"] == "the prompt"


def test_reading_opencodes_database_does_not_change_it(clinvk: Command) -> None:
    """Its log and every other file of its folder are unchanged."""
    started = clinvk("-b", "opencode", "-o", "json", "one").json()
    data = clinvk.home.home / ".local" / "share" / "opencode"
    before = {file.name: (file.stat().st_mtime_ns, file.read_bytes()) for file in data.glob("o*")}
    assert {"opencode.db", "opencode.db-wal"} <= before.keys()
    clinvk("doctor")
    deleted = clinvk("sessions", "delete", "-y", started["session_id"])
    assert "own transcript is kept" in deleted.stdout
    assert "opencode.db" in deleted.stdout
    assert before == {
        file.name: (file.stat().st_mtime_ns, file.read_bytes()) for file in data.glob("o*")
    }


def test_a_conversation_in_use_by_the_agents_server_is_busy(
    clinvk: Command, home: AgentHome
) -> None:
    """The user's own `codex` leaves a server running that keeps the thread: exit 75."""
    started = clinvk("-b", "codex", "-o", "json", "one").json()
    with Terminal(home.env, home.project, columns=120) as opened:
        opened.run("codex", "resume", started["backend_session_id"])
        wait_until_ready(opened, clinvk.home, "codex")
        say(opened, "in its own screen", "I remember 1 earlier")
        ran = clinvk("-c", "-o", "json", "two").json()
    assert (ran["exit_status"], ran["error"]["code"]) == (75, "conversation_busy")
    assert ran["error"]["retryable"]


@pytest.mark.parametrize(("backend", "claude"), SCREENS)
def test_a_screen_works_in_the_sessions_own_directory(
    clinvk: Command, terminal: Terminal, tmp_path: Path, backend: str
) -> None:
    """Opened by a shell in another directory, whose `PWD` names that one."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    started = clinvk("-b", backend, "--access", "full", "-o", "json", "the first prompt").json()
    terminal.run("cd", elsewhere)
    terminal.run(clinvk.program, "resume", started["session_id"])
    if backend == "claude":  # it asks whether such an access is meant
        terminal.wait_for("Yes, I accept", timeout_s=60)
        terminal.settle()
        terminal.press("Down")
        terminal.settle()
        terminal.press("Enter")
    terminal.wait_for("the first prompt", timeout_s=60)
    wait_until_ready(terminal, clinvk.home, backend)
    say(terminal, "[[run:pwd > made.txt]] please", "ran pwd")
    leave(terminal, backend)
    assert not (elsewhere / "made.txt").exists()
    assert (clinvk.home.project / "made.txt").read_text().strip() == str(clinvk.home.project)


@pytest.mark.parametrize(("backend", "claude"), SCREENS)
def test_a_screen_that_outlives_clinvk_is_ended_before_the_next_turn(
    clinvk: Command, terminal: Terminal, backend: str
) -> None:
    """Killed with -9 while the screen is open: it is in the lock, and no second agent joins it."""
    started = clinvk("-b", backend, "--access", "edit", "-o", "json", "the first prompt").json()
    terminal.run(clinvk.program, "resume", started["session_id"])
    terminal.wait_for("the first prompt", timeout_s=60)
    wait_until_ready(terminal, clinvk.home, backend)
    lock = clinvk.home.clinvk_home / "locks" / f"{started['session_id']}.lock"
    holder = json.loads(lock.read_text())
    assert process_identity(holder["child_pid"])
    os.kill(holder["pid"], signal.SIGKILL)
    on = clinvk("-c", "-o", "json", "and headless").json()
    assert (on["session_id"], on["exit_status"]) == (started["session_id"], 0)
    assert "I remember 1 earlier prompt" in on["text"]
    assert not process_identity(holder["child_pid"])
    check_home(clinvk.home.clinvk_home)
