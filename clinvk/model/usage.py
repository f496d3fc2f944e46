"""What a turn cost, in tokens and money; `None` means "not known", never zero."""

from collections.abc import Iterable, Mapping

from msgspec import Struct


class Usage(Struct, frozen=True, kw_only=True):
    """Tokens of one turn or several, with the same meaning for every backend.

    `cached_tokens` (read from a cache) and `cache_write_tokens` are parts of `input_tokens`,
    `reasoning_tokens` is a part of `output_tokens`.
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
        """The token counts by their published names, in the published order, with the total."""
        return {name: getattr(self, name) for name in FIGURES if name != "cost_usd"}

    @property
    def known(self) -> bool:
        """Whether any figure is known."""
        return any(getattr(self, name) is not None for name in self.__struct_fields__)


UNKNOWN_USAGE = Usage()

FIGURES = (*Usage.__struct_fields__, "total_tokens", "cost_usd")
"""The names of all figures that a turn may report, including the total."""

FigureCounts = Mapping[str, int]
"""How many turns reported each of the `FIGURES`."""

NO_FIGURES: FigureCounts = dict.fromkeys(FIGURES, 0)


def counted(counts: FigureCounts, usage: Usage, cost_usd: float | None) -> FigureCounts:
    """The counts plus one turn that reported these figures."""
    known = {name: getattr(usage, name) is not None for name in FIGURES if name != "cost_usd"}
    known["cost_usd"] = cost_usd is not None
    return {name: counts[name] + known[name] for name in FIGURES}


def total_usage(parts: Iterable[Usage]) -> Usage:
    """The sum of each field over the parts that know it; None if no part does."""
    sums: dict[str, int | None] = dict.fromkeys(Usage.__struct_fields__)
    for part in parts:
        for name, so_far in sums.items():
            value = getattr(part, name)
            if value is not None:
                sums[name] = (so_far or 0) + value
    return Usage(**sums)
