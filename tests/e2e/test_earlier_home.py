"""A home that clinvk wrote before records had schema 2, through every command.

`home_of_schema_1` was written by the version of commit f45583a with the demo agent: a session of
two turns with a name, a tag and a title of its own; one that is closed; one that failed and is
archived; one whose record is lost; one whose run was killed in its second turn; and an export.
"""

import json
import re
import shutil
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.command import Command
from bed.published import check_export, check_home

EARLIER = Path(__file__).with_name("home_of_schema_1")
WRITTEN_IN = b"/projects/myapp"
FIRST, CLOSED, FAILED = "a40423e2a2a3", "2a967c95bc05", "704c4327289b"
LOST, KILLED, PLAIN = "d82be62b7ba9", "8d48500f20b8", "877d923a608e"
ALL = {FIRST, CLOSED, FAILED, LOST, KILLED, PLAIN}


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk` in that home, as if its sessions had been begun in the project."""
    command = bare_command(tmp_path)
    agent = command.home.home / "agent"
    command.home.env["CLINVK_DEMO_HOME"] = str(agent)
    shutil.copytree(EARLIER / "conversations", agent)
    for folder in ("sessions", "transcripts"):
        target = command.home.clinvk_home / folder
        target.mkdir(mode=0o700, parents=True)
        for file in (EARLIER / folder).iterdir():
            here = str(command.home.project).encode()
            (target / file.name).write_bytes(file.read_bytes().replace(WRITTEN_IN, here))
            (target / file.name).chmod(0o600)
    command.home.clinvk_home.chmod(0o700)
    return command


def record(clinvk: Command, session: str) -> dict[str, object]:
    """The record of the session as it is on disk."""
    path = clinvk.home.clinvk_home / "sessions" / f"{session}.json"
    said: dict[str, object] = json.loads(path.read_bytes())
    return said


def files(clinvk: Command) -> dict[str, bytes]:
    """Every record and transcript."""
    home = clinvk.home.clinvk_home
    found = (path for folder in ("sessions", "transcripts") for path in (home / folder).iterdir())
    return {path.name: path.read_bytes() for path in found}


def test_reading_commands_find_everything_and_change_no_record(clinvk: Command) -> None:
    """Lists, single sessions, searches, exports and checks."""
    before = files(clinvk)
    listed = clinvk("sessions", "list", "--json").json()
    assert {one["id"] for one in listed} == ALL - {FAILED}
    assert {one["id"]: one["status"] for one in listed}[KILLED] == "interrupted"
    shown = clinvk("sessions", "show", "first", "--json").json()
    conversation = json.loads((EARLIER / "sessions" / f"{FIRST}.json").read_text())
    for name in ("backend_session_id", "backend_session_seen", "model", "counters", "schema"):
        assert shown[name] == conversation[name]
    assert [turn["backend"] for turn in shown["turn_list"]] == ["demo", "demo"]
    assert shown["conversations"][0]["heard_through"] == 2
    assert LOST in clinvk("sessions", "show", "lost").stdout
    reference = f"demo:{shown['backend_session_id']}"
    assert clinvk("sessions", "show", reference, "--json").json()["id"] == FIRST
    found = clinvk("sessions", "search", "half", "--json").json()
    assert {one["id"] for one in found} == {KILLED, PLAIN}
    exported = clinvk("sessions", "export", "first", CLOSED, "--format", "json").json()
    check_export(exported)
    assert [one["record"]["schema"] for one in exported["sessions"]] == [2, 2]
    assert clinvk("sessions", "export", "first").stdout.count("## ") >= 2
    assert "notes.txt" not in clinvk("sessions", "files", "first").stdout
    assert clinvk("doctor", "--json").exit_code in {0, 1}
    clinvk("sessions", "reindex")
    assert clinvk("sessions", "reindex", "--check").exit_code == 0
    assert files(clinvk) == before


@pytest.mark.parametrize("session", [FIRST, CLOSED, FAILED, LOST, KILLED, PLAIN])
def test_each_session_continues_the_conversation_it_had(clinvk: Command, session: str) -> None:
    """Its record is then of schema 2, and its transcript begins with the bytes it had."""
    before = files(clinvk)[f"{session}.jsonl"]
    shown = clinvk("sessions", "show", session, "--json").json()
    ran = clinvk("resume", session, "-o", "json", "and on")
    assert ran.exit_code == 0, ran.stderr
    said = ran.json()
    assert (said["resumed"], said["backend_session_id"]) == (True, shown["backend_session_id"])
    assert "Earlier you said" in said["text"] or session == FAILED
    assert files(clinvk)[f"{session}.jsonl"].startswith(before)
    now = record(clinvk, session)
    assert now["schema"] == 2
    assert not {"backend_session_id", "counters", "model"} & now.keys()
    (conversation,) = now["conversations"]  # type: ignore[misc]  # a list of one
    assert conversation["backend_session_id"] == shown["backend_session_id"]
    assert conversation["heard_through"] == said["turn"]
    check_home(clinvk.home.clinvk_home, earlier=True)


def test_the_newest_is_continued(clinvk: Command) -> None:
    """`-c` means what it meant before: the killed one was used last."""
    assert clinvk("-c", "-o", "json", "go on").json()["session_id"] == KILLED


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        (["rename", FIRST, "another title"], "title", "another title"),
        (["name", FIRST, "pr-9"], "name", "pr-9"),
        (["tag", FIRST, "blue"], "tags", ["red", "blue"]),
        (["untag", FIRST, "red"], "tags", []),
        (["close", FIRST], "status", "completed"),
        (["archive", FIRST], "archived", True),
        (["unarchive", FAILED], "archived", False),
        (["rename", LOST, "another title"], "title", "another title"),
        (["tag", KILLED, "blue"], "tags", ["blue"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_change_keeps_all_else_and_upgrades_the_record(
    clinvk: Command, words: list[str], field: str, value: object
) -> None:
    """Nothing but what was asked for is another value, and no other record is written."""
    session, before = words[1], files(clinvk)
    shown = clinvk("sessions", "show", session, "--json").json()
    ran = clinvk("sessions", *words)
    assert ran.exit_code == 0, ran.stderr
    now = record(clinvk, session)
    assert (now["schema"], now[field]) == (2, value)
    again = clinvk("sessions", "show", session, "--json").json()
    differ = {name for name in shown if shown[name] != again[name]}
    assert differ <= {field, "title_source"}
    after = files(clinvk)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed <= {f"{session}.json", f"{session}.jsonl"}
    check_home(clinvk.home.clinvk_home, earlier=True)


def test_an_export_of_that_version_is_imported_once(clinvk: Command) -> None:
    """Where the sessions are, as they are, it changes nothing; elsewhere it brings them back."""
    text = (EARLIER / "export.json").read_bytes()
    here = str(clinvk.home.project).encode()
    (clinvk.home.project / "x.json").write_bytes(text.replace(WRITTEN_IN, here))
    before = files(clinvk)
    present = clinvk("sessions", "import", "x.json", "--json").json()
    assert (sorted(present["present"]), present["imported"]) == (sorted([FIRST, PLAIN]), [])
    assert files(clinvk) == before
    assert clinvk("sessions", "delete", FIRST, PLAIN, "-y").exit_code == 0
    imported = clinvk("sessions", "import", "x.json", "--json").json()
    assert sorted(imported["imported"]) == sorted([FIRST, PLAIN])
    assert record(clinvk, FIRST)["schema"] == 2
    assert clinvk("resume", FIRST, "-o", "json", "and on").json()["turn"] == 3
    check_home(clinvk.home.clinvk_home, earlier=True)


def test_they_can_be_deleted_and_cleaned_up(clinvk: Command) -> None:
    """As sessions of this version: by name, by age, into an archive."""
    deleted = clinvk("sessions", "delete", "first", "lost", "-y")
    assert deleted.exit_code == 0, deleted.stderr
    cleaned = clinvk("sessions", "clean", "--older-than", "1d", "--json")
    assert cleaned.exit_code == 0, cleaned.stderr
    assert not re.findall(r"[0-9a-f]{12}\.json", " ".join(files(clinvk)))
