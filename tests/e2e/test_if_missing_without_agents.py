"""`--if-missing` where no real agent is needed: the demo agent forgets as well as any."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from bed.bare import bare_command
from bed.command import Command


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk`, with no agent but the demo."""
    return bare_command(tmp_path)


def _forget(clinvk: Command) -> None:
    shutil.rmtree(clinvk.home.clinvk_home / "demo")


def _lines(clinvk: Command) -> list[str]:
    [transcript] = clinvk.home.clinvk_home.glob("transcripts/*.jsonl")
    return transcript.read_text().splitlines()


def test_it_is_for_going_on_with_a_session(clinvk: Command) -> None:
    """With a prompt that begins one it is refused, exit 2."""
    ran = clinvk("-b", "demo", "--if-missing", "new", "one")
    assert ran.exit_code == 2
    assert "needs a session to continue" in ran.stderr
    assert clinvk("-s", "mine", "-b", "demo", "--if-missing", "new", "one").exit_code == 0


def test_the_transcript_tells_both_attempts_as_one_turn(clinvk: Command) -> None:
    """Only the agent knew: the first attempt is voided, the turn keeps its number and prompt."""
    clinvk("-s", "mine", "-b", "demo", "one")
    _forget(clinvk)
    ran = clinvk("-s", "mine", "--if-missing", "replay", "-o", "stream-json", "two")
    events = ran.json_lines()
    assert [event["type"] for event in events].count("error") == 0
    [init] = [event for event in events if event["type"] == "init"]
    assert (init["turn"], init["resumed"]) == (2, False)
    assert events[-1]["turn"] == 2
    assert len([line for line in _lines(clinvk) if '"turn_voided"' in line]) == 1
    shown: dict[str, Any] = clinvk("sessions", "show", "mine", "--json").json()
    assert [(turn["turn"], turn["prompt"], turn["afresh"]) for turn in shown["turn_list"]] == [
        (1, "one", None),
        (2, "two", "replay"),
    ]


def test_a_turn_that_was_not_recorded_cannot_be_replayed(clinvk: Command) -> None:
    """With `store_transcript: false` replay fails with exit 4, and the hint says what to do."""
    quiet = {"CLINVK_SESSION_STORE_TRANSCRIPT": "false"}
    clinvk("-s", "mine", "-b", "demo", "one", env=quiet)
    before = clinvk("sessions", "show", "mine", "--json").json()["turns"]
    _forget(clinvk)
    ran = clinvk("-s", "mine", "--if-missing", "replay", "two", env=quiet)
    assert ran.exit_code == 4
    assert "--if-missing new" in ran.stderr
    assert clinvk("sessions", "show", "mine", "--json").json()["turns"] == before
    assert clinvk("-s", "mine", "--if-missing", "new", "two", env=quiet).exit_code == 0


def test_a_dry_run_shows_the_new_conversation(clinvk: Command) -> None:
    """The command that would run, and that it would be another conversation."""
    clinvk("-s", "mine", "-b", "demo", "one")
    for kept in (clinvk.home.clinvk_home / "demo").iterdir():
        kept.unlink()
    ran = clinvk("-s", "mine", "--if-missing", "new", "--dry-run", "two")
    assert "--session=" in ran.stdout
    assert "a new one starts here, empty" in ran.stderr
