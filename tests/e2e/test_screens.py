"""Handing the terminal over to an agent's own screen, and what is in the record afterwards.

With the demo agent, in a real terminal; the real agents' screens are in `test_agents_screens.py`.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bed.bare import bare_command
from bed.command import Command
from bed.published import check_home
from bed.terminal import Terminal, have_tmux

pytestmark = pytest.mark.skipif(not have_tmux, reason="tmux is not installed")

READY = "demo>"


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk` in a home without agents."""
    return bare_command(tmp_path)


@pytest.fixture
def terminal(clinvk: Command) -> Iterator[Terminal]:
    """A terminal in the project's directory."""
    with Terminal(clinvk.home.env, clinvk.home.project) as opened:
        yield opened


def say(terminal: Terminal, text: str, answer: str) -> None:
    """Type a line into the agent's screen and wait for its answer."""
    terminal.write(text)
    terminal.press("Enter")
    terminal.wait_for(answer)


def turns(clinvk: Command, session: str) -> list[dict[str, Any]]:
    """The turns of the session as `sessions show` tells them."""
    shown: dict[str, Any] = clinvk("sessions", "show", session, "--json").json()
    told: list[dict[str, Any]] = shown["turn_list"]
    return told


def test_turns_in_the_agents_screen_are_recorded(clinvk: Command, terminal: Terminal) -> None:
    """Prompt, answer and usage of each turn in order; the next headless turn knows them."""
    started = clinvk("-b", "demo", "-o", "json", "first").json()["session_id"]
    terminal.run(clinvk.program, "resume", started)
    terminal.wait_for(READY)
    say(terminal, "second", "This is turn 2")
    say(terminal, "third", "This is turn 3")
    terminal.write("exit")
    terminal.press("Enter")
    terminal.wait_for("2 turns recorded")
    assert terminal.exit_code() == 0
    told = turns(clinvk, started)
    assert [turn["prompt"] for turn in told] == ["first", "second", "third"]
    assert "“second”" in told[1]["text"]
    assert all(turn["usage"]["total_tokens"] for turn in told)
    on = clinvk("-c", "-o", "json", "fourth").json()
    assert (on["session_id"], on["turn"]) == (started, 4)
    assert "“third”" in on["text"]
    check_home(clinvk.home.clinvk_home)


def test_it_opens_in_the_sessions_directory_with_its_own_settings(
    clinvk: Command, terminal: Terminal, tmp_path: Path
) -> None:
    """From anywhere; model and access are the session's, so a read-only one writes nothing."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    clinvk(
        *("-s", "mine", "-b", "demo", "-m", "demo-2", "--access", "read-only", "first"),
        cwd=elsewhere,
    )
    terminal.run(clinvk.program, "resume", "mine")
    terminal.wait_for(READY)
    say(terminal, "/write made.txt hello", "I may not write")
    terminal.press("C-d")
    terminal.wait_for("1 turn recorded")
    assert not list(tmp_path.rglob("made.txt"))
    terminal.run(clinvk.program, "resume", "mine", "--access", "edit")
    terminal.wait_for("access is wider")
    terminal.wait_for(READY)
    say(terminal, "/write made.txt hello", "I wrote made.txt")
    terminal.press("C-d")
    terminal.wait_for("recorded")
    assert (elsewhere / "made.txt").read_text() == "hello\n"
    told = turns(clinvk, "mine")
    assert {turn["model"] for turn in told} == {"demo-2"}
    assert [len(turn["warnings"]) for turn in told] == [0, 0, 1]
    assert "access is wider for this turn" in told[2]["warnings"][0]


def test_an_empty_conversation_begun_in_the_agents_screen_is_marked(
    clinvk: Command, terminal: Terminal
) -> None:
    """In place of one that is gone, of whose whole store is gone too; only its first turn is."""
    clinvk("-s", "mine", "-b", "demo", "first")
    shutil.rmtree(clinvk.home.clinvk_home / "demo")
    terminal.run(clinvk.program, "resume", "mine", "--if-missing", "new")
    terminal.wait_for("a new one starts here")
    terminal.wait_for(READY)
    say(terminal, "second", "This is turn 1")
    say(terminal, "third", "This is turn 2")
    terminal.press("C-d")
    terminal.wait_for("2 turns recorded")
    told = turns(clinvk, "mine")
    assert [turn["afresh"] for turn in told] == [None, "new", None]
    assert "no longer has the conversation" in told[1]["warnings"][0]
    assert "“third”" in clinvk("-s", "mine", "fourth").stdout
    check_home(clinvk.home.clinvk_home)


def test_the_session_is_held_and_shown_as_running(clinvk: Command, terminal: Terminal) -> None:
    """Nobody else goes on with it meanwhile; renaming it is still possible."""
    clinvk("-s", "mine", "-b", "demo", "first")
    terminal.run(clinvk.program, "resume", "mine")
    terminal.wait_for(READY)
    [session] = clinvk("sessions", "list", "--json").json()
    assert session["status"] == "running"
    assert clinvk("resume", "mine", "x").exit_code == 75
    assert clinvk("sessions", "rename", "mine", "a person's title").exit_code == 0
    say(terminal, "/title the agent's title", "This is turn 2")
    terminal.press("C-d")
    terminal.wait_for("1 turn recorded")
    [session] = clinvk("sessions", "list", "--json").json()
    assert (session["status"], session["title"]) == ("active", "a person's title")


def test_a_screen_without_a_prompt_changes_nothing(clinvk: Command, terminal: Terminal) -> None:
    """It is no turn, and a new chat is no session."""
    clinvk("-s", "mine", "-b", "demo", "first")
    record = next((clinvk.home.clinvk_home / "sessions").glob("*.json"))
    before = record.read_bytes()
    terminal.run(clinvk.program, "resume", "mine")
    terminal.wait_for(READY)
    terminal.press("C-d")
    terminal.wait_for("0 turns recorded")
    assert record.read_bytes() == before
    terminal.clear()
    terminal.run(clinvk.program, "chat", "-b", "demo")
    terminal.wait_for(READY)
    terminal.press("C-d")
    terminal.wait_for("there was no conversation")
    terminal.exit_code()
    assert len(clinvk("sessions", "list", "--json").json()) == 1
    left = {one["code"] for one in clinvk("doctor", "--json").json()["findings"]}
    assert "lock_without_session" not in left
    assert clinvk("-c", "second").exit_code == 0
    check_home(clinvk.home.clinvk_home)


def test_chat_begins_a_session(clinvk: Command, terminal: Terminal) -> None:
    """With name, tag and model; its title is that of its first prompt."""
    terminal.run(clinvk.program, "chat", "-b", "demo", "-s", "mine", "-t", "tried", "-m", "demo-2")
    terminal.wait_for(READY)
    say(terminal, "fix the parser", "This is turn 1")
    terminal.press("C-d")
    terminal.wait_for("1 turn recorded")
    [session] = clinvk("sessions", "list", "--json").json()
    assert (session["name"], session["title"], session["tags"], session["model"]) == (
        *("mine", "fix the parser", ["tried"]),
        "demo-2",
    )
    terminal.run(clinvk.program, "chat", "-s", "mine")
    say(terminal, "go on", "This is turn 2")
    terminal.press("C-d")
    terminal.wait_for("1 turn recorded · clinvk resume")
    assert [turn["prompt"] for turn in turns(clinvk, "mine")] == ["fix the parser", "go on"]


def test_the_agents_own_title_is_used_unless_the_user_set_one(clinvk: Command) -> None:
    """After a headless turn too; `--title` and `rename` win, and the result shows it."""
    told = clinvk("-b", "demo", "-o", "json", "first\n/title What the agent calls it").json()
    assert told["title"] == "What the agent calls it"
    assert clinvk("-b", "demo", "-o", "json", "first\n/title \x1b[2J \n").json()["title"] == "first"
    named = clinvk("-b", "demo", "--title", "mine", "-o", "json", "/title The agent's").json()
    assert named["title"] == "mine"
    check_home(clinvk.home.clinvk_home)


def test_ctrl_c_is_the_agents(clinvk: Command, terminal: Terminal) -> None:
    """It breaks an answer off in the agent's screen and ends neither the agent nor clinvk."""
    terminal.run(clinvk.program, "chat", "-b", "demo", "-s", "mine")
    terminal.wait_for(READY)
    terminal.write("/silent 30")
    terminal.press("Enter")
    time.sleep(0.3)
    terminal.press("C-c")
    terminal.wait_for("(interrupted)")
    say(terminal, "still there", "This is turn 2")
    terminal.press("C-d")
    terminal.wait_for("2 turns recorded")
    first, second = turns(clinvk, "mine")
    assert (first["prompt"], first["stop_reason"]) == ("/silent 30", "interrupted")
    assert first["usage"]["total_tokens"] is None
    assert first["ended_at"] <= second["started_at"]


def test_ctrl_z_stops_both_and_fg_continues(clinvk: Command, terminal: Terminal) -> None:
    """The shell has its terminal in between."""
    terminal.run(clinvk.program, "chat", "-b", "demo", "-s", "mine")
    terminal.wait_for(READY)
    terminal.press("C-z")
    terminal.wait_for("topped")
    terminal.run("echo", "the shell", "is here")
    terminal.wait_for("\nthe shell is here")
    terminal.run("fg")
    say(terminal, "on we go", "This is turn 1")
    terminal.press("C-d")
    terminal.wait_for("1 turn recorded")


def test_an_agent_that_dies_leaves_the_terminal_in_order(
    clinvk: Command, terminal: Terminal
) -> None:
    """Killed in the middle of a turn: the turn is kept as broken off, the shell echoes, exit 1."""
    terminal.run(clinvk.program, "chat", "-b", "demo", "-s", "mine")
    terminal.wait_for(READY)
    terminal.write("/silent 30")
    terminal.press("Enter")
    time.sleep(0.3)
    found = subprocess.run(
        ["pgrep", "-f", f"agents.demo.program --interactive.*{_conversation(clinvk)}"],
        capture_output=True,
        text=True,
        check=True,
    )
    os.kill(int(found.stdout), signal.SIGKILL)
    terminal.wait_for("1 turn recorded")
    assert terminal.exit_code() == 1
    assert (terminal.state("cursor_flag"), terminal.state("alternate_on")) == ("1", "0")
    assert turns(clinvk, "mine")[0]["stop_reason"] == "interrupted"


def test_a_terminal_that_is_closed_loses_no_turn(clinvk: Command, terminal: Terminal) -> None:
    """SIGHUP ends the agent, and what was said until then is recorded."""
    terminal.run(clinvk.program, "chat", "-b", "demo", "-s", "mine")
    terminal.wait_for(READY)
    say(terminal, "before the end", "This is turn 1")
    terminal.close()
    until = time.monotonic() + 10
    while clinvk("sessions", "list", "--json").json()[0]["status"] == "running":
        assert time.monotonic() < until
        time.sleep(0.1)
    assert [turn["prompt"] for turn in turns(clinvk, "mine")] == ["before the end"]


def test_clinvk_killed_meanwhile_leaves_an_interrupted_session(
    clinvk: Command, terminal: Terminal
) -> None:
    """It is in the list, and `-c` goes on with the same conversation."""
    terminal.run(clinvk.program, "chat", "-b", "demo", "-s", "mine")
    terminal.wait_for(READY)
    say(terminal, "before the end", "This is turn 1")
    found = subprocess.run(
        ["pgrep", "-f", f"{clinvk.program} chat -b demo"],
        capture_output=True,
        text=True,
        check=True,
    )
    mine = [pid for pid in found.stdout.split() if _home_of(int(pid)) == str(clinvk.home.home)]
    os.kill(int(mine[0]), signal.SIGKILL)
    terminal.close()
    [session] = clinvk("sessions", "list", "--json").json()
    assert session["status"] == "interrupted"
    on = clinvk("-c", "-o", "json", "and now").json()
    assert on["session_id"] == session["id"]
    assert "“before the end”" in on["text"]
    check_home(clinvk.home.clinvk_home)


def test_without_a_terminal_there_is_no_screen(clinvk: Command) -> None:
    """Exit 2, and nothing is started or kept."""
    ran = clinvk("chat", "-b", "demo")
    assert (ran.exit_code, "needs a terminal" in ran.stderr) == (2, True)
    assert clinvk("sessions", "list", "--json").json() == []


def test_an_option_that_needs_a_prompt_is_refused(clinvk: Command, terminal: Terminal) -> None:
    """`--timeout` and similar options have no effect in a screen: exit 2, never ignored."""
    clinvk("-s", "mine", "-b", "demo", "first")
    for option in (["--timeout", "5s"], ["--max-turns", "2"], ["-o", "json"]):
        terminal.clear()
        terminal.run(clinvk.program, "resume", "mine", *option)
        terminal.wait_for("needs a prompt")
        assert terminal.exit_code() == 2


def test_dry_run_prints_the_command(clinvk: Command, terminal: Terminal) -> None:
    """Nothing is started, locked or kept."""
    ran = clinvk("chat", "-b", "demo", "-m", "demo-2", "--dry-run")
    assert (ran.exit_code, ran.stderr) == (0, "stdin: the terminal\n")
    assert "--interactive" in ran.stdout
    assert "--model=demo-2" in ran.stdout
    assert not clinvk.home.clinvk_home.exists()
    clinvk("-s", "mine", "-b", "demo", "first")
    terminal.run(clinvk.program, "resume", "mine", "--dry-run")
    terminal.wait_for("stdin: the terminal")
    assert "--resume=" in terminal.screen().replace("\n", "")


def test_a_picked_session_opens_its_screen(clinvk: Command, terminal: Terminal) -> None:
    """`clinvk resume`, Enter: the conversation is there."""
    clinvk("-b", "demo", "first")
    terminal.run(clinvk.program, "resume")
    terminal.wait_for("Which session?")
    terminal.press("Enter")
    terminal.wait_for("demo> first")
    terminal.press("C-d")
    terminal.wait_for("0 turns recorded")


def test_to_continue_without_a_prompt_opens_the_screen(clinvk: Command, terminal: Terminal) -> None:
    """`clinvk -c` and `-s NAME` do what `resume` does, so what other tools' users type works."""
    clinvk("-s", "mine", "-b", "demo", "first")
    for number, words in enumerate((["-c"], ["-s", "mine"], ["-q", "--continue"]), start=2):
        terminal.clear()
        terminal.run(clinvk.program, *words)
        terminal.wait_for(READY)
        say(terminal, f"turn {number} please", f"This is turn {number}")
        terminal.press("C-d")
        terminal.wait_for("1 turn recorded")
    assert len(turns(clinvk, "mine")) == 4
    terminal.clear()
    terminal.run(clinvk.program, "-c", "--json")
    terminal.wait_for("needs a prompt")
    assert terminal.exit_code() == 2
    refused = clinvk("-c", stdin="")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert 'give one: `clinvk -c "…"`' in refused.stderr


def test_an_unreadable_conversation_is_recorded_as_one_turn(
    clinvk: Command, terminal: Terminal
) -> None:
    """The agent's file is too large to read; the time of the screen is recorded anyway."""
    clinvk("-s", "mine", "-b", "demo", "first")
    [kept] = (clinvk.home.clinvk_home / "demo").glob("*.json")
    terminal.run(clinvk.program, "resume", "mine")
    terminal.wait_for(READY)
    say(terminal, "second", "This is turn 2")
    whole = kept.read_bytes()
    os.truncate(kept, 1 << 30)
    terminal.press("C-d")
    terminal.wait_for("could not be read, so it is recorded as one turn")
    kept.write_bytes(whole)
    first, second = turns(clinvk, "mine")
    assert (first["prompt"], second["prompt"], second["text"]) == ("first", "", "")
    assert second["started_at"] < second["ended_at"]
    assert second["duration_s"] > 0
    assert second["usage"]["total_tokens"] is None
    shown = clinvk("sessions", "show", "mine").stdout
    assert "(1 of 2 turns reported)" in shown
    assert "“second”" in clinvk("-s", "mine", "third").stdout
    check_home(clinvk.home.clinvk_home)


def test_a_private_record_stays_private(clinvk: Command, terminal: Terminal) -> None:
    """`session.store_transcript: false` keeps no word of a screen; the agent keeps its own."""
    config = clinvk.home.clinvk_home / "config.yaml"
    config.parent.mkdir(mode=0o700)
    config.write_text("session:\n  store_transcript: false\n")
    config.chmod(0o600)
    terminal.run(clinvk.program, "chat", "-b", "demo", "-s", "mine")
    terminal.wait_for(READY)
    say(terminal, "my secret plan", "This is turn 1")
    terminal.press("C-d")
    terminal.wait_for("1 turn recorded")
    home = clinvk.home.clinvk_home
    told = [path for path in home.rglob("*.*") if b"secret" in path.read_bytes()]
    assert {path.parent for path in told} == {home / "demo"}


def test_ctrl_c_ends_a_run_and_leaves_nothing(clinvk: Command, terminal: Terminal) -> None:
    """A run that waits: the spinner goes, exit 130, the cursor is there, the turn is recorded."""
    terminal.clear()
    terminal.run(clinvk.program, "-b", "demo", "/sleep 20")
    terminal.wait_for("thinking ·")
    terminal.press("C-c")
    assert terminal.exit_code() == 130
    assert "thinking" not in terminal.screen()
    assert terminal.state("cursor_flag") == "1"
    [session] = clinvk("sessions", "list", "--json").json()
    assert session["turns"] == 1


def _conversation(clinvk: Command) -> str:
    return str(clinvk("sessions", "show", "mine", "--json").json()["backend_session_id"])


def _home_of(pid: int) -> str | None:
    environ = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return next((one.removeprefix("HOME=") for one in environ if one.startswith("HOME=")), None)
