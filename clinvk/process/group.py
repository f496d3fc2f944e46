"""Signals and ends a child's process group, which the child leads in its own session.

The group's number is not used again while the group has a process, so signals by number are safe
even after its leader has ended. Processes that moved to another group of the same session (as
coreutils `timeout` does) are found through /proc, if it exists.

Processes that also left the session are kept if the child ended by itself: one may be a server that
the agent was asked to start. If the child was stopped or killed, all its `Descendants` are ended
with the group.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from clinvk.process.descendants import Descendants, signal_process
from clinvk.process.table import ProcessStat, has_proc, iter_members

_GONE_CHECK_S = 0.02
_KILLED_S = 0.5
"""How long the kernel may take to remove killed processes."""


def signal_group(leader: int, number: signal.Signals) -> None:
    """Send the signal to the whole group; stopped processes are continued to receive it."""
    if leader <= 0:  # would be our own group, or all processes
        return
    # No permission: a member runs as another user; the others have received the signal.
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
    """Send TERM, then KILL after `grace_s`, to the rest of the leader's group and session.

    Also to `descendants`, if given. Returns True if no process is left. A zombie of the leader has
    to be reaped by its parent.
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
            signal_process(pid, number)


def is_populated(leader: int) -> bool:
    """Whether the leader's group has a process; with /proc, also its session."""
    if leader <= 0:  # no group
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
        return  # 0 is the session of processes outside a container
    for pid, stat in iter_members(leader):
        if not stat.is_dead:
            yield pid, stat
