"""Adds up what the steps of a turn used; each step reports its own tokens and cost."""

from collections.abc import Mapping

from clinvk.agents.kit.counters import Tokens
from clinvk.agents.kit.jsonl import amount, count, mapping, text
from clinvk.agents.kit.spending import PricedSum
from clinvk.model.events import Json

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


class StepSum(PricedSum):
    """Adds up steps; their figures exclude caches from the input and reasoning from the output."""

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
        self._reasoning = (self._reasoning or 0) + reasoning
        self._cost += amount(step.get("cost")) or 0.0
