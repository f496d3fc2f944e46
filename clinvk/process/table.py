"""Reads the process table from /proc, or from `ps` if there is no /proc.

`ps` takes about 10 ms, so it is used only when something is stopped.
"""

import os
import subprocess
from collections.abc import Iterator

from msgspec import Struct


class ProcessStat(Struct, frozen=True):
    """One process: the needed fields of `/proc/<pid>/stat`, or those that `ps` has.

    `started` is opaque, and differs between two processes with the same pid.
    """

    state: str
    parent: int
    group: int
    session: int
    started: str

    @property
    def is_dead(self) -> bool:
        """Whether the process has ended, and its parent has not read the exit code yet."""
        return self.state[:1] in {"Z", "X"}


def has_proc() -> bool:
    """Whether this system has /proc."""
    return os.path.exists("/proc/self/stat")


def read_stat(pid: int) -> ProcessStat | None:
    """The entry of `pid` in /proc; None if the process or /proc does not exist."""
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
    """The process `pid`, from /proc or `ps`; None if it does not exist."""
    return read_stat(pid) if has_proc() else dict(_ask_ps("-p", str(pid))).get(pid)


def iter_stats() -> Iterator[tuple[int, ProcessStat]]:
    """All visible processes, including zombies."""
    if not has_proc():
        yield from _ask_ps("-ax")
        return
    for name in os.listdir("/proc"):  # noqa: PTH208  plain names, called often
        stat = read_stat(int(name)) if name.isdigit() else None
        if stat:
            yield int(name), stat


def iter_members(leader: int) -> Iterator[tuple[int, ProcessStat]]:
    """The processes of the group or, with /proc, the session `leader`, including zombies.

    The kernel is asked for the numbers of each process, which is 10 times faster than reading all
    of /proc: this is done at the end of every run.
    """
    if not has_proc():
        yield from ((pid, stat) for pid, stat in _ask_ps("-ax") if stat.group == leader)
        return
    for name in os.listdir("/proc"):  # noqa: PTH208  plain names, called often
        if name.isdigit() and _is_member(int(name), leader) and (stat := read_stat(int(name))):
            yield int(name), stat


def _is_member(pid: int, leader: int) -> bool:
    try:
        return leader in (os.getpgid(pid), os.getsid(pid))
    except ProcessLookupError:
        return False
    except PermissionError:  # a security module of the kernel
        stat = read_stat(pid)
        return stat is not None and leader in (stat.group, stat.session)


def _ask_ps(*which: str) -> Iterator[tuple[int, ProcessStat]]:
    try:
        listed = subprocess.run(
            ("/bin/ps", "-o", "pid=,ppid=,pgid=,stat=,lstart=", *which),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env={"LC_ALL": "C"},
        )
    except OSError:
        return
    for line in listed.stdout.decode("ascii", errors="replace").splitlines():
        fields = line.split(None, 4)
        if len(fields) == 5:
            pid, parent, group = (int(field) for field in fields[:3])
            # BSD's ps has no session numbers.
            yield pid, ProcessStat(fields[3], parent, group, 0, fields[4].strip())
