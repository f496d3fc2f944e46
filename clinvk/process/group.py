"""A child and what it started: one process group, led by the child in a session of its own.

The group's number stays taken as long as anybody is in it, so signalling it by number is safe even
after its leader is gone. What moved to another group of the same session (coreutils `timeout` does)
is found through /proc where there is one. What left the session is a daemon on purpose.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

_GONE_CHECK_S = 0.02
_KILLED_S = 0.5
"""How long the kernel may take to remove what was killed."""


@dataclass(frozen=True, slots=True)
class ProcessStat:
    """The fields of `/proc/<pid>/stat` that matter here."""

    state: str
    group: int
    session: int
    started_ticks: str

    @property
    def is_dead(self) -> bool:
        """Whether only the entry is left, because the parent has not asked for the exit code."""
        return self.state in "ZX"


def read_stat(pid: int) -> ProcessStat | None:
    """What /proc says about `pid`; None if there is no such process or no /proc."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123  called for every process
            content = file.read()
    except OSError:
        return None
    # The second field is the program's name in brackets, with any character in it.
    fields = content.rpartition(b") ")[2].split()
    return ProcessStat(fields[0].decode(), int(fields[2]), int(fields[3]), fields[19].decode())


def signal_group(leader: int, number: signal.Signals) -> None:
    """Send `number` to the whole group; a stopped process is woken up to take a SIGTERM."""
    # No permission: a member took another user's rights, and the others have got the signal.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)
        if number is signal.SIGTERM:
            os.killpg(leader, signal.SIGCONT)


def end_group(leader: int, *, grace_s: float, clock: Callable[[], float]) -> bool:
    """TERM, then KILL after `grace_s`, to whoever is left of the leader's group and session.

    True when nothing is left. The leader's own zombie, if it has one, is its parent's to reap.
    """
    for number, wait_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, _KILLED_S)):
        if not _is_populated(leader):
            return True
        signal_group(leader, number)
        _signal_strayed(leader, number)
        until = clock() + wait_s
        while clock() < until and _is_populated(leader):
            time.sleep(_GONE_CHECK_S)
    return not _is_populated(leader)


def _signal_strayed(leader: int, number: signal.Signals) -> None:
    for pid, stat in list(_members(leader)):
        if stat.group != leader:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
                os.kill(pid, signal.SIGCONT)


def _is_populated(leader: int) -> bool:
    if os.path.exists("/proc/self/stat"):  # noqa: PTH110  asked often
        return next(_members(leader), None) is not None
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _members(leader: int) -> Iterator[tuple[int, ProcessStat]]:
    try:
        names = os.listdir("/proc")  # noqa: PTH208  plain names, asked often
    except OSError:
        return
    for name in names:
        stat = read_stat(int(name)) if name.isdigit() else None
        if stat and leader in (stat.group, stat.session) and not stat.is_dead:
            yield int(name), stat
