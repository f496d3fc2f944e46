"""What work costs, counted instead of timed: the same work always costs the same.

Two things are counted: the instructions of Python that run, and the memory that is taken, if only
for a moment. The first shows loops, the second copies: a text that is joined again for each of its
pieces takes its whole length each time.
"""

import sys
import tracemalloc
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

_MOST = 1.3
"""What twice the work may cost of twice the cost, because some things grow in steps."""

_TRIES = 3
"""A table of the interpreter's own may grow in one of them, whatever the work is."""

_SMALL = 1 << 12
"""A step that takes less copies nothing that grows with the run."""


def steps_of(work: Callable[[], object]) -> int:
    """How many of Python's instructions the work takes."""
    steps = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal steps
        del argument
        if event == "call":
            frame.f_trace_lines, frame.f_trace_opcodes = False, True
        elif event == "opcode":
            steps += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return steps


def memory_of(parts: Iterable[Callable[[], object]]) -> int:
    """How many bytes the parts take, each by itself, given back or not."""
    taken = 0
    tracemalloc.start()
    try:
        for part in parts:
            tracemalloc.reset_peak()
            before, _ = tracemalloc.get_traced_memory()
            part()
            _, peak = tracemalloc.get_traced_memory()
            taken += peak - before if peak - before > _SMALL else 0
    finally:
        tracemalloc.stop()
    return taken


def in_proportion(cost: Callable[[int], int], count: int, *, besides: int = 0) -> bool:
    """Whether twice the count costs twice as much; where it is squared, it costs four times that.

    `besides` is what may be there or not, whatever the count is.
    """
    cost(1)  # what is imported once
    return any(cost(2 * count) < 2 * _MOST * cost(count) + besides for _ in range(_TRIES))
