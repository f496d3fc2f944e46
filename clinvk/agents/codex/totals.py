"""The running totals of a thread: a turn's own figures are the difference of two."""

from collections.abc import Mapping

from clinvk.agents.kit.jsonl import count
from clinvk.model.events import Json
from clinvk.model.request import TurnRequest

Line = Mapping[str, Json]

FIGURES = {
    "input_tokens": "input_tokens",
    "cached_tokens": "cached_input_tokens",
    "cache_write_tokens": "cache_write_input_tokens",
    "output_tokens": "output_tokens",
    "reasoning_tokens": "reasoning_output_tokens",
}


def baseline(request: TurnRequest) -> Line | None:
    """The thread's totals before this turn: zero for a new thread, None if they are unknown.

    A turn that was killed or failed used tokens too, but it ended without a report of the totals.
    """
    if not request.resume:
        return dict.fromkeys(FIGURES.values(), 0)
    return request.counters if request.baseline_known else None


def totals(usage: Line) -> dict[str, int]:
    """The totals in the agent's report; those that are no counts are left out."""
    return {
        name: figure for name in FIGURES.values() if (figure := count(usage.get(name))) is not None
    }
