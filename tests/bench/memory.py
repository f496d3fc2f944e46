"""What clinvk holds in memory while an agent floods it, beside what bare Python holds.

    python tests/bench/memory.py [--small]

Each agent writes a gigabyte (lines and messages of 10 MB: 200 MB; one endless line: 500 MB), into a
recorded session, and clinvk's own peak is taken from the kernel, without its children. `--small`
writes a tenth. Linux only: elsewhere nobody says it. Prints a table, asserts nothing.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))  # run as a file, this finds `bed` itself

from bed.rogue import RogueHome  # noqa: E402  after the path is set

FLOODS = {
    "a plain answer": ("reads_well", None),
    "stderr, lines": ("floods_stderr", 1000),
    "stderr, no line end": ("floods_stderr_without_line", 1000),
    "stdout, lines of 1 kB": ("floods_stdout_with_junk", 1000),
    "stdout, messages of 1 kB": ("floods_stdout_with_messages", 1000),
    "stdout, one answer in pieces": ("floods_stdout_with_one_answer", 1000),
    "stdout, notices of 1 kB": ("floods_stdout_with_notices", 1000),
    "stdout, one endless line": ("endless_line", 500),
    "stdout, messages of 10 MB": ("long_lines", 200),
    "stdout, tool results of 10 MB": ("long_tool_results", 200),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    share = 10 if parser.parse_args().small else 1
    with tempfile.TemporaryDirectory() as folder:
        bare = _bare_mb(Path(folder))
    print(f"{'':32}{'written':>10}{'peak':>10}{'ratio':>8}{'took':>9}")  # noqa: T201  the table
    print(f"{'bare Python':32}{'':>10}{bare:>7.1f} MB{1.0:>8.1f}")  # noqa: T201
    for name, (behaviour, size) in FLOODS.items():
        megabytes = size and size // share
        with tempfile.TemporaryDirectory() as folder:
            home = RogueHome(Path(folder))
            asked = f"{behaviour}:{megabytes}" if megabytes else behaviour
            ran = home.run(asked, "-b", "claude", "-o", "json", "-")
        written = f"{megabytes} MB" if megabytes else ""
        figures = f"{ran.peak_mb:>7.1f} MB{ran.peak_mb / bare:>8.1f}{ran.seconds:>7.1f} s"
        print(f"{name:32}{written:>10}{figures}", flush=True)  # noqa: T201


def _bare_mb(folder: Path) -> float:
    """What the same interpreter holds that only reads its own figure."""
    file = folder / "peak"
    subprocess.run([sys.executable, str(TESTS / "bed" / "peak.py"), str(file)], check=True)
    return int(file.read_text(encoding="ascii")) / 1024


if __name__ == "__main__":
    main()
