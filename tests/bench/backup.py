"""What a backup takes: an export of many sessions, and its import into an empty home.

    python tests/bench/backup.py [--sessions N] [--turns N] [--answer BYTES] [--python PROGRAM]

The time, the processor time and the most memory of each command, from the kernel. Half of the
sessions have a name. `--answer 10000000 --sessions 1 --turns 50` is one huge session. Another
`--python` is that of the environment of an older version, which exports by ids. It asserts nothing.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, this finds `bed`

from bed.large_homes import make_home


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
            cwd=folder,  # `-m` would find the clinvk of the current directory
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
