"""Runs `clinvk` in this process and writes down how much memory it took at most, without children.

    python peak.py FILE ARGUMENT...

The kernel's own figure (`VmHWM`, in kB): `ru_maxrss` would begin with what whoever started us had.
"""

import sys
from pathlib import Path


def peak_kb() -> int:
    """What this process has held in memory at most."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1])


if __name__ == "__main__":
    file = Path(sys.argv[1])
    if sys.argv[2:]:
        from clinvk.cli.app import run_command_line

        status = run_command_line(sys.argv[2:])
    else:
        status = 0
    file.write_text(str(peak_kb()), encoding="ascii")
    sys.exit(status)
