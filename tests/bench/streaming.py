"""What an answer costs by its length, by agent: beside half the length, and beside `cat`.

    python tests/bench/streaming.py [--count N] [--agent NAME] [--form FORM]

In each agent's place a program prints a run of N pieces, blocks or calls, as the agent would, into
a recorded session; then the session is shown, exported and searched. Cost in proportion is a ratio
of 2 or less against half the length; where each piece cost what all before it did, it would be 4.
Measured is processor time, with that of the children: what else a machine does changes it little.
`cat` prints the same lines to nobody. The demo agent brings its own program and is left out. It
asserts nothing.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))  # run as a file, this finds `bed` itself

from bed.long_runs import CASES, DECLARED, RUNS  # noqa: E402  after the path is set

CLINVK = str(Path(sys.executable).with_name("clinvk"))
READING = {
    "show": ("sessions", "show", "@last", "--turn", "1"),
    "export": ("sessions", "export", "@last"),
    "search": ("sessions", "search", "answer"),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=40_000)
    parser.add_argument("--agent", choices=list(RUNS))
    parser.add_argument("--form", choices=["text", "json", "stream-json"], default="text")
    options = parser.parse_args()
    heads = "".join(f"{name:>20}" for name in ("cat", "the turn", *READING))
    sys.stdout.write(f"{'':<32}{heads}\n")
    for agent, kind in CASES:
        if agent == "demo" or options.agent not in {None, agent}:
            continue
        half = _measure(agent, kind, options.count // 2, options.form)
        whole = _measure(agent, kind, options.count, options.form)
        cells = "".join(
            f"{whole[name] * 1000:>11.0f} ms{whole[name] / max(half[name], 0.001):>5.1f}x"
            for name in whole
        )
        besides = whole["the turn"] / max(whole["cat"], 0.001)
        sys.stdout.write(f"{agent + ', ' + kind:<32}{cells}{besides:>9.0f}x cat\n")
        sys.stdout.flush()


def _measure(agent: str, kind: str, count: int, form: str) -> dict[str, float]:
    """Processor seconds, by what was done."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder, "run")
        with run.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in RUNS[agent][kind](count))
        program = Path(folder, "bin", agent)
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\ncat > /dev/null\nexec cat {run}\n", encoding="utf-8")
        program.chmod(0o700)
        config = Path(folder, ".clinvk", "config.yaml")
        config.parent.mkdir(mode=0o700)
        config.write_text("".join(["backends:\n", *map(_declaration, DECLARED)]), encoding="utf-8")
        env = {
            "HOME": folder,
            "PATH": f"{program.parent}:/usr/bin:/bin",
            "LANG": "C.UTF-8",
        }
        turn = (CLINVK, "-b", agent, "-o", form, "go")
        taken = {"cat": _timed((str(program),), env), "the turn": _timed(turn, env)}
        return taken | {name: _timed((CLINVK, *words), env) for name, words in READING.items()}


def _declaration(agent: str) -> str:
    head = f"  {agent}:\n    declared:\n      program: {agent}\n      start: []"
    return head + DECLARED[agent]


def _timed(argv: tuple[str, ...], env: dict[str, str]) -> float:
    """It writes into a pipe that is read, as most callers do."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(
        argv,
        env=env,
        cwd=env["HOME"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as running:
        assert running.stdout is not None
        while os.read(running.stdout.fileno(), 1 << 16):
            pass
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


if __name__ == "__main__":
    main()
