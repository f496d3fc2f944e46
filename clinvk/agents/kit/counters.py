"""Computes what one run used from counters that may cover the run or the whole conversation.

Which of the two an agent reports depends on its version, so it is inferred from the figures: the
run's own main figure is known, and only one reading of the counters can match it exactly. Counters
may also include more than the main figure (a sub-agent, a summary, a title); if both readings are
then possible, the answer is "unknown", never a guess.
"""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import fields

from clinvk.agents.kit.jsonl import count
from clinvk.model.events import Json
from clinvk.model.usage import UNKNOWN_USAGE, Usage


class Tokens(Struct, frozen=True, kw_only=True):
    """Billed tokens, counted separately by kind.

    `fresh` input was neither read from a cache nor written to one.
    """

    fresh: int = 0
    cached: int = 0
    cache_write: int = 0
    output: int = 0

    def __add__(self, other: "Tokens") -> "Tokens":
        return Tokens(**{name: getattr(self, name) + getattr(other, name) for name in _KINDS})

    def minus(self, other: "Tokens") -> "Tokens | None":
        """The difference, None if it would be negative."""
        rest = {name: getattr(self, name) - getattr(other, name) for name in _KINDS}
        return None if min(rest.values()) < 0 else Tokens(**rest)

    def usage(self, reasoning: int | None = None) -> Usage:
        """The same figures as clinvk's `Usage`."""
        return Usage(
            input_tokens=self.fresh + self.cached + self.cache_write,
            cached_tokens=self.cached,
            cache_write_tokens=self.cache_write,
            output_tokens=self.output,
            reasoning_tokens=reasoning,
        )


_KINDS = tuple(each.name for each in fields(Tokens))

ByModel = Mapping[str, Tokens]


def total(models: ByModel) -> Tokens:
    """The sum over all models."""
    return sum(models.values(), start=Tokens())


class Reading(Struct, frozen=True):
    """What a run used, and whether that is a difference of the counters or the counters as such."""

    models: ByModel
    difference: bool


def infer_run_usage(
    reported: ByModel, before: ByModel | None, main: Tokens, *, cumulative: bool | None = None
) -> Reading | None:
    """What this run of a resumed conversation used, None if that cannot be determined.

    `reported` are the counters after the run, `before` those after an earlier one (None if there
    are none), and `main` is what the run's main requests used; the counters include at least that.
    `cumulative` is the value of `Reading.difference` when this version last proved it: it decides
    if the figures alone allow both readings.
    """
    readings = [Reading(reported, difference=False)]
    added = _difference(reported, before) if before else None
    if added is not None and total(added) != total(reported):
        readings.append(Reading(added, difference=True))
    fitting = [each for each in readings if total(each.models).minus(main) is not None]
    for proof in (
        [each for each in fitting if total(each.models) == main],
        [each for each in fitting if main in each.models.values()] if before else [],
        # If one reading is impossible, that proves the other only with an earlier figure.
        fitting if before else [],
        [each for each in fitting if each.difference is cumulative],
    ):
        if len(proof) == 1:
            return proof[0]
    return None


def _difference(reported: ByModel, before: ByModel) -> ByModel | None:
    """What was added per model; None if a figure decreased, which a running total never does."""
    added = {}
    for model in {*reported, *before}:
        more = reported.get(model, Tokens()).minus(before.get(model, Tokens()))
        if more is None:
            return None
        if more != Tokens():
            added[model] = more
    return added


def usage_since(
    now: Mapping[str, Json], before: Mapping[str, Json] | None, names: Mapping[str, str]
) -> Usage:
    """The difference of running totals, field by field; `names` maps fields to counters.

    All of it is unknown without earlier totals, or if any total decreased: then the counters were
    reset or changed their meaning, and the other figures would be wrong too.
    """
    figures: dict[str, int | None] = {}
    for field, name in names.items():
        after, earlier = count(now.get(name)), count((before or {}).get(name))
        figures[field] = None if after is None or earlier is None else after - earlier
    if any(figure is not None and figure < 0 for figure in figures.values()):
        return UNKNOWN_USAGE
    return Usage(**figures)
