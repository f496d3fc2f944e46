"""Computes what a run used if the agent's `result` counts the whole conversation so far.

A run's main requests are reported one by one; other requests of the agent (to keep a memory) are
only in the total. So the usage of a run is the difference to the previous total. Without that it is
unknown, because the other requests cannot be separated from what an earlier turn used.
"""

from collections.abc import Mapping

from clinvk.agents.kit.counters import Tokens, infer_run_usage, total
from clinvk.agents.kit.jsonl import count, mapping
from clinvk.model.events import Json
from clinvk.model.request import TurnRequest
from clinvk.model.usage import UNKNOWN_USAGE, Usage

_ALL = ""
"""The totals are not separated by model."""


class RunningTotal:
    """Follows one run; `answer` adds each main request, `add` the result."""

    def __init__(self, request: TurnRequest) -> None:
        self.version = ""
        self._before = baseline(request)
        self._main = Tokens()
        self._total: Tokens | None = None

    def answer(self, usage: Mapping[str, Json]) -> Usage:
        """Add a request's own figures; returns what the main requests used so far."""
        self._main += tokens(usage) or Tokens()
        return usage_of(self._main)

    def add(self, result: Mapping[str, Json]) -> None:
        """Add a result line; the last one is used."""
        self._total = tokens(mapping(result.get("usage"))) or self._total

    @property
    def counters(self) -> Mapping[str, Json] | None:
        """The total, from which the next turn starts."""
        if self._total is None:
            return None
        kinds = self._total
        return {
            "input_tokens": kinds.fresh + kinds.cached,
            "cache_read_input_tokens": kinds.cached,
            "output_tokens": kinds.output,
        }

    def sum_up(self, *, answered: bool) -> tuple[Usage, float | None]:
        """The difference of the totals, unknown if the figures contradict it; never a cost."""
        if self._total is None or self._before is None:
            return UNKNOWN_USAGE, None
        # Earlier versions (0.15) counted each run separately: then the main figure does not match.
        before = {_ALL: self._before} if self._before != Tokens() else None
        cumulative = before is not None
        reading = infer_run_usage({_ALL: self._total}, before, self._main, cumulative=cumulative)
        if reading is None:
            return UNKNOWN_USAGE, None
        used = total(reading.models)
        return (UNKNOWN_USAGE if answered and used == Tokens() else usage_of(used)), None


def used_since(counters: Mapping[str, Json], request: TurnRequest) -> Usage:
    """What was added to the total since the request; unknown without an earlier total."""
    now, before = tokens(counters), baseline(request)
    added = now.minus(before) if now is not None and before is not None else None
    return UNKNOWN_USAGE if added is None else usage_of(added)


def tokens(usage: Mapping[str, Json]) -> Tokens | None:
    """The figures, whose input includes what was read from a cache; None if there are none."""
    everything, output = count(usage.get("input_tokens")), count(usage.get("output_tokens"))
    if everything is None or output is None:
        return None
    cached = min(count(usage.get("cache_read_input_tokens")) or 0, everything)
    return Tokens(fresh=everything - cached, cached=cached, output=output)


def usage_of(used: Tokens) -> Usage:
    """The usage; such an agent does not report cache writes and reasoning."""
    return Usage(
        input_tokens=used.fresh + used.cached,
        cached_tokens=used.cached,
        output_tokens=used.output,
    )


def baseline(request: TurnRequest) -> Tokens | None:
    """The total before this turn, None if a turn that was cut off may have added to it."""
    if not request.resume:
        return Tokens()
    return tokens(request.counters or {}) if request.baseline_known else None
