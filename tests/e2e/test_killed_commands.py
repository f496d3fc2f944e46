"""The short form of `kills.py --steps` for commands that start no agent; its words are there."""

import os
import random

import pytest

from bed.bare import bare_command
from bed.crashes import CrashBed
from bed.killed_commands import CommandBed

NAMES = (
    *("archive", "clean", "clean --archive", "close", "config set", "config unset", "delete"),
    *("import", "name", "reindex", "rename", "tag", "untag"),
)


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> CommandBed:
    """Three sessions, which are back after each kill."""
    return CommandBed(CrashBed(bare_command(tmp_path_factory.mktemp("killed")), "demo"))


def test_every_command_that_writes_is_killed(bed: CommandBed) -> None:
    """What is listed here for the test below is all that the long form kills."""
    assert sorted(bed.lines()) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_command_that_was_killed_can_be_given_again(bed: CommandBed, name: str) -> None:
    """No half file, no other session touched, the list right; then all is as it was to be."""
    killed = bed.lines()[name]
    steps, after = bed.steps(killed)
    number = random.Random(os.urandom(8)).randrange(1, len(steps) + 1)
    assert not bed.kill(killed, number, after), (number, steps[number - 1])


MOMENTS = {
    "half a session deleted": ("delete", "remove sessions", 0),
    "the index not told that one is gone": ("delete", "COMMIT index", 0),
    "half a copy in the archive": ("clean --archive", "half written old ones (temporary)", 1),
    "a copy there, the session still here": ("clean --archive", "remove transcripts", 0),
    "half a line in the log of cleanings": ("clean", "half written cleaned.jsonl", 0),
    "logged as removed, and still here": ("clean", "remove transcripts", 0),
    "half a line in the transcript": ("rename", "half written transcripts", 0),
    "the transcript imported, and no record": ("import", "BEGIN index", -1),
    "half an index": ("reindex", "COMMIT index", 0),
    "the configuration written and not in its place": (
        "config set",
        "rename the home (temporary)",
        0,
    ),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_kills_in_the_middle_of_a_change_lose_nothing(bed: CommandBed, moment: str) -> None:
    """The same, at the steps where a change is half done."""
    name, verb, which = MOMENTS[moment]
    killed = bed.lines()[name]
    steps, after = bed.steps(killed)
    numbers = [number for number, step in enumerate(steps, start=1) if step == verb]
    assert numbers, (verb, steps)
    assert not bed.kill(killed, numbers[which], after)


def test_the_harness_finds_what_is_wrong(bed: CommandBed) -> None:
    """Held against another command's outcome, what a command leaves is wrong."""
    lines = bed.lines()
    _, after = bed.steps(lines["rename"])
    steps, _ = bed.steps(lines["delete"])
    found = bed.kill(lines["delete"], len(steps), after)
    assert any(one.startswith("neither old nor new:") for one in found), found
    assert any(one.startswith("other files:") for one in found), found
