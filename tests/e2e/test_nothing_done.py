"""A session whose agent could not begin: `-c` continues it, and names the work before it.

With the demo agent, which refuses a model that it does not have.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.command import Command
from bed.terminal import Terminal, have_tmux

NEEDS_TMUX = pytest.mark.skipif(not have_tmux, reason="tmux is not installed")


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk` in a home without agents."""
    return bare_command(tmp_path)


@pytest.fixture
def terminal(clinvk: Command) -> Iterator[Terminal]:
    """A terminal in the project's directory."""
    with Terminal(clinvk.home.env, clinvk.home.project) as opened:
        yield opened


def _worked(clinvk: Command, *words: str) -> str:
    told = clinvk("-b", "demo", "-o", "json", *words).json()
    assert told["exit_status"] == 0
    return str(told["session_id"])


def _failed(clinvk: Command, *words: str, cwd: Path | None = None) -> str:
    told = clinvk("-b", "demo", "-m", "nope", "-o", "json", *words, cwd=cwd).json()
    assert told["error"]["code"] == "model_unknown"
    return str(told["session_id"])


@pytest.mark.parametrize("way", [("-c",), ("resume", "--last"), ("resume", "--last", "--here")])
def test_it_is_continued_and_the_work_before_it_is_named(
    clinvk: Command, way: tuple[str, ...]
) -> None:
    """Whoever signs in after it goes on with it; who meant the work before it reads how."""
    good = _worked(clinvk, "good work")
    _failed(clinvk, "explain this")
    last = _failed(clinvk, "explain that")
    told = f"`clinvk resume {good}` continues the last one with an answer"
    assert told in clinvk(*way, "-m", "demo-2", "--dry-run", "go on").stderr
    ran = clinvk(*way, "-m", "demo-2", "-o", "json", "go on").json()
    assert (ran["session_id"], ran["exit_status"]) == (last, 0)
    assert [told in one for one in ran["warnings"]].count(True) == 1
    listed = clinvk("sessions", "list", "--json").json()
    assert len(listed) == 3
    assert told not in "".join(clinvk(*way, "-o", "json", "more").json()["warnings"])


def test_a_place_is_not_left_for_it(clinvk: Command, tmp_path: Path) -> None:
    """`-c` in a directory with nothing else continues it, and names no session of another one."""
    _worked(clinvk, "good work")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    failed = _failed(clinvk, "hi", cwd=elsewhere)
    ran = clinvk("-c", "-m", "demo-2", "-o", "json", "go on", cwd=elsewhere).json()
    assert (ran["session_id"], ran["exit_status"]) == (failed, 0)
    assert "continues the last one" not in "".join(ran["warnings"])


def test_nothing_is_said_of_a_session_with_any_work(clinvk: Command) -> None:
    """A failure after a good turn, one that used tokens, and a turn that was cut off."""
    _worked(clinvk, "good work")
    second = _worked(clinvk, "more work")
    clinvk("resume", second, "-m", "nope", "and this")
    assert clinvk("-c", "-o", "json", "on").json()["session_id"] == second
    third = clinvk("-b", "demo", "-o", "json", "/fail auth").json()
    assert third["usage"]["total_tokens"]
    assert clinvk("-c", "-o", "json", "on").json()["session_id"] == third["session_id"]
    busy = clinvk("-b", "demo", "-o", "json", "/fail rate_limited").json()["session_id"]
    assert clinvk("-c", "-o", "json", "on").json()["session_id"] == busy


def test_without_a_transcript_nothing_is_said(clinvk: Command) -> None:
    """What its agent did is not known then."""
    _worked(clinvk, "good work")
    kept = {"CLINVK_SESSION_STORE_TRANSCRIPT": "false"}
    told = clinvk("-b", "demo", "-m", "nope", "-o", "json", "hi", env=kept).json()
    ran = clinvk("-c", "-m", "demo-2", "-o", "json", "go on").json()
    assert ran["session_id"] == told["session_id"]


def test_it_is_still_the_last_one_that_is_shown(clinvk: Command) -> None:
    """`@last` is the last session, whatever became of it."""
    _worked(clinvk, "good work")
    failed = _failed(clinvk, "hi")
    assert clinvk("sessions", "show", "@last", "--json").json()["id"] == failed


def test_its_name_can_be_had_for_another_agent(clinvk: Command) -> None:
    """The refusal says how: it is deleted, as nothing is lost with it."""
    _failed(clinvk, "-s", "pr-842", "review it")
    refused = clinvk("-b", "claude", "-s", "pr-842", "review it")
    assert refused.exit_code == 2
    assert "session `pr-842` belongs to backend `demo`" in refused.stderr
    assert "`clinvk sessions delete pr-842` frees the name" in refused.stderr
    assert clinvk("sessions", "delete", "-y", "pr-842").exit_code == 0
    clinvk("-b", "demo", "-s", "pr-842", "review it")
    refused = clinvk("-b", "claude", "-s", "pr-842", "review it")
    assert "`clinvk sessions name pr-842 --clear` frees the name" in refused.stderr


@NEEDS_TMUX
def test_the_pointer_of_the_list_begins_at_work(clinvk: Command, terminal: Terminal) -> None:
    """The others are above it, one key away."""
    good = _worked(clinvk, "good work")
    _failed(clinvk, "explain this")
    _failed(clinvk, "explain that")
    terminal.run(clinvk.program, "resume", "-i", "go on")
    terminal.wait_for("Which session?")
    terminal.press("Enter")
    terminal.wait_for("This is turn 2")
    assert terminal.exit_code() == 0
    shown = json.loads(clinvk("sessions", "show", good, "--json").stdout)
    assert shown["turns"] == 2


@NEEDS_TMUX
def test_a_new_name_is_said_with_the_nearest(clinvk: Command, terminal: Terminal) -> None:
    """A mistyped name begins a session: that is seen, and so is how to continue it."""
    _worked(clinvk, "-s", "mywork", "first")
    terminal.run(clinvk.program, "-b", "demo", "-s", "mywrok", "second")
    terminal.wait_for("continue: ")
    shown = terminal.screen()
    assert "new session `mywrok`; the nearest name is `mywork`" in shown
    assert 'clinvk -s mywrok "…"' in shown
    terminal.clear()
    terminal.run(clinvk.program, "-b", "demo", "-s", "mywrok", "third")
    terminal.wait_for("continue: ")
    assert "new session" not in terminal.screen()
