"""A project that was moved: its sessions are found and continued in the new directory."""

from pathlib import Path
from typing import Any

import pytest

from bed.bare import bare_command
from bed.command import Command

ONLY_THERE = "finds a conversation only in the directory where it began"


@pytest.fixture
def bare(tmp_path: Path) -> Command:
    """The installed `clinvk` in a home with no agent on its PATH."""
    return bare_command(tmp_path)


def test_a_session_is_continued_in_the_new_directory_or_it_is_said_how(
    clinvk: Command, tmp_path: Path, backend: str
) -> None:
    """What is said of the agent is true: it remembers there, or it does not and a replay does."""
    project = tmp_path / "before"
    project.mkdir()
    session = clinvk("-b", backend, "-o", "json", "one", cwd=project).json()["session_id"]
    moved = project.rename(tmp_path / "after")
    ran = clinvk("sessions", "move", session, moved)
    if ran.exit_code == 5:
        assert "cannot continue a session in another directory" in ran.stderr
        assert clinvk("resume", session, "two").exit_code == 4  # it is not tried
        return
    assert ran.stdout.endswith(f"directory: {moved}\n"), ran
    second = clinvk("resume", session, "-o", "json", "two").json()
    if ONLY_THERE in ran.stderr:
        assert second["error"]["code"] == "conversation_gone", second["error"]
        words = ("--if-missing", "replay", "-o", "json", "two")
        second = clinvk("resume", session, *words).json()
        third = clinvk("resume", session, "-o", "json", "three").json()
        assert "I remember 1 earlier prompts." in third["text"]
    else:
        assert "I remember 1 earlier prompts." in second["text"]
    assert (second["exit_status"], second["turn"], second["cwd"]) == (0, 2, str(moved))
    assert [one["id"] for one in clinvk("sessions", "list", "--here", "--json", cwd=moved).json()]


def test_doctor_names_the_sessions_and_the_move_is_done_for_all(
    bare: Command, tmp_path: Path
) -> None:
    """Its remedy works as it is, with the directory; `-c` and `--here` then find them there."""
    project = tmp_path / "before"
    project.mkdir()
    for words in (["-s", "mine"], []):
        assert bare("-b", "demo", *words, "one", cwd=project).exit_code == 0
    moved = project.rename(tmp_path / "after")
    [found] = [one for one in _findings(bare) if one["code"] == "directory_gone"]
    assert (found["where"], len(found["sessions"])) == (str(project), 2)
    assert found["command"].endswith(" DIR")
    words = found["command"].removesuffix("DIR").split()[1:]
    ran = bare(*words, "after", cwd=tmp_path)
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert len(ran.stdout.splitlines()) == 3
    assert ran.stdout.endswith(f"\ndirectory: {moved}\n")
    assert not [one for one in _findings(bare) if one["code"] == "directory_gone"]
    assert len(bare("sessions", "list", "--here", "--json", cwd=moved).json()) == 2
    assert bare("-c", "-o", "json", "two", cwd=moved).json()["cwd"] == str(moved)
    again = bare(*words, moved, "--json")
    assert [one["outcome"] for one in again.json()] == ["unchanged", "unchanged"]
    # A record that is lost is rebuilt with the new directory.
    for record in (bare.home.clinvk_home / "sessions").glob("*.json"):
        record.unlink()
    assert {one["cwd"] for one in bare("sessions", "list", "--json").json()} == {str(moved)}


@pytest.mark.parametrize(
    ("words", "exit_code", "sentence"),
    [
        (["move"], 2, "missing argument"),
        (["move", "mine"], 2, "give the sessions and their directory"),
        (["move", "mine", "nowhere"], 2, "does not exist"),
        (["move", "mine", "file"], 2, "is not a directory"),
        (["move", "mine", ""], 2, "is empty"),
        (["move", "nope", "."], 4, "there is no session `nope`"),
    ],
)
def test_a_wrong_move_changes_nothing(
    bare: Command, words: list[str], exit_code: int, sentence: str
) -> None:
    """One sentence with a hint."""
    assert bare("-b", "demo", "-s", "mine", "one").exit_code == 0
    (Path(bare.home.project) / "file").touch()
    [record] = (bare.home.clinvk_home / "sessions").glob("*.json")
    before = record.read_bytes()
    ran = bare("sessions", *words)
    assert (ran.exit_code, sentence in ran.stderr, "\nhint: " in ran.stderr) == (
        exit_code,
        True,
        True,
    ), ran
    assert record.read_bytes() == before


def _findings(bare: Command) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = bare("doctor", "--json").json()["findings"]
    return found
