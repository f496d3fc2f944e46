"""Reads what the answers of a turn used: each answer has its own tokens, cost and model."""

from collections.abc import Mapping

from clinvk.agents.kit.counters import Tokens
from clinvk.agents.kit.jsonl import amount, count, mapping, text
from clinvk.agents.kit.spending import PricedSum
from clinvk.model.events import Json


class Spent(PricedSum):
    """The input excludes caches, the output includes the reasoning."""

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


def model_name(said: Mapping[str, Json], key: str = "id") -> str | None:
    """The model with its provider, in the form that `--model` takes; None if it has none."""
    provider, model = text(said.get("provider")), text(said.get(key))
    return f"{provider}/{model}" if provider and model and model != "unknown" else None
