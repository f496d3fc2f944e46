"""Record and transcript that differ: the transcript is the truth, and no session is passed by."""

import json
import shutil
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bed.bare import bare_command
from bed.command import Command
from bed.kept import with_conversation


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk` in a home whose agent is the demo."""
    clinvk = bare_command(tmp_path)
    clinvk.home.env["CLINVK_BACKEND"] = "demo"
    return clinvk


def _record(clinvk: Command, session_id: str) -> Path:
    return clinvk.home.clinvk_home / "sessions" / f"{session_id}.json"


def _transcript(clinvk: Command, session_id: str) -> Path:
    return clinvk.home.clinvk_home / "transcripts" / f"{session_id}.jsonl"


def _say(clinvk: Command, *args: str) -> Any:
    ran = clinvk(*args, "-o", "json")
    assert ran.exit_code == 0, ran.stderr
    return ran.json()


def _numbers(clinvk: Command, session_id: str) -> list[int]:
    lines = map(json.loads, _transcript(clinvk, session_id).read_text().splitlines())
    return [line["turn"] for line in lines if line["type"] == "turn_started"]


@pytest.mark.parametrize("index", [True, False], ids=["with an index", "without"])
def test_a_record_from_a_backup_counts_the_turns_of_its_transcript(
    clinvk: Command, tmp_path: Path, *, index: bool
) -> None:
    """List, show, export and the next turn are right; doctor says it and brings it up."""
    session_id = _say(clinvk, "one")["session_id"]
    _say(clinvk, "-c", "two")
    record = _record(clinvk, session_id)
    shutil.copy2(record, tmp_path / "backup")
    _say(clinvk, "-c", "three")
    total = _say(clinvk, "-c", "four")["usage"]["total_tokens"]
    assert total
    (right,) = clinvk("sessions", "list", "--json").json()
    shown = clinvk("sessions", "show", session_id, "--json").json()
    shutil.copy2(tmp_path / "backup", record)
    if not index:
        shutil.rmtree(clinvk.home.clinvk_home / "cache")
    (listed,) = clinvk("sessions", "list", "--json").json()
    assert (listed, listed["turns"]) == (right, 4)
    (listed,) = clinvk("sessions", "list", "--json", "-n", "1").json()
    assert listed == right
    assert clinvk("sessions", "show", session_id, "--json").json() == shown
    found = clinvk("doctor", "--json").json()["findings"]
    behind = next(one for one in found if one["code"] == "record_behind")
    assert behind["message"].endswith("it counts 2 of 4 turns")
    assert _say(clinvk, "-c", "five")["turn"] == 5
    assert _numbers(clinvk, session_id) == [1, 2, 3, 4, 5]
    assert json.loads(record.read_text())["turns"] == 5


def test_a_session_rebuilt_from_its_transcript_works_in_its_own_directory(
    clinvk: Command, tmp_path: Path
) -> None:
    """`-w` is for one turn, also when the record is lost after it."""
    (tmp_path / "elsewhere").mkdir()
    session_id = _say(clinvk, "one")["session_id"]
    _say(clinvk, "resume", session_id, "two", "-w", str(tmp_path / "elsewhere"))
    _record(clinvk, session_id).unlink()
    shown = clinvk("sessions", "show", session_id, "--json").json()
    assert Path(shown["cwd"]) == clinvk.home.project
    assert Path(_say(clinvk, "-c", "three")["cwd"]) == clinvk.home.project


def test_a_session_that_moved_is_rebuilt_where_it_moved_to(clinvk: Command, tmp_path: Path) -> None:
    """Its own directory was gone, so that `-w` was for good."""
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    session_id = _say(clinvk, "one", "-w", str(tmp_path / "old"))["session_id"]
    (tmp_path / "old").rmdir()
    _say(clinvk, "resume", session_id, "two", "-w", str(tmp_path / "new"))
    _record(clinvk, session_id).unlink()
    shown = clinvk("sessions", "show", session_id, "--json").json()
    assert Path(shown["cwd"]) == tmp_path / "new"


@pytest.mark.parametrize("which", [("-c",), ("resume", "--last"), ("resume", "--last", "--here")])
def test_a_damaged_newest_record_is_refused_and_rebuilt_on_request(
    clinvk: Command, which: tuple[str, ...]
) -> None:
    """Exit 4 with the way out, which is true: then the newest session itself is continued."""
    other = _say(clinvk, "another")["session_id"]
    newest = _say(clinvk, "first")["session_id"]
    record = _record(clinvk, newest)
    record.write_bytes(record.read_bytes()[:100])
    cut = record.read_bytes()
    refused = clinvk(*which, "second")
    assert (refused.exit_code, str(record) in refused.stderr) == (4, True)
    assert "`clinvk doctor --fix`" in refused.stderr
    assert _numbers(clinvk, other) == [1]
    assert clinvk("doctor", "--fix").exit_code == 0
    assert record.with_name(f"{record.name}.damaged").read_bytes() == cut
    ran = clinvk(*which, "second", "-o", "json").json()
    assert (ran["session_id"], ran["turn"], "“first”" in ran["text"]) == (newest, 2, True)


@pytest.mark.parametrize("counters", [[1], "x", 3, True])
def test_counters_that_are_no_object_are_refused_before_the_agent_runs(
    clinvk: Command, tmp_path: Path, counters: Any
) -> None:
    """In a record and in an import: exit 4, no traceback, no turn that is half written."""
    session_id = _say(clinvk, "one")["session_id"]
    exported = clinvk("sessions", "export", "--format", "json", session_id).json()
    record = _record(clinvk, session_id)
    said = json.loads(record.read_text())
    record.write_text(json.dumps(with_conversation(said, counters=counters)))
    ran = clinvk("resume", session_id, "two")
    assert (ran.exit_code, "`counters` is not an object" in ran.stderr) == (4, True)
    assert _numbers(clinvk, session_id) == [1]
    said = exported["sessions"][0]["record"]
    exported["sessions"][0]["record"] = with_conversation(said, counters=counters)
    (tmp_path / "export.json").write_text(json.dumps(exported))
    ran = clinvk("sessions", "import", str(tmp_path / "export.json"))
    assert (ran.exit_code, "counters" in ran.stderr) == (4, True)


def test_an_export_says_what_its_transcripts_lack(clinvk: Command) -> None:
    """Emptied, and with lines that make no sense: the file is written, and the person knows."""
    emptied = _say(clinvk, "one")["session_id"]
    torn = _say(clinvk, "two")["session_id"]
    _transcript(clinvk, emptied).write_text("")
    with _transcript(clinvk, torn).open("a") as file:
        file.write("no JSON\nnor this\n")
    ran = clinvk("sessions", "export", "--format", "json", emptied, torn)
    assert ran.exit_code == 0
    assert f"session {emptied} counts 1 turns, but its transcript has no turn" in ran.stderr
    assert f"session {torn}: 2 lines of its transcript cannot be read" in ran.stderr


@pytest.mark.parametrize(
    ("lost", "said"), [((1, 2), "turns 1-2"), ((2,), "turn 2"), ((1, 3), "turns 1, 3")]
)
def test_lost_turns_are_still_reported_after_the_next_turn(
    clinvk: Command, lost: tuple[int, ...], said: str
) -> None:
    """At the start or in the middle: doctor, export and show name them."""
    session_id = _say(clinvk, "one")["session_id"]
    for prompt in ("two", "three", "four"):
        _say(clinvk, prompt, "-c")
    path = _transcript(clinvk, session_id)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if json.loads(line).get("turn") not in lost))
    assert f"but its transcript lacks {said}\n" in clinvk("sessions", "export", "@last").stderr
    assert f"but its transcript lacks {said}: " in clinvk("doctor").stdout
    assert f"{said} (not in the transcript)\n" in clinvk("sessions", "show", "@last").stdout


@pytest.mark.parametrize("stored", ["NFC", "NFD"])
@pytest.mark.parametrize("asked", ["NFC", "NFD"])
def test_a_tag_is_the_same_in_either_normal_form(clinvk: Command, stored: Any, asked: Any) -> None:
    """Typed on one system or another, and also where a record has it in the other form."""
    first, second = (unicodedata.normalize(form, "größe-é") for form in (stored, asked))
    session_id = _say(clinvk, "one", "-t", first)["session_id"]
    record = _record(clinvk, session_id)
    assert json.loads(record.read_text())["tags"] == [unicodedata.normalize("NFC", first)]
    record.write_text(json.dumps(json.loads(record.read_text()) | {"tags": [first]}))
    (listed,) = clinvk("sessions", "list", "--tag", second, "--json").json()
    assert Counter(listed["tags"]) == {unicodedata.normalize("NFC", first): 1}
    clinvk("sessions", "tag", session_id, second)
    (listed,) = clinvk("sessions", "list", "--tag", second, "--json").json()
    assert len(listed["tags"]) == 1
    assert clinvk("sessions", "untag", session_id, second).exit_code == 0
    assert clinvk("sessions", "list", "--tag", second, "--json").json() == []
