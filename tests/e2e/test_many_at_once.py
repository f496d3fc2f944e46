"""Many at once: each prompt is a turn, each turn is counted, and the index agrees afterwards."""

import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bed.bare import bare_command
from bed.budget import budget
from bed.command import Command, Ran, kill_group
from bed.mock_model import MockModel
from bed.published import check_home

NEW = budget(50, long=200)
NAMED = budget(30, long=100)


@pytest.fixture
def bare(tmp_path: Path) -> Command:
    """The installed `clinvk` with no agent but the demo."""
    command = bare_command(tmp_path)
    command.home.env["CLINVK_BACKEND"] = "demo"
    return command


def at_once(clinvk: Command, lines: Sequence[Sequence[str]]) -> list[Ran]:
    """Every command line, all of them started before the first is waited for."""
    with ThreadPoolExecutor(len(lines)) as threads:
        return list(threads.map(lambda line: clinvk(*line, timeout_s=110), lines))


def check_index(clinvk: Command) -> None:
    """The index says what the files say, and so does a list that does not ask it."""
    checked = clinvk("sessions", "reindex", "--check")
    assert checked.exit_code == 0, checked.stdout + checked.stderr
    check_home(clinvk.home.clinvk_home)


def _sum(turns: Sequence[Any], key: str) -> int:
    return sum(turn["usage"][key] for turn in turns)


@pytest.mark.timeout(240)
def test_concurrent_prompts_create_one_session_each(bare: Command) -> None:
    """Each is listed with its own prompt, its own conversation and its one turn."""
    prompts = [f"prompt {number}" for number in range(NEW)]
    ran = at_once(bare, [("-o", "json", prompt) for prompt in prompts])
    assert Counter(one.exit_code for one in ran) == {0: NEW}, [one.stderr for one in ran]
    assert Counter(one.stderr for one in ran) == {"": NEW}
    listed = bare("sessions", "list", "--json", "-n", str(2 * NEW)).json()
    assert sorted(one["title"] for one in listed) == sorted(prompts)
    assert {one["id"] for one in listed} == {one.json()["session_id"] for one in ran}
    assert len({one.json()["backend_session_id"] for one in ran}) == NEW
    assert {(one["turns"], one["status"]) for one in listed} == {(1, "active")}
    check_index(bare)


@pytest.mark.timeout(240)
def test_concurrent_prompts_to_one_name_are_turns_of_one_session(bare: Command) -> None:
    """With `--wait` each gets its own turn, and the totals are the exact sums."""
    lines = [("-s", "one", "--wait", "-o", "json", f"prompt {number}") for number in range(NAMED)]
    ran = at_once(bare, lines)
    assert Counter(one.exit_code for one in ran) == {0: NAMED}, [one.stderr for one in ran]
    results = [one.json() for one in ran]
    assert len({one["session_id"] for one in results}) == 1
    assert sorted(one["turn"] for one in results) == list(range(1, NAMED + 1))
    [listed] = bare("sessions", "list", "--json").json()
    assert (listed["turns"], listed["name"]) == (NAMED, "one")
    shown = bare("sessions", "show", "one", "--json").json()
    turns = shown["turn_list"]
    assert sorted(turn["prompt"] for turn in turns) == sorted(line[-1] for line in lines)
    for result in results:
        turn = turns[result["turn"] - 1]
        assert (turn["text"], turn["usage"]) == (result["text"], result["usage"])
    for key in ("input_tokens", "cached_tokens", "output_tokens", "total_tokens"):
        assert shown["usage"][key] == _sum(turns, key) == _sum(results, key)
    # The agent has heard every prompt once, in this order: nobody spoke in between.
    assert all(turn["prompt"] in turns[-1]["text"] for turn in turns)
    check_index(bare)


def test_two_concurrent_cleans_clean_everything_once(bare: Command) -> None:
    """Neither fails, and together they clean what one would have cleaned."""
    for number in range(8):
        bare(f"prompt {number}")
    time.sleep(1.1)
    clean = ("sessions", "clean", "--older-than", "1s", "--json")
    ran = at_once(bare, [clean, clean, clean])
    assert [one.exit_code for one in ran] == [0, 0, 0], [one.stderr for one in ran]
    gone = [session["id"] for one in ran for session in one.json()["sessions"]]
    assert len(gone) == len(set(gone)) == 8
    assert bare("sessions", "list", "--json").json() == []
    assert not list((bare.home.clinvk_home / "locks").iterdir())
    check_index(bare)


@contextmanager
def running(bare: Command) -> Iterator["subprocess.Popen[str]"]:
    """The second turn of the session `work`, which has begun and goes on for a second or two."""
    bare("-s", "work", "-t", "old", "one")
    child = bare.popen("-s", "work", "-o", "stream-json", "/sleep 60\ntwo")
    try:
        assert child.stdout is not None
        assert '"init"' in child.stdout.readline()
        yield child
    finally:
        kill_group(child)


def _stopped(child: "subprocess.Popen[str]") -> None:
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=30)
    assert child.returncode == 130


def test_changes_by_the_user_during_a_run_are_kept(bare: Command) -> None:
    """Title, name and tags set during the run are in the record and the transcript."""
    with running(bare) as child:
        ran = at_once(
            bare,
            [
                ("sessions", "rename", "work", "A better title"),
                ("sessions", "tag", "work", "new"),
                ("sessions", "untag", "work", "old"),
            ],
        )
        assert [one.exit_code for one in ran] == [0, 0, 0], [one.stderr for one in ran]
        assert bare("sessions", "name", "work", "renamed").exit_code == 0
        _stopped(child)
    check_index(bare)
    for record in (bare.home.clinvk_home / "sessions").iterdir():
        record.rename(bare.home.home / "record")  # what the transcript tells alone
        rebuilt = bare("sessions", "show", "renamed", "--json").json()
        (bare.home.home / "record").rename(record)
        shown = bare("sessions", "show", "renamed", "--json").json()
        for found in (rebuilt, shown):
            assert (found["title"], found["tags"]) == ("A better title", ["new"])
            assert [turn["prompt"] for turn in found["turn_list"]] == ["one", "/sleep 60\ntwo"]


def test_a_running_session_is_neither_cleaned_nor_deleted(bare: Command) -> None:
    """It is said to be in use, the turn ends in order, and can be deleted then."""
    with running(bare) as child:
        time.sleep(1.1)
        cleaned = bare("sessions", "clean", "--older-than", "1s", "--json")
        deleted = bare("sessions", "delete", "-y", "work")
        assert (cleaned.exit_code, cleaned.json()["sessions"]) == (0, [])
        assert deleted.exit_code == 75
        assert f"process {child.pid}" in deleted.stderr
        _stopped(child)
    assert len(bare("sessions", "show", "work", "--json").json()["turn_list"]) == 2
    check_index(bare)
    assert bare("sessions", "delete", "-y", "work").exit_code == 0
    check_index(bare)


def test_an_export_during_a_run_is_whole(bare: Command) -> None:
    """It has the turn so far, can be imported elsewhere, and does not disturb the run."""
    with running(bare) as child:
        exported = bare("sessions", "export", "work", "--format", "json", "-O", "out.json")
        assert exported.exit_code == 0, exported.stderr
        _stopped(child)
    elsewhere = {"CLINVK_HOME": str(bare.home.home / "elsewhere")}
    assert bare("sessions", "import", "out.json", env=elsewhere).exit_code == 0
    imported = bare("sessions", "show", "work", "--json", env=elsewhere).json()
    assert [turn["prompt"] for turn in imported["turn_list"]] == ["one", "/sleep 60\ntwo"]
    check_index(bare)


@pytest.mark.timeout(240)
def test_all_commands_together_lose_nothing(bare: Command) -> None:
    """Prompts, changes, lists, exports, cleaning and deleting at the same time, in any order."""
    for number in range(4):
        bare("-s", f"kept-{number}", "first")
        bare("-s", f"target-{number}", "first")
    lines: list[tuple[str, ...]] = []
    for number in range(4):
        kept, target = f"kept-{number}", f"target-{number}"
        lines += [
            *[("-s", kept, "--wait", "-o", "json", f"more {turn}") for turn in range(3)],
            ("sessions", "tag", kept, "tagged"),
            ("sessions", "rename", kept, f"title {number}"),
            ("sessions", "list", "--json"),
            ("sessions", "search", "first", "--json"),
            ("sessions", "export", kept, "--format", "json"),
            ("sessions", "clean", "--older-than", "1h"),
            ("sessions", "delete", "-y", target),
        ]
    random.Random(4).shuffle(lines)
    ran = dict(zip(lines, at_once(bare, lines), strict=True))
    failed = [(line, one.exit_code, one.stderr) for line, one in ran.items() if one.exit_code]
    assert failed == []
    listed = bare("sessions", "list", "--json").json()
    assert sorted(one["name"] for one in listed) == [f"kept-{number}" for number in range(4)]
    for number in range(4):
        shown = bare("sessions", "show", f"kept-{number}", "--json").json()
        assert shown["turns"] == len(shown["turn_list"]) == 4
        assert (shown["title"], shown["tags"]) == (f"title {number}", ["tagged"])
        assert shown["usage"]["total_tokens"] == _sum(shown["turn_list"], "total_tokens")
    check_index(bare)


def test_prompts_to_one_name_share_one_conversation_of_the_agent(
    clinvk: Command, server: MockModel, backend: str
) -> None:
    """The agent itself remembers each, and what it is billed is what the turns say."""
    lines = [("-b", backend, "-s", "one", "--wait", "-o", "json", f"p{n}") for n in range(4)]
    ran = at_once(clinvk, lines)
    assert [one.exit_code for one in ran] == [0] * 4, [one.stderr for one in ran]
    results = sorted((one.json() for one in ran), key=lambda one: one["turn"])
    assert [one["turn"] for one in results] == [1, 2, 3, 4]
    assert len({(one["session_id"], one["backend_session_id"]) for one in results}) == 1
    assert "I remember 3 earlier prompts" in results[-1]["text"]
    shown = clinvk("sessions", "show", "one", "--json").json()
    billed = [bill.usage for bill in server.billed if bill.kind == "main"]
    for key in ("input_tokens", "output_tokens"):
        asked = sum(getattr(usage, key) for usage in billed)
        assert shown["usage"][key] == _sum(results, key) == asked
    check_index(clinvk)
