"""What a child has started, wherever it went: the part that its process group does not hold.

Agents start each shell tool in a session of its own, and on SIGTERM or SIGKILL they leave it
running. Two tracks lead to it. The mark: the child gets a variable of its own, which whatever it
starts inherits; that track holds when every process in between is dead, but not for a program that
clears its environment, and only /proc shows it. The parents: that track holds for all, but only
while the chain is whole, so it has to be followed before the first signal.

To look takes about 3 ms for 150 processes, and is done only when something is being stopped.
"""

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import suppress

from clinvk.process.table import ProcessStat, find, has_proc, iter_stats

RUN_MARK = "CLINVK_RUN"
"""The variable; its value is one word a run, after the mark of the run that this one is part of."""

_MARK_BYTES = 6


def new_mark(environ: Mapping[str, str]) -> str:
    """A mark for a run that is started from `environ`: who looks for the outer finds the inner."""
    outer = environ.get(RUN_MARK, "")
    return ".".join([*([outer] if outer else []), os.urandom(_MARK_BYTES).hex()])


class Descendants:
    """The processes that come from `leader` or carry `mark`, as far as they were ever seen.

    `leader` itself is among them only if it leads no group of its own: else it is signalled with
    that. Neither are we, nor those we come from. 0 for `leader` is nobody, "" for `mark` none.
    """

    def __init__(self, leader: int, mark: str, *, leads: bool = True) -> None:
        self.leader = leader
        self._leads = leads
        self._leader_started: str | None = None
        self._mark = mark
        self._seen: dict[int, str] = {}

    def look(self) -> None:
        """Remember whoever is there now; to be called before each signal."""
        table = dict(iter_stats())
        if self._leader_started is None:
            self._leader_started = table[self.leader].started if self.leader in table else ""
        spared = {*([self.leader] if self._leads else []), *_line_of(os.getpid(), table)}
        children: dict[int, list[int]] = {}
        for pid, stat in table.items():
            children.setdefault(stat.parent, []).append(pid)
        found = {pid for pid in table if self._mark and pid not in spared and self._carries(pid)}
        known = {pid for pid, started in self._seen.items() if _is(table.get(pid), started)}
        unasked = [*found, *known]
        leader = table.get(self.leader)
        if leader is not None and leader.started == self._leader_started:
            unasked.append(self.leader)
            found |= set() if self._leads else {self.leader} - spared
        while unasked:
            fresh = {pid for pid in children.get(unasked.pop(), ()) if pid not in found | spared}
            found |= fresh
            unasked += fresh
        self._seen.update((pid, table[pid].started) for pid in found)

    def any_left(self) -> bool:
        """Whether anyone that was seen still runs."""
        return next(self._left(), None) is not None

    def left(self) -> tuple[int, ...]:
        """Those that were seen and still run."""
        return tuple(sorted(self._left()))

    def signal(self, number: signal.Signals) -> None:
        """Send `number` to each that is left; a stopped one is woken up to take it."""
        for pid in list(self._left()):
            # No permission: it took another user's rights.
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
                os.kill(pid, signal.SIGCONT)

    def _left(self) -> Iterator[int]:
        return (pid for pid, started in self._seen.items() if _is(find(pid), started))

    def _carries(self, pid: int) -> bool:
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123  for every process
                environ = b"\0" + file.read() + b"\0"
        except OSError:  # it is gone, or somebody else's
            return False
        sought = f"\0{RUN_MARK}={self._mark}".encode()
        return sought + b"\0" in environ or sought + b"." in environ


def is_marked_left(mark: str) -> bool:
    """Whether anything that carries `mark` still runs; never without /proc."""
    if not mark or not has_proc():
        return False
    marked = Descendants(0, mark)
    marked.look()
    return marked.any_left()


def _is(stat: ProcessStat | None, started: str) -> bool:
    return stat is not None and not stat.is_dead and stat.started == started


def _line_of(pid: int, table: Mapping[int, ProcessStat]) -> set[int]:
    """The process and those it comes from."""
    line: set[int] = set()
    while pid in table and pid not in line:
        line.add(pid)
        pid = table[pid].parent
    return line
