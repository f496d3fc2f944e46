"""The figures of single requests, and what adds up those of a whole run."""

from collections.abc import Mapping
from typing import Protocol

from msgspec.structs import replace

from clinvk.agents.kit.counters import Tokens
from clinvk.agents.kit.jsonl import count
from clinvk.model.events import Json
from clinvk.model.usage import UNKNOWN_USAGE, Usage

_MAIN_FIGURES = {
    "fresh": "input_tokens",
    "cached": "cache_read_input_tokens",
    "cache_write": "cache_creation_input_tokens",
    "output": "output_tokens",
}


class SpendingSum(Protocol):
    """Adds up the `result` lines of a run."""

    version: str

    def add(self, result: Mapping[str, Json]) -> None:
        """Add the next result line."""

    def sum_up(self, *, answered: bool) -> tuple[Usage, float | None]:
        """This run's usage and cost."""

    @property
    def counters(self) -> Mapping[str, Json] | None:
        """What the next turn needs to know; valid after `sum_up`."""


def main_tokens(usage: Mapping[str, Json]) -> Tokens | None:
    """The own figures of one request or result; None if input or output is missing."""
    if count(usage.get("input_tokens")) is None or count(usage.get("output_tokens")) is None:
        return None
    return tokens_of(usage, _MAIN_FIGURES)


def tokens_of(figures: Mapping[str, Json], names: Mapping[str, str]) -> Tokens:
    """The tokens of each kind by the names of their fields; a missing one is 0."""
    return Tokens(**{kind: count(figures.get(name)) or 0 for kind, name in names.items()})


class PricedSum:
    """What the answers of a turn used, where each has its own tokens and cost."""

    def __init__(self) -> None:
        self._used = Tokens()
        self._reasoning: int | None = None
        self._cost = 0.0
        self._complete = True

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
