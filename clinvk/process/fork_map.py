"""Divides work that only reads and computes among forked copies of this process.

A copy already has everything in memory, so it starts in a millisecond: no module is imported again,
and only its result is sent.
"""

import os
import pickle
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

Part = TypeVar("Part")
Result = TypeVar("Result")


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def fork_map(work: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
    """The results of `work` for each part, in order; the first is computed here, others in copies.

    `work` must not change anything, and its results must be picklable. A part whose copy cannot be
    started or dies is computed here, and so are all parts if there are other threads, because a
    copy would not have them. No copy remains, even if this process is interrupted.
    """
    if threading.active_count() > 1:
        return [work(part) for part in parts]
    copies: list[_Copy[Result]] = []
    try:
        copies.extend(_Copy(work, part) for part in parts[1:])
        results = [work(part) for part in parts[:1]]
        for copy, part in zip(copies, parts[1:], strict=True):
            found = copy.results()
            results.append(found[0] if found else work(part))
        return results
    finally:
        for copy in copies:
            copy.stop()


class _Copy(Generic[Result]):
    """A copy of this process that works on one part."""

    def __init__(self, work: Callable[[Part], Result], part: Part) -> None:
        self._pid = 0
        self._pipe, end = os.pipe()
        try:
            self._pid = os.fork()
        except OSError:  # too many processes, or too little memory
            self._pid = -1
        if self._pid == 0:
            _work_and_exit(end, work, part)
        os.close(end)

    def results(self) -> list[Result]:
        """The result in a list; an empty list if there is none."""
        with open(self._pipe, "rb", closefd=False) as pipe:
            content = pipe.read()
        # The data comes from this program, so it can be trusted.
        with suppress(EOFError, pickle.UnpicklingError):
            return [pickle.loads(content)]  # noqa: S301
        return []

    def stop(self) -> None:
        """Kill and reap the copy."""
        os.close(self._pipe)
        if self._pid > 0:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(self._pid, 0)


def _work_and_exit(end: int, work: Callable[[Part], Result], part: Part) -> None:
    """Do the work, send the result and exit without any exit hooks, which must not run twice."""
    try:
        with open(end, "wb") as pipe:
            pickle.dump(work(part), pipe, pickle.HIGHEST_PROTOCOL)
    finally:
        os._exit(0)
