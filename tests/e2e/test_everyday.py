"""What the contract prints of sessions, typed and read as by a person."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bed.bare import bare_command
from bed.command import Command
from bed.kept import keep
from clinvk.model.session import Status
from clinvk.model.usage import Usage
from clinvk.text.width import display_width


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk` in a home without agents."""
    return bare_command(tmp_path)


def test_the_everyday_commands_work_as_they_are_printed(clinvk: Command) -> None:
    """Of several agents, some of them not installed: a history needs none of them."""
    for number in range(1, 8):
        keep(clinvk, number, backend="claude", days=40 if number > 5 else 0)
    keep(clinvk, 10, backend="claude", status=Status.ERROR)
    keep(clinvk, 11, backend="codex", cwd="/code/elsewhere")
    listed = clinvk("sessions", "list", "--backend", "claude", "--status", "active", "--limit", "5")
    assert (listed.exit_code, listed.stderr) == (0, "")
    head, *rows = listed.stdout.splitlines()
    assert head.split() == ["ID", "BACKEND", "STATUS", "LAST", "USED", "TOKENS", "TITLE/PROMPT"]
    assert [row.split()[:3] for row in rows] == [
        [f"{number:012x}", "claude", "active"] for number in range(1, 6)
    ]
    for words, offered in (
        (["resume", "--here"], "00000000000a"),
        (["resume", "--backend", "codex"], "00000000000b"),
    ):
        ran = clinvk(*words)
        assert (ran.exit_code, ran.stdout) == (2, "")
        assert offered in ran.stderr
        assert ("00000000000b" in ran.stderr) == (offered == "00000000000b")
    cleaned = clinvk("sessions", "clean", "--older-than", "30d")
    assert (cleaned.exit_code, cleaned.stderr) == (0, "")
    assert cleaned.stdout.startswith("cleaned 2 sessions, freed ")
    assert len(clinvk("sessions", "list", "-q").stdout.split()) == 7


def test_a_week_old_session_is_found_and_continued(clinvk: Command) -> None:
    """Two commands: a search for a word, and a resume with the start of the id that it shows."""
    asked = clinvk("-b", "demo", "-o", "json", "why does the quokka parser loop?").json()
    record = clinvk.home.clinvk_home / "sessions" / f"{asked['session_id']}.json"
    said = json.loads(record.read_text())
    a_week_ago = datetime.now(UTC) - timedelta(days=7)
    said["last_used_at"] = a_week_ago.isoformat()
    record.write_text(json.dumps(said))
    transcript = clinvk.home.clinvk_home / "transcripts" / f"{asked['session_id']}.jsonl"
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    transcript.write_text(transcript.read_text().replace(today, f"{a_week_ago:%Y-%m-%d}"))
    for number in range(20):
        keep(clinvk, number)
    found = clinvk("sessions", "search", "quokka").stdout
    assert "7 days ago" in found
    again = clinvk("resume", found[:6], "and", "now?")
    assert again.exit_code == 0
    assert "quokka parser loop" in again.stdout


def test_a_session_is_shown_in_the_contracts_form(clinvk: Command) -> None:
    """The lines, their order and their form are what other programs' users know."""
    session_id = clinvk("-b", "demo", "-o", "json", "-s", "pr-1", "-t", "x", "hello").json()[
        "session_id"
    ]
    lines = clinvk("sessions", "show", "pr-1").stdout.splitlines()
    labels = ["ID", "Backend", "Model", "Status", "Created", "Last Used", "Working Directory"]
    assert [line.partition(":")[0] for line in lines[:7]] == labels
    assert lines[0] == f"ID:                {session_id}"
    assert lines[3] == "Status:            active"
    assert lines[4].endswith("Z")
    assert lines[5].endswith("Z (just now)")
    assert lines[6] == f"Working Directory: {clinvk.home.project}"
    assert [line.split(":")[0] for line in lines[7:12]] == [
        *("Token Usage", "  Input", "  Output", "  Cached", "  Total"),
    ]
    rest = "\n".join(lines[12:])
    for known in ("pr-1", "hello", "x"):
        assert known in rest
    shown = clinvk("sessions", "show", session_id, "--json").json()
    usage = shown["usage"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    one = clinvk("sessions", "show", "pr-1", "--turn", "1", "--json").json()
    assert one["prompt"] == "hello"
    assert clinvk("sessions", "show", "pr-1", "--answer").stdout.strip() == one["text"].strip()


def test_a_list_is_aligned_in_every_script(clinvk: Command) -> None:
    """Columns are those of the terminal, and numbers have separators."""
    keep(clinvk, 1, title="plain", usage=Usage(input_tokens=1_234_567, output_tokens=1))
    keep(clinvk, 2, title="日本語の題名", backend="demo")
    keep(clinvk, 3, title="👩🏽‍🚀 to the moon", status=Status.COMPLETED)
    shown = clinvk("sessions", "list").stdout
    head, *rows = shown.splitlines()
    at = head.index("TITLE/PROMPT")
    assert [display_width(row[: row.index(title)]) for row, title in zip(
        rows, ("plain", "日本語", "👩🏽"), strict=True
    )] == [at, at, at]  # fmt: skip
    assert "1,234,568" in rows[0]
    assert "—" in rows[1]


def test_a_list_is_sorted_as_asked(clinvk: Command) -> None:
    """The latest, the newest, the largest, or the alphabet."""
    old = datetime(2025, 1, 1, tzinfo=UTC)
    first = keep(clinvk, 1, title="b", created_at=old, usage=Usage(input_tokens=5, output_tokens=5))
    second = keep(clinvk, 2, title="C", usage=Usage(input_tokens=9, output_tokens=9))
    third = keep(clinvk, 3, title="a")

    def listed(order: str) -> list[str]:
        return clinvk("sessions", "list", "-q", "--sort", order).stdout.split()

    assert listed("last") == [first, second, third]
    assert listed("created") == [second, third, first]
    assert listed("tokens") == [second, first, third]
    assert listed("title") == [third, first, second]
    array = clinvk("sessions", "list", "--json", "--sort", "title", "-n", "2").json()
    assert [one["id"] for one in array] == [third, first]


def test_with_last_every_word_is_prompt(clinvk: Command) -> None:
    """Also one that is the id of another session."""
    other = clinvk("-b", "demo", "-o", "json", "one").json()["session_id"]
    meant = clinvk("-b", "demo", "-o", "json", "two").json()["session_id"]
    ran = clinvk("resume", "--last", "-o", "json", other, "more", "words").json()
    assert ran["session_id"] == meant
    shown = clinvk("sessions", "show", meant, "--turn", "2", "--json").json()
    assert shown["prompt"] == f"{other} more words"


@pytest.mark.parametrize(
    ("narrowed", "offered", "taken"),
    [
        ([], [1, 2, 3, 4], "/code/one"),
        (["--here"], [2, 4], "no longer has the conversation"),
        (["-b", "codex"], [3, 4], "/code/three"),
        (["--here", "-b", "codex"], [4], "`c` is not the id of a conversation"),
        (["--here", "-b", "gemini"], [], "there is no session of this directory with backend"),
    ],
    ids=["not", "here", "backend", "both", "to nothing"],
)
def test_every_form_of_resume_is_narrowed_alike(
    clinvk: Command, narrowed: list[str], offered: list[int], taken: str
) -> None:
    """The bare form, `-i` and `--last`: of this directory, of one backend, of both.

    None of the four can be gone on with, each for a reason of its own.
    """
    (clinvk.home.clinvk_home / "demo").mkdir(parents=True)
    said: dict[str, Any] = {"conversation": {"id": "c", "seen": True}}
    keep(clinvk, 1, cwd="/code/one", **said)
    keep(clinvk, 2, **said)
    keep(clinvk, 3, cwd="/code/three", backend="codex", **said)
    keep(clinvk, 4, backend="codex", **said)
    for form in ([], ["-i"], ["-i", "a prompt"]):
        ran = clinvk("resume", *narrowed, *form)
        assert (ran.exit_code, ran.stdout) == (2, "")
        assert [one for one in range(1, 5) if f"{one:012x}" in ran.stderr] == offered
        assert offered or "there is no session to pick" in ran.stderr
    assert taken in clinvk("resume", *narrowed, "--last", "a", "prompt").stderr


def test_a_session_whose_last_turn_failed_is_continued(clinvk: Command) -> None:
    """`-c` continues a session with the status `error`, and it is active again."""
    failed = clinvk("-b", "demo", "-o", "json", "/fail rate_limited").json()
    assert clinvk("sessions", "list", "--status", "error", "-q").stdout.split() == [
        failed["session_id"]
    ]
    again = clinvk("-c", "-o", "json", "once more").json()
    assert (again["session_id"], again["turn"], again["status"]) == (
        *(failed["session_id"], 2, "active"),
    )


def test_an_ambiguous_reference_lists_the_candidates(clinvk: Command) -> None:
    """Exit 4: candidates with title, age and directory; for no match, the most similar ones."""
    keep(clinvk, 1, title="the first", cwd="/code/one")
    keep(clinvk, 2, title="the second", cwd="/code/two", days=3)
    keep(clinvk, 5, name="release-notes")
    ran = clinvk("sessions", "show", "0000")
    assert (ran.exit_code, ran.stdout) == (4, "")
    for part in ("matches 3 sessions", "the first", "/code/one", "the second", "days ago"):
        assert part in ran.stderr
    near = clinvk("resume", "relaese-notes", "go on")
    assert (near.exit_code, near.stdout) == (4, "")
    assert "nearest: release-notes (session 5)" in near.stderr


def test_cleaning_is_narrowed_as_asked(clinvk: Command) -> None:
    """By backend and status; the ones used last are kept, and a dry run changes nothing."""
    for number in range(1, 5):
        keep(clinvk, number, days=40)
    other = keep(clinvk, 5, days=40, backend="codex")
    failed = keep(clinvk, 6, days=40, status=Status.ERROR)

    def cleaned(*words: str) -> list[str]:
        ran = clinvk("sessions", "clean", "--older-than", "30d", "--json", *words)
        assert ran.exit_code == 0, ran.stderr
        return sorted(one["id"] for one in ran.json()["sessions"])

    assert len(cleaned("--dry-run")) == len(cleaned("--dry-run", "--keep-last", "0")) == 6
    assert cleaned("--dry-run", "--keep-last", "4") == [other, failed]
    assert cleaned("--backend", "codex") == [other]
    assert cleaned("--status", "error") == [failed]
    assert cleaned("--keep-last", "1") == [f"{number:012x}" for number in (2, 3, 4)]
    assert clinvk("sessions", "list", "-q").stdout.split() == [f"{1:012x}"]


def test_a_home_of_an_unknown_user_is_one_sentence(clinvk: Command) -> None:
    """Where a folder is named, `~NAME` is the home of a user, or an error."""
    for words in (
        ["sessions", "clean", "--older-than", "30d", "--archive", "~nosuchuser/x"],
        ["sessions", "list", "--dir", "~nosuchuser"],
    ):
        ran = clinvk(*words)
        assert (ran.exit_code, ran.stdout) == (2, "")
        assert "unknown user in `~nosuchuser" in ran.stderr


def test_leftovers_of_killed_writes_are_cleaned(clinvk: Command) -> None:
    """After an hour; files that another clinvk may be writing and other files are kept."""
    session_id = clinvk("-b", "demo", "-o", "json", "hello").json()["session_id"]
    folder = clinvk.home.clinvk_home / "sessions"
    old = folder / f".{session_id}.json.0123456789ab.tmp"
    new, notes = folder / f".{session_id}.json.ba9876543210.tmp", folder / ".notes.tmp"
    for path in (old, new, notes):
        path.write_text("{")
    for path in (old, notes):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    dry = clinvk("sessions", "clean", "--dry-run")
    assert "would remove 1 temporary file of killed runs" in dry.stdout
    assert old.exists()
    ran = clinvk("sessions", "clean")
    assert (ran.exit_code, ran.stderr, ran.stdout.count("\n")) == (0, "", 1)
    assert "removed 1 temporary file of killed runs" in ran.stdout
    assert (old.exists(), new.exists(), notes.exists()) == (False, True, True)
    assert clinvk("sessions", "clean", "--json").json()["temporary_files"] == 0


def test_continuing_a_session_with_a_future_date_prints_a_note(
    clinvk: Command,
) -> None:
    """The clock was set back: the session counts as the last one used, once, and a note says so."""
    ahead = keep(clinvk, 1, days=-3)
    ran = clinvk("-c", "--if-missing", "new", "go on")
    assert ran.exit_code == 0, ran.stderr
    assert f"session {ahead} counts as the last one used: its date 20" in ran.stderr
    other = clinvk("-b", "demo", "-o", "json", "another").json()["session_id"]
    again = clinvk("-c", "-o", "json", "and this one").json()
    assert (again["session_id"], again["warnings"]) == (other, [])
