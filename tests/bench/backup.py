"""What a backup takes: an export of many sessions, and its import into an empty home.

    python tests/bench/backup.py [--sessions N] [--turns N] [--answer BYTES] [--python PROGRAM]

The time, the processor time and the most memory of each command, from the kernel. Half of the
sessions have a name. `--answer 10000000 --sessions 1 --turns 50` is one huge session. Another
`--python` is that of the environment of an older version, which exports by ids. It asserts nothing.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TextIO

AT = "2025-01-27T10:00:00Z"
_STEP = 7919
"""Between the ids, so that they have different beginnings."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=20_000)
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--answer", type=int, default=10_000)
    parser.add_argument("--python", default=sys.executable)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        ids = make_home(root / "from", options.sessions, options.turns, options.answer)
        help_ = subprocess.run(
            [options.python, "-m", "clinvk", "sessions", "export", "--help"],
            capture_output=True,
            check=True,
        ).stdout
        which = ["--all"] if b"--all" in help_ else ids
        file = str(root / "all.json")
        commands = {
            "export": ("from", ["export", *which, "--json", "-O", file]),
            "import": ("to", ["import", file]),
            "import again": ("to", ["import", file]),
        }
        print(f"{'':14}{'took':>10}{'processor':>12}{'memory':>11}")  # noqa: T201  the table
        for name, (home, words) in commands.items():
            took, used, peak = _run(root, home, options.python, words)
            figures = f"{took:>8.1f} s{used:>10.1f} s{peak / 1024:>8.1f} MB"
            print(f"{name:14}{figures}", flush=True)  # noqa: T201
        size = (root / "all.json").stat().st_size
        print(f"{options.sessions:,} sessions, {size / 1e6:,.1f} MB")  # noqa: T201


def make_home(home: Path, sessions: int, turns: int, answer: int) -> list[str]:
    """Write so many sessions as clinvk writes them, but for the syncing; returns their ids."""
    for folder in (home / "sessions", home / "transcripts"):
        folder.mkdir(parents=True, mode=0o700)
    ids = [f"{(number * _STEP * _STEP) % (1 << 48):012x}" for number in range(sessions)]
    text = ("It is fixed: the test of größer passes. 😀\n" * (answer // 40 + 1))[:answer]
    for number, session_id in enumerate(ids):
        told = {
            "schema": 2,
            "id": session_id,
            "name": f"name-{number}" if number % 2 else None,
            "title": f"Fix the bug number {number}",
            "title_source": "prompt",
            "backend": "demo",
            "model_requested": None,
            "access": None,
            "system_prompt": None,
            "cwd": f"/projects/app{number % 20}",
            "status": "active",
            "archived": False,
            "parent": None,
            "tags": [],
            "created_at": AT,
        }
        usage = dict.fromkeys(("input", "output", "total"), 10)
        usage |= dict.fromkeys(("cached", "cache_write", "reasoning"))
        totals = {f"{name}_tokens": count for name, count in usage.items()}
        record = {
            **told,
            "conversations": [],
            "last_used_at": AT,
            "turns": turns,
            "turns_reported": turns,
            "usage": totals,
            "cost_usd": None,
            "figures_reported": None,
            "open_turn": None,
        }
        with _private(home / "sessions" / f"{session_id}.json") as file:
            file.write(json.dumps(record, indent=2) + "\n")
        lines = [{"type": "session", **told}]
        for turn in range(1, turns + 1):
            begun = {"mode": "resume", "prompt": "fix it", "model": None, "access": None}
            begun |= {"cwd": told["cwd"], "conversation": None, "resume": turn > 1}
            ended = {"stop_reason": "end_turn", "text": text, "usage": totals, "cost_usd": None}
            lines += [
                {"type": "turn_started", "turn": turn, "at": AT, "backend": "demo", **begun},
                {"type": "message", "turn": turn, "text": text},
                {"type": "turn_finished", "turn": turn, "at": AT, **ended},
            ]
        with _private(home / "transcripts" / f"{session_id}.jsonl") as file:
            for line in lines:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
    return ids


def _private(path: Path) -> TextIO:
    return os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8")


def _run(root: Path, home: str, python: str, words: list[str]) -> tuple[float, float, int]:
    """Seconds, seconds of the processor, and the most memory in kB, of `sessions` with `words`."""
    peak = root / "peak"
    line = [python, str(Path(__file__).parents[1] / "bed" / "peak.py"), str(peak), "sessions"]
    env = {"HOME": str(root), "CLINVK_HOME": str(root / home), "PATH": "/usr/bin:/bin"}
    started = time.monotonic()
    child = subprocess.Popen([*line, *words], env=env, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"exit status {child.returncode}: {words[:3]}")
    took = time.monotonic() - started
    return took, usage.ru_utime + usage.ru_stime, int(peak.read_text(encoding="ascii"))


if __name__ == "__main__":
    main()
