"""Kill clinvk, its agent or both with -9, over and over, and look at what is left each time.

    python tests/e2e/kills.py --kills 200                      at random moments
    python tests/e2e/kills.py --steps                          at every step that changes a file,
                                                               of a turn and of other commands
    python tests/e2e/kills.py --kills 100 --backend claude     on a real agent

After each kill: no half file, every earlier turn as it was, the session listed, the turn
`interrupted` with what was received so far and without figures; then `clinvk -c` goes on in the
same conversation of the agent, and leaves no process, no temporary file and no wrong index behind.
A command that starts no agent leaves each file as it was or as it is to be, and can be given again.
Exit 1 if anything was found. `--seed` repeats a series; the moments still depend on the machine.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, this finds `bed`

from bed.agents import install_agents
from bed.bare import bare_command
from bed.command import Command
from bed.crashes import WHOM, CrashBed, Findings
from bed.homes import AgentHome
from bed.killed_commands import CommandBed
from bed.mock_model import MockModel
from bed.setups import SETUPS

BACKENDS = ("demo", *SETUPS, "claude-next")
A_HOME = 20
"""So many kills in one home, whose session grows meanwhile."""


@contextmanager
def a_bed(backend: str) -> Iterator[CrashBed]:
    """A home for one backend, thrown away at the end."""
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="clinvk-kills-")))
        if backend == "demo":
            clinvk = bare_command(folder)
            clinvk.home.env["CLINVK_DEMO_DELAY_MS"] = "4"
        else:
            server = held.enter_context(MockModel())
            agents = install_agents(os.environ)
            version = backend if backend == "claude-next" else "claude"
            clinvk = Command(AgentHome(folder, server, agents, claude=version))
        yield CrashBed(clinvk, backend.partition("-")[0])


def at_random(bed: CrashBed, kills: int, dice: random.Random, totals: Counter[str]) -> list[str]:
    """That many kills at random moments of turns, some of new sessions; what was found."""
    bed.begin(2)
    longest_s = 1.1 * statistics.median(_seconds_of_a_turn(bed) for _ in range(3))
    found: list[str] = []
    for _ in range(kills):
        whom, new = dice.choice(WHOM), dice.random() < 0.25
        seconds = dice.uniform(0.05, longest_s)
        which = ("-b", bed.backend) if new else ("-c",)
        before, findings = bed.kept(), Findings()
        bed.end(bed.kill_in(seconds, whom, *which, bed.prompt))
        totals[bed.check(before, findings)] += 1
        found += _told(f"{whom} after {seconds:.3f} s ({which[0]}): {x}" for x in findings.said)
    return found


def _seconds_of_a_turn(bed: CrashBed) -> float:
    began = time.monotonic()
    bed.say("-c", bed.prompt)
    return time.monotonic() - began


def names_of_steps(bed: CrashBed, *args: str) -> list[str]:
    """The steps of one command line, in order, each by its name; the home is as before."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "steps"
        bed.end(bed.stepped(0, "clinvk", *args, log=log))
        bed.restore()
        return [line.partition(" ")[2] for line in log.read_text().splitlines()]


def at_steps(
    bed: CrashBed, args: tuple[str, ...], steps: list[tuple[int, str]], whom: str
) -> Iterator[tuple[str, str, list[str]]]:
    """Kill at each of those steps: its name, where that hit, and what was found."""
    with tempfile.TemporaryDirectory() as folder:
        for number, name in steps:
            before, findings = bed.kept(), Findings()
            bed.end(bed.stepped(number, whom, *args, log=Path(folder) / "steps"))
            hit = bed.check(before, findings)
            bed.restore()
            yield name, hit, [f"{whom} at {number} {name} ({args[0]}): {x}" for x in findings.said]


def main() -> int:
    """Kill as the options say, and print what came of it."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--kills", type=int, default=0, help="at random moments, so many")
    options.add_argument("--steps", action="store_true", help="at every step")
    options.add_argument("--backend", choices=BACKENDS, default="demo")
    options.add_argument("--seed", type=int, default=None)
    said = options.parse_args()
    seed = said.seed if said.seed is not None else int.from_bytes(os.urandom(4))
    dice, totals, found = random.Random(seed), Counter[str](), list[str]()
    began = time.monotonic()
    for first in range(0, said.kills, A_HOME):
        with a_bed(said.backend) as bed:
            found += at_random(bed, min(A_HOME, said.kills - first), dice, totals)
    if said.steps:
        found += _every_step(said.backend, totals)
    if said.steps and said.backend == "demo":
        found += _every_command(totals)
    kills, took_s = sum(totals.values()), time.monotonic() - began
    where = ", ".join(f"{count} {place}" for place, count in totals.most_common())
    _print(f"{said.backend}: {kills} kills in {took_s:.0f} s (seed {seed}): {where}")
    _print(f"findings: {len(found)}")
    return 1 if found else 0


def _every_step(backend: str, totals: Counter[str]) -> list[str]:
    found: list[str] = []
    for which in (("-c",), ("-b", backend.partition("-")[0])):
        with a_bed(backend) as bed:
            if which[0] == "-c":
                bed.begin(2)
            bed.save()
            args = (*which, bed.prompt)
            steps = list(enumerate(names_of_steps(bed, *args), start=1))
            for whom in WHOM:
                for _, hit, said in at_steps(bed, args, steps, whom):
                    totals[hit] += 1
                    found += _told(said)
    return found


def _every_command(totals: Counter[str]) -> list[str]:
    found: list[str] = []
    with a_bed("demo") as bed:
        commands = CommandBed(bed)
        for name, killed in commands.lines().items():
            steps, after = commands.steps(killed)
            for number, step in enumerate(steps, start=1):
                said = commands.kill(killed, number, after)
                totals[f"in `{name}`"] += 1
                found += _told(f"`{name}` at {number} {step}: {x}" for x in said)
    return found


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _told(found: Iterable[str]) -> list[str]:
    said = list(found)
    for one in said:
        _print(f"FOUND {one}")
    return said


if __name__ == "__main__":
    sys.exit(main())
