"""The process table: /proc where there is one, `ps` elsewhere.

`ps` takes about 10 ms, so it is asked only when something is being stopped.
"""

import os
import subprocess
from collections.abc import Iterator

from msgspec import Struct


class ProcessStat(Struct, frozen=True):
    """One process: the fields of `/proc/<pid>/stat` that matter here, or what `ps` knows of them.

    `started` is opaque, and differs between two processes that had the same number.
    """

    state: str
    parent: int
    group: int
    session: int
    started: str

    @property
    def is_dead(self) -> bool:
        """Whether only the entry is left, because the parent has not asked for the exit code."""
        return self.state[:1] in {"Z", "X"}


def has_proc() -> bool:
    """Whether this system shows its processes as files."""
    return os.path.exists("/proc/self/stat")


def read_stat(pid: int) -> ProcessStat | None:
    """What /proc says about `pid`; None if there is no such process or no /proc."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123  called for every process
            content = file.read()
    except OSError:
        return None
    # The second field is the program's name in brackets, with any character in it.
    fields = content.rpartition(b") ")[2].split()
    return ProcessStat(
        fields[0].decode(), int(fields[1]), int(fields[2]), int(fields[3]), fields[19].decode()
    )


def find(pid: int) -> ProcessStat | None:
    """Process `pid`, however this system tells."""
    return read_stat(pid) if has_proc() else dict(_ask_ps("-p", str(pid))).get(pid)


def iter_stats() -> Iterator[tuple[int, ProcessStat]]:
    """Every process that is there and can be seen, zombies included."""
    if not has_proc():
        yield from _ask_ps("-ax")
        return
    for name in os.listdir("/proc"):  # noqa: PTH208  plain names, asked often
        stat = read_stat(int(name)) if name.isdigit() else None
        if stat:
            yield int(name), stat


def _ask_ps(*which: str) -> Iterator[tuple[int, ProcessStat]]:
    try:
        said = subprocess.run(
            ("/bin/ps", "-o", "pid=,ppid=,pgid=,stat=,lstart=", *which),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env={"LC_ALL": "C"},
        )
    except OSError:
        return
    for line in said.stdout.decode("ascii", errors="replace").splitlines():
        fields = line.split(None, 4)
        if len(fields) == 5:
            pid, parent, group = (int(field) for field in fields[:3])
            # BSD's ps shows no session by number.
            yield pid, ProcessStat(fields[3], parent, group, 0, fields[4].strip())
