"""Reads what the answers of a turn used: each answer has its own tokens, cost and model."""

from collections.abc import Mapping

from msgspec.structs import replace

from clinvk.agents.kit.counters import Tokens
from clinvk.agents.kit.jsonl import amount, count, mapping, text
from clinvk.model.events import Json
from clinvk.model.usage import UNKNOWN_USAGE, Usage


class Spent:
    """The sum; the input excludes caches, the output includes the reasoning."""

    def __init__(self) -> None:
        self._used = Tokens()
        self._reasoning: int | None = None
        self._cost = 0.0
        self._complete = True

    def add(self, usage: Json) -> None:
        """Add the figures of an answer, or of a summary."""
        told = mapping(usage)
        fresh, output = count(told.get("input")), count(told.get("output"))
        if fresh is None or output is None:
            self.mark_incomplete()
        self._used += Tokens(
            fresh=fresh or 0,
            cached=count(told.get("cacheRead")) or 0,
            cache_write=count(told.get("cacheWrite")) or 0,
            output=output or 0,
        )
        if (reasoning := count(told.get("reasoning"))) is not None:
            self._reasoning = (self._reasoning or 0) + reasoning
        self._cost += amount(mapping(told.get("cost")).get("total")) or 0.0

    def add_failed(self, usage: Json, *, refused: bool) -> None:
        """Add a failed answer: the service bills none that it refused, but one that it cut off."""
        if not refused:
            self.add(usage)
            self.mark_incomplete()

    def mark_incomplete(self) -> None:
        """Note that something was used that no figure tells."""
        self._complete = False

    @property
    def usage(self) -> Usage:
        """The sum; unknown if anything is missing in it."""
        if self._used == Tokens() or not self._complete:
            return UNKNOWN_USAGE
        used = self._used.usage(self._reasoning)
        # It also reports 0 if the service has no figure for it.
        return replace(used, cache_write_tokens=used.cache_write_tokens or None)

    @property
    def cost_usd(self) -> float | None:
        """The sum; None if it is 0, because the agent reports 0 for a model without a price."""
        return round(self._cost, 10) or None if self.usage.known else None


def model_name(said: Mapping[str, Json], key: str = "id") -> str | None:
    """The model with its provider, in the form that `--model` takes; None if it has none."""
    provider, model = text(said.get("provider")), text(said.get(key))
    return f"{provider}/{model}" if provider and model and model != "unknown" else None
