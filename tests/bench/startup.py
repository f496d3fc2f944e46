"""What clinvk costs on top of what it runs, as ratios against something run beside it.

    python tests/bench/startup.py [--rounds N]

Every round runs each command once, in turn, so that whatever else the machine does falls on all of
them alike; medians are compared. Prints a table, asserts nothing. The agents' turns need Node and
bring the real CLIs; `--no-agents` leaves them out.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

Case = Callable[[], float]
"""Runs something once; the seconds that it took."""

CLINVK = str(Path(sys.executable).with_name("clinvk"))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--no-agents", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _startup(Path(folder), options.rounds)
        if not options.no_agents:
            _whole_turns(Path(folder), options.rounds)


def _startup(folder: Path, rounds: int) -> None:
    env = {"HOME": str(folder), "PATH": f"{folder}/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
    stamp = folder / "stamp"
    cases: dict[str, Case] = {
        "python -c pass": lambda: timed([sys.executable, "-c", "pass"], env),
        "clinvk --version": lambda: timed([CLINVK, "--version"], env),
        "clinvk --help": lambda: timed([CLINVK, "--help"], env),
        "clinvk sessions list": lambda: timed([CLINVK, "sessions", "list"], env),
        "start to spawn": lambda: _spawn(folder, env, stamp),
    }
    print_table("start-up", medians_of(cases, rounds), base="python -c pass")


def _spawn(folder: Path, env: dict[str, str], stamp: Path) -> float:
    """Seconds from our start to the agent's: a stand-in notes the time it is started at."""
    agent = folder / "bin" / "claude"
    if not agent.exists():
        agent.parent.mkdir()
        agent.write_text(f"#!/bin/sh\ndate +%s%N > {stamp}\n")
        agent.chmod(0o700)
    started_ns = time.time_ns()
    subprocess.run(
        [CLINVK, "-b", "claude", "hello"], env=env, check=False, capture_output=True, cwd=folder
    )
    spawned_ns = int(stamp.read_text())
    alone_ns = time.time_ns()
    subprocess.run([agent], env=env, check=True)
    own_ns = int(stamp.read_text()) - alone_ns
    return (spawned_ns - started_ns - own_ns) / 1e9


def _whole_turns(folder: Path, rounds: int) -> None:
    from bed.agents import install_agents
    from bed.homes import AgentHome
    from bed.mock_model import MockModel

    with MockModel() as server:
        home = AgentHome(folder / "agents", server, install_agents(os.environ))
        for backend, argv in DIRECT.items():
            cases: dict[str, Case] = {
                f"{backend} alone": _turn([str(home.bin / argv[0]), *argv[1:]], home),
                f"clinvk -b {backend}": _turn([CLINVK, "-b", backend, "-"], home),
            }
            print_table(
                f"a whole {backend} turn", medians_of(cases, rounds), base=f"{backend} alone"
            )


DIRECT = {
    "claude": [
        *("claude", "-p", "--output-format", "stream-json", "--verbose"),
        "--include-partial-messages",
    ],
    "codex": ["codex", "exec", "--json", "--skip-git-repo-check", "-"],
}


def _turn(argv: Sequence[str], home: "AgentHome") -> Case:  # noqa: F821  imported when needed
    return lambda: timed(argv, home.env, cwd=home.project, stdin=b"hello")


def timed(
    argv: Sequence[str], env: dict[str, str], *, cwd: Path | None = None, stdin: bytes = b""
) -> float:
    """The seconds that a command takes."""
    started = time.perf_counter()
    subprocess.run(argv, env=env, cwd=cwd, input=stdin, check=True, capture_output=True)
    return time.perf_counter() - started


def medians_of(cases: dict[str, Case], rounds: int) -> dict[str, float]:
    """The median of each case, all run in turn in every round, after one that does not count."""
    for case in cases.values():
        case()
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, case in cases.items():
            taken[name].append(case())
    return {name: statistics.median(times) for name, times in taken.items()}


def print_table(title: str, medians: dict[str, float], *, base: str) -> None:
    """Print each case, and how many times as long as `base` it takes."""
    sys.stdout.write(f"\n{title}\n")
    for name, seconds in medians.items():
        ratio = seconds / medians[base]
        sys.stdout.write(f"  {name:<24}{seconds * 1000:>9.1f} ms{ratio:>9.2f}x\n")


if __name__ == "__main__":
    main()
