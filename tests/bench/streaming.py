"""What an answer costs by its length, by agent: beside half the length, and beside `cat`.

    python tests/bench/streaming.py [--count N] [--agent NAME] [--form FORM]
    python tests/bench/streaming.py --delay [--count N]

With `--delay`: how long after an agent wrote a word it is on a terminal, for the first word of an
answer in each of N runs and for the words after it: the median and the longest.

In each agent's place a program prints a run of N pieces, blocks or calls, as the agent would, into
a recorded session; then the session is shown, exported and searched. Cost in proportion is a ratio
of 2 or less against half the length; where each piece cost what all before it did, it would be 4.
Measured is processor time, with that of the children: what else a machine does changes it little.
`cat` prints the same lines to nobody. The demo agent brings its own program and is left out. It
asserts nothing.
"""

import argparse
import json
import os
import pty
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
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
    parser.add_argument("--delay", action="store_true")
    options = parser.parse_args()
    if options.delay:
        _show_delays(min(options.count, 20))
        return
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


_TALKER = """
import json, sys, time
sys.stdin.read()
for number in range(100):
    print(json.dumps({"piece": f"<{time.monotonic_ns()}> "}), flush=True)
    time.sleep(0.03)
"""
"""Says when it says it, word by word."""

_TALKERS = """
backends:
  talker:
    declared:
      program: {python}
      start: [{talker}]
      output: {{format: jsonl, delta: piece}}
"""


def _show_delays(runs: int) -> None:
    first, further = [], []
    with tempfile.TemporaryDirectory() as folder:
        talker = Path(folder, "talker.py")
        talker.write_text(_TALKER, encoding="utf-8")
        config = Path(folder, ".clinvk", "config.yaml")
        config.parent.mkdir(mode=0o700)
        config.write_text(
            _TALKERS.format(python=json.dumps(sys.executable), talker=json.dumps(str(talker))),
            encoding="utf-8",
        )
        for _ in range(runs):
            delays = _delays(folder)
            first.append(delays[0])
            further += delays[1:]
    for name, all_of in (("first word", first), ("further words", further)):
        sys.stdout.write(
            f"{name:<14} median {statistics.median(all_of):6.1f} ms   longest {max(all_of):6.1f} ms"
            f"   ({len(all_of)} words)\n"
        )


def _delays(folder: str) -> list[float]:
    """Milliseconds from when each word was written until it is at the terminal."""
    ours, theirs = pty.openpty()
    env = {"HOME": folder, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TERM": "xterm-256color"}
    argv = (CLINVK, "-b", "talker", "go")
    delays: list[float] = []
    with subprocess.Popen(argv, env=env, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs):
        os.close(theirs)
        seen, done = "", 0
        while True:
            try:
                data = os.read(ours, 1 << 16)
            except OSError:  # its end, on Linux
                break
            now = time.monotonic_ns()
            if not data:
                break
            seen += data.decode("utf-8", "replace")
            written = re.findall(r"<(\d{10,})>", seen[done:])
            delays += [(now - int(at)) / 1e6 for at in written]
            last = seen.rfind(">")
            done = max(done, last + 1)
    os.close(ours)
    return delays


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
