"""Telling a process from a later one with the same number, and ending what clinvk left behind.

Needed when clinvk itself was killed (`kill -9`, out of memory) and the agent it had started still
runs: the next clinvk finds its number and identity in the session's lock.
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
    """When process `pid` was started, as an opaque word; None if there is no such process.

    The same number with the same word is the same process: the word holds the boot as well, since
    start times count from there.
    """
    stat = find(pid) if pid > 0 else None
    if stat is None or stat.is_dead:
        return None
    return f"{_boot()}-{stat.started}" if has_proc() else stat.started


def run_identity(pid: int, mark: str) -> str:
    """The identity of process `pid` together with the mark that its descendants carry."""
    return f"{process_identity(pid) or ''};{mark}"


def is_alive(pid: int, identity: str) -> bool:
    """Whether exactly that process still runs; a zombie does not.

    With a `run_identity`: whether it runs or anything that carries its mark.
    """
    started, _, mark = identity.partition(";")
    return _is_leader(pid, started) or is_marked_left(mark)


def processes_of(pid: int, identity: str) -> tuple[int, ...]:
    """Exactly that process, if it still runs, and what it started, as far as that can be seen."""
    started, _, mark = identity.partition(";")
    leader = pid if _is_leader(pid, started) else 0
    descendants = Descendants(leader, mark)
    descendants.look()
    return (*([leader] if leader else []), *descendants.left())


def stop_group(pid: int, identity: str, grace_s: float) -> bool:
    """End the group and session that `pid` leads and all it started: INT, TERM, then KILL.

    INT and TERM have `grace_s` each; an agent that is interrupted ends its tools itself. What leads
    no group (an agent's own screen) shares ours or a shell's: it and what it started get TERM and
    KILL, each on its own. True when nothing is left. If the leader is another process by now, or
    gone, only what carries the mark of a `run_identity` is touched: its number may have been given
    to somebody else's group.
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
    except OSError:  # it is gone: so is nobody's group
        return True


def _is_leader(pid: int, started: str) -> bool:
    return bool(started) and process_identity(pid) == started


def _boot() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()[:8]
    except OSError:
        return "unknown"
