"""What a turn cost, in tokens and money; `None` is "not known" and is never taken for zero."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one turn, or of several.

    One vocabulary for every backend: `cached_tokens` (read from a cache) and `cache_write_tokens`
    are parts of `input_tokens`, `reasoning_tokens` is a part of `output_tokens`.
    """

    input_tokens: int | None = None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None

    @property
    def total_tokens(self) -> int | None:
        """Input and output together; None unless both are known."""
        if self.input_tokens is None or self.output_tokens is None:
            return None
        return self.input_tokens + self.output_tokens

    @property
    def figures(self) -> dict[str, int | None]:
        """The figures by their published names, in their published order, with their total."""
        return {name: getattr(self, name) for name in FIGURES if name != "cost_usd"}

    @property
    def known(self) -> bool:
        """Whether there is any figure at all."""
        return any(getattr(self, field.name) is not None for field in fields(self))


UNKNOWN_USAGE = Usage()

FIGURES = (*(field.name for field in fields(Usage)), "total_tokens", "cost_usd")
"""The names of what a turn may tell about its cost, the total included."""

FigureCounts = Mapping[str, int]
"""How many turns told each of the `FIGURES`."""

NO_FIGURES: FigureCounts = dict.fromkeys(FIGURES, 0)


def counted(told: FigureCounts, usage: Usage, cost_usd: float | None) -> FigureCounts:
    """The counts with one more turn that told these figures."""
    known = {name: getattr(usage, name) is not None for name in FIGURES if name != "cost_usd"}
    known["cost_usd"] = cost_usd is not None
    return {name: told[name] + known[name] for name in FIGURES}


def total_usage(parts: Iterable[Usage]) -> Usage:
    """The sum field by field, over the parts that know the field; None where none does."""
    sums: dict[str, int | None] = {field.name: None for field in fields(Usage)}
    for part in parts:
        for name, so_far in sums.items():
            value = getattr(part, name)
            if value is not None:
                sums[name] = (so_far or 0) + value
    return Usage(**sums)
