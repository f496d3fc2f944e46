"""Telling a process from a later one with the same number, and ending what clinvk left behind.

Needed when clinvk itself was killed (`kill -9`, out of memory) and the agent it had started still
runs: the next clinvk finds its number and identity in the session's lock.
"""

import subprocess
import time
from pathlib import Path

from clinvk.process.group import end_group, read_stat

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def process_identity(pid: int) -> str | None:
    """When process `pid` was started, as an opaque word; None if there is no such process.

    The same number with the same word is the same process: the word holds the boot as well, since
    start times count from there.
    """
    if pid <= 0:
        return None
    if not Path("/proc/self/stat").exists():
        return _identity_by_ps(pid)
    stat = read_stat(pid)
    return f"{_boot()}-{stat.started_ticks}" if stat and not stat.is_dead else None


def is_alive(pid: int, identity: str) -> bool:
    """Whether exactly that process still runs; a zombie does not."""
    return bool(identity) and process_identity(pid) == identity


def stop_group(pid: int, identity: str, grace_s: float) -> bool:
    """End the process group and session that `pid` leads: TERM, `grace_s`, KILL.

    True when nothing of it is left. If the leader is another process by now, or gone, nothing is
    touched: its number may have been given to somebody else's group.
    """
    if not is_alive(pid, identity):
        return True
    return end_group(pid, grace_s=grace_s, clock=time.monotonic)


def _boot() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()[:8]
    except OSError:
        return "unknown"


def _identity_by_ps(pid: int) -> str | None:
    found = subprocess.run(
        ("/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        env={"LC_ALL": "C"},
    )
    state, _, started = found.stdout.decode("ascii", errors="replace").strip().partition(" ")
    return started.strip() or None if not state.startswith("Z") else None
