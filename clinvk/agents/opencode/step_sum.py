"""Adds up what the steps of a turn used; each step reports its own tokens and cost."""

from collections.abc import Mapping

from msgspec.structs import replace

from clinvk.agents.kit.counters import Tokens
from clinvk.agents.kit.jsonl import amount, count, mapping, text
from clinvk.model.events import Json
from clinvk.model.usage import UNKNOWN_USAGE, Usage

SUB_AGENT_TOOL = "task"
"""The tool that starts a sub-agent, whose own steps are not reported."""

_KNOWN_REASONS = frozenset({"stop", "length", "tool-calls", "content-filter"})


def was_cut_off(step: Mapping[str, Json]) -> bool:
    """Whether the step ended before its answer was complete.

    The agent reports the same reason for that and for a reason of the service that it does not
    know; only the latter was billed.
    """
    return not known_end(step) and not count(mapping(step.get("tokens")).get("output"))


def known_end(step: Mapping[str, Json]) -> bool:
    """Whether the step ended for a reason that the agent knows."""
    return text(step.get("reason")) in _KNOWN_REASONS


class StepSum:
    """Adds up steps; their figures exclude caches from the input and reasoning from the output."""

    def __init__(self) -> None:
        self._used = Tokens()
        self._reasoning = 0
        self._cost = 0.0
        self._complete = True

    def add(self, step: Mapping[str, Json]) -> None:
        """Add the end of a step."""
        tokens = mapping(step.get("tokens"))
        cache = mapping(tokens.get("cache"))
        reasoning = count(tokens.get("reasoning")) or 0
        fresh, output = count(tokens.get("input")), count(tokens.get("output"))
        if fresh is None or output is None or not known_end(step):
            self.mark_incomplete()
        self._used += Tokens(
            fresh=fresh or 0,
            cached=count(cache.get("read")) or 0,
            cache_write=count(cache.get("write")) or 0,
            output=(output or 0) + reasoning,
        )
        self._reasoning += reasoning
        self._cost += amount(step.get("cost")) or 0.0

    def mark_incomplete(self) -> None:
        """Note that something was used that no step reports."""
        self._complete = False

    @property
    def usage(self) -> Usage:
        """The sum; unknown if a step was cut off or a sub-agent was used."""
        if self._used == Tokens() or not self._complete:
            return UNKNOWN_USAGE
        used = self._used.usage(self._reasoning)
        # It also reports 0 if the service has no figure for it.
        return replace(used, cache_write_tokens=used.cache_write_tokens or None)

    @property
    def cost_usd(self) -> float | None:
        """The sum; None if it is 0, because the agent reports 0 for a model without a price."""
        return round(self._cost, 10) or None if self.usage.known else None
