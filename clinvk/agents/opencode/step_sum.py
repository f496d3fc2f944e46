"""What the steps of a turn used together, each of which tells its own tokens and its price."""

from collections.abc import Mapping
from dataclasses import replace

from clinvk.agents.kit.counters import Tokens
from clinvk.agents.kit.jsonl import amount, count, mapping, text
from clinvk.model.events import Json
from clinvk.model.usage import UNKNOWN_USAGE, Usage

HELPER = "task"
"""The tool that starts a sub-agent, whose own steps are not told."""

_WHOLE = frozenset({"stop", "length", "tool-calls", "content-filter"})


def broke_off(step: Mapping[str, Json]) -> bool:
    """Whether the step ended before its answer did.

    The agent has one word for that and for an end that the service gave a word of its own; only
    such an end was billed.
    """
    return not known_end(step) and not count(mapping(step.get("tokens")).get("output"))


def known_end(step: Mapping[str, Json]) -> bool:
    """Whether the step ended for a reason that the agent knows."""
    return text(step.get("reason")) in _WHOLE


class StepSum:
    """Adds up steps; its figures exclude caches from the input and reasoning from the output."""

    def __init__(self) -> None:
        self._used = Tokens()
        self._reasoning = 0
        self._cost = 0.0
        self._whole = True

    def add(self, step: Mapping[str, Json]) -> None:
        """Take the end of a step."""
        tokens = mapping(step.get("tokens"))
        cache = mapping(tokens.get("cache"))
        reasoning = count(tokens.get("reasoning")) or 0
        fresh, output = count(tokens.get("input")), count(tokens.get("output"))
        if fresh is None or output is None or not known_end(step):
            self.miss()
        self._used += Tokens(
            fresh=fresh or 0,
            cached=count(cache.get("read")) or 0,
            cache_write=count(cache.get("write")) or 0,
            output=(output or 0) + reasoning,
        )
        self._reasoning += reasoning
        self._cost += amount(step.get("cost")) or 0.0

    def miss(self) -> None:
        """Something was used that no step tells of."""
        self._whole = False

    @property
    def usage(self) -> Usage:
        """The sum; unknown where a step broke off or a sub-agent had its own."""
        if self._used == Tokens() or not self._whole:
            return UNKNOWN_USAGE
        used = self._used.usage(self._reasoning)
        # 0 is also what it says where the service has no word for it.
        return replace(used, cache_write_tokens=used.cache_write_tokens or None)

    @property
    def cost_usd(self) -> float | None:
        """The sum; a model without a price costs 0 by the agent's word, which is not known."""
        return round(self._cost, 10) or None if self.usage.known else None
