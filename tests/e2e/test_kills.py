"""The short form of `kills.py`: the moments that matter, one by one, and some at random.

With `--long` there are more of these. Every step, and other agents than the demo, are what
`python tests/e2e/kills.py` tries.
"""

import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from bed.bare import bare_command
from bed.budget import budget
from bed.crashes import CrashBed, Findings
from e2e.kills import at_random, at_steps, names_of_steps

KILLS = budget(6, long=200)
TEMPORARY = ("sessions (temporary)", "cache (temporary)")


@pytest.fixture
def bed(tmp_path: Path) -> CrashBed:
    """A home for the demo agent, which takes a quarter of a second to answer."""
    clinvk = bare_command(tmp_path)
    clinvk.home.env["CLINVK_DEMO_DELAY_MS"] = "4"
    return CrashBed(clinvk, "demo")


def _nth(verb: str, times: int, *places: str) -> tuple[str, int, tuple[str, ...]]:
    return verb, times, places


MOMENTS = {
    "before the agent is started": _nth("start", 1, "agent"),
    "after the agent was started": _nth("started", 1, "agent"),
    "before the turn is put down": _nth("write", 1, "transcripts"),
    "while the turn is put down, half a line": _nth("half written", 1, "transcripts"),
    "before the record": _nth("open", 1, *TEMPORARY),
    "during the record, half written": _nth("half written", 1, *TEMPORARY),
    "between the temporary file and the rename": _nth("rename", 1, *TEMPORARY),
    "while the index is told": _nth("COMMIT", 1, "index"),
    "before the prompt is sent": _nth("sync", 1, "sessions"),
    "after the agent's id": _nth("write", 3, "transcripts"),
    "in the answer, half a line": _nth("half written", 3, "transcripts"),
    "between the result and the save": _nth("write", -1, "transcripts"),
    "during the save, half written": _nth("half written", -1, *TEMPORARY),
    "between the save and its rename": _nth("rename", -1, *TEMPORARY),
    "while the index is told of the end": _nth("INSERT", -1, "index"),
    "before the lock is given back": _nth("truncate", -1, "locks"),
}
_AGENTS = ("after the agent's id", "in the answer, half a line", "between the result and the save")


def _number(names: list[str], moment: str) -> tuple[int, str]:
    verb, times, places = MOMENTS[moment]
    found = [n for n, name in enumerate(names, 1) if name in {f"{verb} {at}" for at in places}]
    number = found[times - 1 if times > 0 else times]
    return number, names[number - 1]


@pytest.mark.parametrize(
    ("whom", "moment"),
    [
        *(("clinvk", one) for one in MOMENTS),
        *(("agent", one) for one in _AGENTS),
        ("both", _AGENTS[1]),
    ],
)
def test_a_kill_at_that_step_loses_nothing(bed: CrashBed, whom: str, moment: str) -> None:
    """Earlier turns are intact, the last one is interrupted, and `-c` continues the session."""
    bed.begin(1)
    bed.save()
    args = ("-c", bed.prompt)
    step = _number(names_of_steps(bed, *args), moment)
    [(_, hit, found)] = at_steps(bed, args, [step], whom)
    assert not found, (step, hit, found)


@pytest.mark.parametrize(
    "moment",
    [
        "after the agent was started",
        "before the record",
        "before the prompt is sent",
        "after the agent's id",
        "in the answer, half a line",
    ],
)
def test_a_kill_in_the_first_turn_of_a_session_loses_nothing(bed: CrashBed, moment: str) -> None:
    """A session that was being made is there as far as it came, or not at all."""
    bed.save()
    args = ("-b", "demo", bed.prompt)
    step = _number(names_of_steps(bed, *args), moment)
    [(_, hit, found)] = at_steps(bed, args, [step], "clinvk")
    assert not found, (step, hit, found)


def test_kills_at_random_moments_lose_nothing(bed: CrashBed) -> None:
    """clinvk, its agent or both, in new sessions and old ones, in one home that grows."""
    totals = Counter[str]()
    found = at_random(bed, KILLS, random.Random(os.urandom(8)), totals)
    assert not found, (totals, found)
    assert totals.total() == KILLS


def _rewrite_a_turn(bed: CrashBed, session_id: str) -> None:
    transcript = bed.store.home.transcript(session_id)
    transcript.write_bytes(transcript.read_bytes().replace(b"turn 1", b"turn X"))


def _lose_a_session(bed: CrashBed, session_id: str) -> None:
    for path in bed.store.files(session_id):
        path.unlink()


def _cut_a_record(bed: CrashBed, session_id: str) -> None:
    record = bed.store.home.record(session_id)
    record.write_bytes(record.read_bytes()[:50])


def _leave_a_process(bed: CrashBed, session_id: str) -> None:
    del session_id
    subprocess.Popen(["timeout", "9", "sleep", "9"], env=bed.clinvk.home.env).returncode = 0


def _leave_half_a_file(bed: CrashBed, session_id: str) -> None:
    (bed.root / "sessions" / f".{session_id}.json.0123456789ab.tmp").touch()


@pytest.mark.parametrize(
    ("disturb", "found"),
    [
        (_rewrite_a_turn, "rewritten:"),
        (_rewrite_a_turn, "earlier turns differ:"),
        (_lose_a_session, "not listed:"),
        (_cut_a_record, "half a record:"),
        (_leave_a_process, "left running:"),
        (_leave_half_a_file, "half written files are left:"),
    ],
)
def test_the_harness_finds_what_is_wrong(
    bed: CrashBed, disturb: Callable[[CrashBed, str], None], found: str
) -> None:
    """What a kill must not do, done by hand."""
    bed.begin(1)
    session_id = bed.say("-c", "turn 1")["session_id"]
    before, findings = bed.kept(), Findings()
    disturb(bed, session_id)
    bed.check(before, findings)
    assert any(one.startswith(found) for one in findings.said), findings


def test_the_command_says_what_it_found() -> None:
    """`kills.py` prints the kills, where they hit, and the findings; 0 if there are none."""
    ran = subprocess.run(
        [sys.executable, Path(__file__).with_name("kills.py"), "--kills", "2", "--seed", "7"],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, ""), ran
    first, last = ran.stdout.splitlines()
    assert first.startswith("demo: 2 kills in ")
    assert "(seed 7): " in first
    assert last == "findings: 0"
