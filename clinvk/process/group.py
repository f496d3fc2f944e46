"""A child and what it started: one process group, led by the child in a session of its own.

The group's number stays taken as long as anybody is in it, so signalling it by number is safe even
after its leader is gone. What moved to another group of the same session (coreutils `timeout` does)
is found through /proc where there is one.

What left the session as well is let be when the child has ended by itself: it may be a server that
the agent was asked to start. When the child is stopped, or was killed, nothing of it stays: then
its `Descendants` are ended along with the group.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from clinvk.process.descendants import Descendants
from clinvk.process.table import ProcessStat, has_proc, iter_stats

_GONE_CHECK_S = 0.02
_KILLED_S = 0.5
"""How long the kernel may take to remove what was killed."""


def signal_group(leader: int, number: signal.Signals) -> None:
    """Send `number` to the whole group; a stopped process is woken up to take it."""
    if leader <= 0:  # that would be our own group, or everybody
        return
    # No permission: a member took another user's rights, and the others have got the signal.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)
        if number is not signal.SIGKILL:
            os.killpg(leader, signal.SIGCONT)


def end_group(
    leader: int,
    *,
    grace_s: float,
    clock: Callable[[], float],
    descendants: Descendants | None = None,
) -> bool:
    """TERM, then KILL after `grace_s`, to whoever is left of the leader's group and session.

    With `descendants` to those as well. True when nothing is left. The leader's own zombie, if it
    has one, is its parent's to reap.
    """

    def any_left() -> bool:
        return is_populated(leader) or (descendants is not None and descendants.any_left())

    for number, wait_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, _KILLED_S)):
        if descendants is not None:
            descendants.look()
        if not any_left():
            return True
        signal_group(leader, number)
        _signal_strayed(leader, number)
        if descendants is not None:
            descendants.signal(number)
        until = clock() + wait_s
        while clock() < until and any_left():
            time.sleep(_GONE_CHECK_S)
    return not any_left()


def _signal_strayed(leader: int, number: signal.Signals) -> None:
    if not has_proc():
        return
    for pid, stat in list(_members(leader)):
        if stat.group != leader:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
                os.kill(pid, signal.SIGCONT)


def is_populated(leader: int) -> bool:
    """Whether anybody is left of the leader's group; with /proc, of its session as well."""
    if leader <= 0:  # nobody
        return False
    if has_proc():
        return next(_members(leader), None) is not None
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _members(leader: int) -> Iterator[tuple[int, ProcessStat]]:
    if leader <= 0:
        return  # 0 is the session of whatever runs outside a container
    for pid, stat in iter_stats():
        if leader in (stat.group, stat.session) and not stat.is_dead:
            yield pid, stat
