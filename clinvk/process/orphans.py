"""Identifies processes (a pid can be used again later), and ends those of a killed clinvk.

If clinvk was killed (`kill -9`, out of memory), its agent may still run: the next clinvk finds the
agent's pid and identity in the session's lock.
"""

import os
import signal
import time
from pathlib import Path

from clinvk.process.descendants import Descendants, is_marked_left
from clinvk.process.group import end_group, is_populated, signal_group
from clinvk.process.table import find, has_proc

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_CHECK_S = 0.02


def process_identity(pid: int) -> str | None:
    """An opaque word with the start time of the process; None if it does not exist.

    The same pid with the same word is the same process. The word includes the boot, because start
    times count from there.
    """
    stat = find(pid) if pid > 0 else None
    if stat is None or stat.is_dead:
        return None
    return f"{_boot()}-{stat.started}" if has_proc() else stat.started


def run_identity(pid: int, mark: str) -> str:
    """The identity of process `pid`, with the mark of its descendants."""
    return f"{process_identity(pid) or ''};{mark}"


def is_alive(pid: int, identity: str) -> bool:
    """Whether exactly this process still runs; a zombie does not.

    With a `run_identity`: whether it or any process with its mark runs.
    """
    started, _, mark = identity.partition(";")
    return _is_leader(pid, started) or is_marked_left(mark)


def processes_of(pid: int, identity: str) -> tuple[int, ...]:
    """Exactly this process if it still runs, and its descendants, as far as they can be found."""
    started, _, mark = identity.partition(";")
    leader = pid if _is_leader(pid, started) else 0
    descendants = Descendants(leader, mark)
    descendants.look()
    return (*([leader] if leader else []), *descendants.left())


def stop_group(pid: int, identity: str, grace_s: float) -> bool:
    """End the group and session of `pid` and all its descendants: INT, TERM, then KILL.

    INT and TERM have `grace_s` each; an interrupted agent ends its tools itself. A process that
    leads no group (an agent's interactive screen) is in ours or a shell's: it and its descendants
    receive TERM and KILL one by one. Returns True if nothing is left. If the leader has ended, only
    processes with the mark of a `run_identity` are signalled: its pid may belong to another group
    now.
    """
    started, _, mark = identity.partition(";")
    leader = pid if _is_leader(pid, started) else 0
    if not leader and not mark:
        return True
    if leader and not _leads_group(leader):
        alone = Descendants(leader, mark, leads=False)
        return end_group(0, grace_s=grace_s, clock=time.monotonic, descendants=alone)
    descendants = Descendants(leader, mark)
    descendants.look()
    signal_group(leader, signal.SIGINT)
    until = time.monotonic() + grace_s
    while time.monotonic() < until and is_populated(leader):
        time.sleep(_CHECK_S)
    return end_group(leader, grace_s=grace_s, clock=time.monotonic, descendants=descendants)


def _leads_group(pid: int) -> bool:
    try:
        return os.getpgid(pid) == pid
    except OSError:  # it has ended, and there is no group to signal
        return True


def _is_leader(pid: int, started: str) -> bool:
    return bool(started) and process_identity(pid) == started


def _boot() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()[:8]
    except OSError:
        return "unknown"
