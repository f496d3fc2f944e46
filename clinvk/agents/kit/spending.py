"""The figures of single requests, and what adds up those of a whole run."""

from collections.abc import Mapping
from typing import Protocol

from clinvk.agents.kit.counters import Tokens
from clinvk.agents.kit.jsonl import count
from clinvk.model.events import Json
from clinvk.model.usage import Usage

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
