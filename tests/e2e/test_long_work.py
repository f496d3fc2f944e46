"""Work on many sessions, through the installed program: progress, stopping, and being killed."""

import fcntl
import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.budget import budget
from bed.command import Command
from bed.kept import keep
from bed.terminal import Terminal, have_tmux
from clinvk.store.home import Home
from clinvk.store.index.rebuild import check

on_a_terminal = pytest.mark.skipif(not have_tmux, reason="tmux is not installed")
CLEAN = ("sessions", "clean", "--older-than", "30d")
MANY = 120


@pytest.fixture
def clinvk(tmp_path: Path) -> Command:
    """The installed `clinvk` in a home with no agent on its PATH."""
    return bare_command(tmp_path)


@pytest.fixture
def terminal(clinvk: Command) -> Iterator[Terminal]:
    """A terminal in the project's directory."""
    with Terminal(clinvk.home.env, clinvk.home.project) as opened:
        yield opened


@contextmanager
def blocked(clinvk: Command, session_id: str) -> Iterator[None]:
    """Keep clinvk from deleting that session, for at most ten seconds."""
    record = clinvk.home.clinvk_home / "sessions" / f"{session_id}.json"
    with record.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def listed(clinvk: Command) -> list[str]:
    """The ids of all sessions, by the index: without `-n` all files are read."""
    return sorted(clinvk("sessions", "list", "-q", "-n", "1000").stdout.split())


@on_a_terminal
def test_a_terminal_shows_how_far_it_is_and_then_one_line(
    clinvk: Command, terminal: Terminal
) -> None:
    """The count appears while the work takes long, and the summary takes its place."""
    ids = [keep(clinvk, number, days=40) for number in (3, 2, 1)]
    with blocked(clinvk, ids[1]):
        terminal.run(clinvk.program, *CLEAN)
        terminal.wait_for("cleaning sessions: 1 of 3 · ")
    assert terminal.exit_code() == 0
    below = terminal.screen().partition("--older-than 30d\n")[2].splitlines()
    assert below[0].startswith("cleaned 3 sessions, freed ")
    assert below[1].startswith("$ echo code")
    assert "cleaning" not in terminal.screen()


@on_a_terminal
@pytest.mark.parametrize("words", [CLEAN, ("sessions", "delete", "-y")], ids=["clean", "delete"])
def test_ctrl_c_ends_it_after_a_whole_session(
    clinvk: Command, terminal: Terminal, words: tuple[str, ...]
) -> None:
    """It says how many are done, leaves nothing on the screen, and the rest is as it was."""
    ids = [keep(clinvk, number, days=40) for number in (3, 2, 1)]
    done = "deleted" if "delete" in words else "cleaned"
    with blocked(clinvk, ids[1]):
        terminal.run(clinvk.program, *words, *(ids if "delete" in words else ()))
        terminal.wait_for(": 1 of 3 · ")
        terminal.press("C-c")
        terminal.wait_for(", stopping after this one · ")  # the key has arrived
    terminal.wait_for(f"interrupted: 2 of 3 sessions {done}\n")
    assert terminal.exit_code() == 130
    assert "ing sessions" not in terminal.screen()
    assert listed(clinvk) == [ids[2]]


@on_a_terminal
def test_the_second_ctrl_c_waits_for_nothing(clinvk: Command, terminal: Terminal) -> None:
    """Something may hang: the session in progress is left as it is."""
    ids = [keep(clinvk, number, days=40) for number in (3, 2, 1)]
    with blocked(clinvk, ids[1]):
        terminal.run(clinvk.program, *CLEAN)
        terminal.wait_for(": 1 of 3 · ")
        terminal.press("C-c")
        terminal.wait_for("cleaning sessions: 1 of 3, stopping after this one · ")
        terminal.press("C-c")
        terminal.wait_for("interrupted: 1 of 3 sessions cleaned\n")
        assert terminal.exit_code() == 130
    assert listed(clinvk) == sorted(ids[1:])


def test_without_a_terminal_there_is_only_the_one_line(clinvk: Command) -> None:
    """Also of thousands: `-v` has a line for each, `-q` none, and what stayed is counted."""
    ids = [keep(clinvk, number, days=40) for number in range(MANY)]
    new = keep(clinvk, MANY)
    dry = clinvk(*CLEAN, "--dry-run")
    assert (dry.exit_code, dry.stderr, len(dry.stdout.splitlines())) == (0, "", MANY + 1)
    ran = clinvk("sessions", "delete", "-y", *ids[:40])
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert ran.stdout.startswith("deleted 40 sessions, freed ")
    assert ran.stdout.count("\n") == 1
    ran = clinvk("sessions", "delete", "-yv", *ids[40:42])
    assert [line.partition(" (")[0] for line in ran.stdout.splitlines()[:2]] == [
        f"deleted session {one}" for one in ids[40:42]
    ]
    ran = clinvk(*CLEAN, "-v")
    told = [line.partition(" ")[0] for line in ran.stdout.splitlines()]
    assert sorted(told[:-1]) == sorted(ids[42:])
    assert ran.stdout.splitlines()[-1].startswith(f"cleaned {MANY - 42} sessions, freed ")
    assert listed(clinvk) == [new]
    keep(clinvk, 1, days=40)
    assert clinvk(*CLEAN, "-q").stdout == ""
    assert clinvk(*CLEAN, "-q", "--json").exit_code == 2
    assert listed(clinvk) == [new]


def test_what_was_cleaned_is_in_the_log_and_in_doctor(clinvk: Command) -> None:
    """Which, when and why; a session whose clock was wrong stays, and doctor names it."""
    old = keep(clinvk, 1, days=40, name="pr-1")
    wrong = keep(clinvk, 2, days=20_000)
    record = clinvk.home.clinvk_home / "sessions" / f"{wrong}.json"
    os.utime(record, (300, 300))
    assert clinvk(*CLEAN, "--keep-named").stdout == (
        "nothing to clean: no such session was last used more than 30d ago;"
        " kept 1 session with a wrong date (see `clinvk doctor`)\n"
    )
    assert clinvk(*CLEAN, "--json").json()["undated"] == [wrong]
    log = clinvk.home.clinvk_home / "cleaned.jsonl"
    (line,) = map(json.loads, log.read_text().splitlines())
    assert (line["id"], line["name"], line["why"]) == (old, "pr-1", "not used for more than 30d")
    report = clinvk("doctor", "--json").json()
    summaries = {one["area"]: one["summary"] for one in report["checks"]}
    assert summaries["cleanings"].startswith("1 session (1 KiB) on 20")
    assert summaries["cleanings"].endswith(f"; listed in {log}")
    early = [one for one in report["findings"] if one["code"] == "date_too_early"]
    assert [one["sessions"] for one in early] == [[wrong]]
    os.utime(record)
    assert clinvk(*CLEAN).stdout.startswith("nothing to clean: no such session")
    assert listed(clinvk) == [wrong]


@pytest.mark.parametrize("which", range(budget(2, long=40)))
def test_killed_at_any_moment_it_can_be_given_again(clinvk: Command, which: int) -> None:
    """Each session is whole or gone, what is gone is in the log, and the next list is right."""
    del which
    ids = [keep(clinvk, number, days=40) for number in range(MANY)]
    home = Home(clinvk.home.clinvk_home)
    home.transcripts.mkdir(mode=0o700)
    for one in ids:
        home.transcript(one).write_text('{"type": "note"}\n')
    assert len(listed(clinvk)) == MANY
    left = random.Random(os.urandom(8)).randrange(1, MANY)
    child = clinvk.popen(*CLEAN)
    wait_until_at_most(home, left, child)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    there = sorted(path.stem for path in home.sessions.iterdir())
    assert set(there) >= {path.stem for path in home.transcripts.iterdir()}
    logged = {json.loads(line)["id"] for line in home.cleaning_log.read_text().splitlines()}
    assert set(ids) - set(there) <= logged
    assert listed(clinvk) == there
    assert not check(home).any
    ran = clinvk(*CLEAN)
    assert (ran.exit_code, listed(clinvk)) == (0, [])
    assert list(home.transcripts.iterdir()) == []


def wait_until_at_most(home: Home, left: int, child: "subprocess.Popen[str]") -> None:
    """Return as soon as so many records are left."""
    while len(os.listdir(home.sessions)) > left and child.poll() is None:  # noqa: PTH208  quick
        time.sleep(0.0005)
