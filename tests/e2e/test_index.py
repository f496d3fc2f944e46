"""The index through the installed program: it is never seen, but in how long things take."""

import json
import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.command import Command
from bed.published import check_home


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk` in a home with no agent on its PATH."""
    return bare_command(tmp_path)


def begin(clinvk: Command, *options: str) -> str:
    """Start a session; returns its id."""
    ran = clinvk("-b", "demo", "-o", "json", *options, "hello")
    assert ran.exit_code == 0, ran.stderr
    return str(ran.json()["session_id"])


def listed(clinvk: Command, *options: str) -> list[str]:
    """The ids of the list, the latest first."""
    ran = clinvk("sessions", "list", "-q", "-n", "100", *options)
    assert ran.exit_code == 0, ran.stderr
    return ran.stdout.split()


def edit(clinvk: Command, session_id: str, **fields: object) -> None:
    """Change a record by hand, in place."""
    path = clinvk.home.clinvk_home / "sessions" / f"{session_id}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_turns_keep_the_index_right(clinvk: Command) -> None:
    """Each command leaves it as a rebuild would make it; nothing else appears in the home."""
    first = begin(clinvk)
    assert listed(clinvk) == [first]
    second = begin(clinvk, "-s", "pr-1")
    assert clinvk("-b", "demo", "-s", "pr-1", "more").exit_code == 0
    assert clinvk("sessions", "tag", second[:6], "ci").exit_code == 0
    assert clinvk("resume", "-q", first, "again").exit_code == 0
    assert listed(clinvk) == [first, second]
    assert listed(clinvk, "--tag", "ci") == [second]
    assert clinvk("sessions", "archive", second).exit_code == 0
    assert listed(clinvk) == [first]
    assert clinvk("sessions", "delete", "-y", first).exit_code == 0
    assert listed(clinvk) == []
    check = clinvk("sessions", "reindex", "--check")
    assert check.stdout == "indexed 1, changed 0, removed 0, damaged 0\n"
    assert check.exit_code == 0
    check_home(clinvk.home.clinvk_home)


def test_manual_changes_of_the_files_are_noticed(clinvk: Command) -> None:
    """Edited, moved away and back, deleted: the list, `-c` and a name follow at once."""
    first, second = begin(clinvk), begin(clinvk)
    home = clinvk.home.clinvk_home
    assert listed(clinvk) == [second, first]
    edit(clinvk, first, last_used_at="2035-01-01T00:00:00Z", name="mine")
    assert listed(clinvk) == [first, second]
    assert clinvk("-c", "-o", "json", "go on").json()["session_id"] == first
    assert clinvk("sessions", "show", "mine", "--json").json()["id"] == first
    backup = home.parent / "backup.json"
    shutil.copy2(home / "sessions" / f"{second}.json", backup)
    (home / "sessions" / f"{second}.json").unlink()
    (home / "transcripts" / f"{second}.jsonl").rename(home.parent / "transcript")
    assert listed(clinvk) == [first]
    shutil.copy2(backup, home / "sessions" / f"{second}.json")
    assert sorted(listed(clinvk)) == sorted([first, second])


@pytest.mark.parametrize("how", ["none", "empty", "garbage", "folder", "held", "old"])
def test_commands_work_whatever_the_state_of_the_index(clinvk: Command, how: str) -> None:
    """No error, no warning, the same answer."""
    first, second = begin(clinvk, "-s", "one"), begin(clinvk)
    assert listed(clinvk) == [second, first]
    path = clinvk.home.clinvk_home / "cache" / "index.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        if how == "held":
            database.execute("BEGIN EXCLUSIVE")
        elif how == "old":
            database.execute("PRAGMA user_version = 77")
        elif how in {"empty", "garbage"}:
            path.write_bytes(b"" if how == "empty" else b"garbage" * 999)
        else:
            path.unlink()
            if how == "folder":
                path.mkdir()
        runs = [
            clinvk("sessions", "list", "-n", "5"),
            clinvk("-c", "-q", "go on"),
            clinvk("sessions", "show", "one"),
            clinvk("-b", "demo", "-q", "-s", "one", "more"),
            clinvk("sessions", "show", first[:5]),
        ]
    assert [(ran.exit_code, ran.stderr) for ran in runs] == [(0, "")] * 5
    assert listed(clinvk) == [first, second]


def test_reindex_says_what_it_found(clinvk: Command) -> None:
    """`--check` only looks, and its exit status is for scripts."""
    first, second = begin(clinvk), begin(clinvk)
    missing = clinvk("sessions", "reindex", "--check")
    assert (missing.exit_code, missing.stdout) == (
        1,
        "indexed 2, changed 2, removed 0, damaged 0\n",
    )
    assert clinvk("sessions", "reindex").exit_code == 0
    home = clinvk.home.clinvk_home
    (home / "sessions" / f"{first}.json").write_text("{")
    shutil.rmtree(home / "transcripts")
    (home / "sessions" / f"{second}.json").unlink()
    counts = {"indexed": 1, "changed": 1, "removed": 1, "damaged": 1}
    assert clinvk("sessions", "reindex", "--check", "--json").json() == counts
    made = clinvk("sessions", "reindex", "--json")
    assert (made.exit_code, made.json()) == (0, counts)
    assert clinvk("sessions", "reindex", "--check").exit_code == 0


def test_an_empty_home_has_nothing_to_index(clinvk: Command) -> None:
    """And none is made for it."""
    ran = clinvk("sessions", "reindex")
    assert (ran.exit_code, ran.stdout) == (0, "indexed 0, changed 0, removed 0, damaged 0\n")
    assert clinvk("sessions", "reindex", "--check").exit_code == 0
    assert not clinvk.home.clinvk_home.exists()


def test_concurrent_runs_and_lists_lose_nothing(clinvk: Command) -> None:
    """Each run updates the index or leaves it for later; then it equals a rebuilt one."""
    begin(clinvk)
    listed(clinvk)
    with ThreadPoolExecutor(4) as pool:
        started = list(pool.map(lambda number: begin(clinvk, "-s", f"n{number}"), range(8)))
    assert set(started) < set(listed(clinvk))
    assert clinvk("sessions", "reindex", "--check").exit_code == 0


def test_a_limit_of_the_list_costs_no_open_record_but_those_shown(clinvk: Command) -> None:
    """Counted in system calls, not in time: with 300 sessions, 5 records are opened for 5 lines."""
    first = begin(clinvk)
    sessions = clinvk.home.clinvk_home / "sessions"
    record = json.loads((sessions / f"{first}.json").read_text())
    for number in range(300):
        other = record | {"id": f"{number:012x}", "last_used_at": "2024-01-01T00:00:00Z"}
        (sessions / f"{number:012x}.json").write_text(json.dumps(other))
    for _ in range(2):  # what was written in the last tenth of a second is read once more
        assert len(listed(clinvk)) == 100
    opened = clinvk.home.project / "opened"
    hook = clinvk.home.project / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(
        "import os, sys\n"
        "def note(event, args):\n"
        "    if event == 'open' and str(args[0]).endswith('.json'):\n"
        f"        os.write(fd, (str(args[0]) + '\\n').encode())\n"
        f"fd = os.open({str(opened)!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND)\n"
        "sys.addaudithook(note)\n"
    )
    program = Path(sys.executable).with_name("clinvk")
    ran = subprocess.run(
        [program, "sessions", "list", "-n", "5", "-q"],
        env={**clinvk.home.env, "PYTHONPATH": str(hook)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    records = [line for line in opened.read_text().splitlines() if "/sessions/" in line]
    assert len(ran.stdout.split()) == 5
    assert len(records) == 5


def test_many_foreign_files_are_one_warning(clinvk: Command) -> None:
    """2 000 of them in the folder were 2 000 warnings at each `-c`."""
    session_id = begin(clinvk)
    for number in range(200):
        (clinvk.home.clinvk_home / "sessions" / f"note {number}.json").write_text("{}")
    for words in (["-c", "go on"], ["-c", "go on", "-o", "json"]):
        ran = clinvk(*words)
        assert ran.exit_code == 0
        told = ran.json()["warnings"] if "json" in words else ran.stderr.splitlines()
        [warning] = [line for line in told if "cannot be read" in line]
        assert "200 records" in warning
        assert "`clinvk doctor`" in warning
    ran = clinvk("sessions", "list", "--backend", "demo", "-q")
    assert ran.stdout.split() == [session_id]
    assert len(ran.stderr.splitlines()) == 1
