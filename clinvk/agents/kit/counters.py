"""Telling what one run used from counters that may cover the run or the whole conversation.

Which of the two an agent means depends on its version, so it is told from the figures: the run's
own main figure is known, and only one reading of the counters can give it exactly. Counters may
also hold more than the main figure (a sub-agent, a summary, a title); where both readings then
fit, the answer is "not known", never a guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from clinvk.agents.kit.jsonl import count
from clinvk.model.events import Json
from clinvk.model.usage import UNKNOWN_USAGE, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What was billed, each kind by itself.

    `fresh` input was neither read from a cache nor written to one.
    """

    fresh: int = 0
    cached: int = 0
    cache_write: int = 0
    output: int = 0

    def __add__(self, other: "Tokens") -> "Tokens":
        return Tokens(**{name: getattr(self, name) + getattr(other, name) for name in _KINDS})

    def minus(self, other: "Tokens") -> "Tokens | None":
        """The difference, None where it would be negative."""
        rest = {name: getattr(self, name) - getattr(other, name) for name in _KINDS}
        return None if min(rest.values()) < 0 else Tokens(**rest)

    def usage(self, reasoning: int | None = None) -> Usage:
        """The same figures in clinvk's words."""
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
    """All models together."""
    return sum(models.values(), start=Tokens())


@dataclass(frozen=True, slots=True)
class Reading:
    """What a run used, and whether it is the counters' difference rather than the counters."""

    models: ByModel
    difference: bool


def run_of(
    reported: ByModel, before: ByModel | None, main: Tokens, *, habit: bool | None = None
) -> Reading | None:
    """What this run of a resumed conversation used, None where that cannot be told.

    `reported` are the counters after the run, `before` those after an earlier one (None if there
    are none) and `main` what the run's main requests used, of which the counters hold at least as
    much. `habit` is what `Reading.difference` was when this version last proved it: it decides
    where the figures by themselves fit both ways.
    """
    readings = [Reading(reported, difference=False)]
    added = _difference(reported, before) if before else None
    if added is not None and total(added) != total(reported):
        readings.append(Reading(added, difference=True))
    fitting = [each for each in readings if total(each.models).minus(main) is not None]
    for proof in (
        [each for each in fitting if total(each.models) == main],
        [each for each in fitting if main in each.models.values()] if before else [],
        # Only with an earlier figure does the failing of one reading prove the other.
        fitting if before else [],
        [each for each in fitting if each.difference is habit],
    ):
        if len(proof) == 1:
            return proof[0]
    return None


def _difference(reported: ByModel, before: ByModel) -> ByModel | None:
    """What was added per model; None where one went down, as a running total never does."""
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
    """The difference of running totals, field by field; `names` says which counter is which field.

    Unknown as a whole without totals from before, and once any total went down: then they began
    anew or mean something else now, and the rest would only look like figures.
    """
    figures: dict[str, int | None] = {}
    for field, name in names.items():
        after, earlier = count(now.get(name)), count((before or {}).get(name))
        figures[field] = None if after is None or earlier is None else after - earlier
    if any(figure is not None and figure < 0 for figure in figures.values()):
        return UNKNOWN_USAGE
    return Usage(**figures)
