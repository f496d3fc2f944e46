"""Computes what a turn used and cost, from the figures of its `result` lines.

`usage` covers the main requests of one result; sub-agents, summaries and titles are only in
`modelUsage`, per model and with the cost. `modelUsage` and `total_cost_usd` cover the run or, in
later versions, the conversation; those also have `model_usage_since_last_result`, which adds up to
the run. One run can have several results: a background task that ends starts another.
"""

from collections.abc import Mapping

from clinvk.agents.kit.counters import ByModel, Reading, Tokens, infer_run_usage, total
from clinvk.agents.kit.jsonl import amount, count, mapping
from clinvk.agents.kit.spending import main_tokens, tokens_of
from clinvk.model.events import Json
from clinvk.model.usage import UNKNOWN_USAGE, Usage

_MODEL_FIGURES = {
    "fresh": "inputTokens",
    "cached": "cacheReadInputTokens",
    "cache_write": "cacheCreationInputTokens",
    "output": "outputTokens",
}


class Spending:
    """Adds up the results of one run.

    `before` are the counters of an earlier run; `before_is_last` if no other run followed it.
    """

    def __init__(
        self, *, resumed: bool, before: Mapping[str, Json] | None, before_is_last: bool = True
    ) -> None:
        self.version = ""
        """The agent's version: how one version counts proves nothing about another."""
        self._resumed = resumed
        self._before = mapping(before)
        self._before_is_last = before_is_last
        self._cumulative: bool | None = None
        self._main: Tokens | None = None
        self._main_reasoning: int | None = None
        self._since: list[Mapping[str, Json]] | None = []
        self._models: Mapping[str, Json] = {}
        self._cost: float | None = None

    def add(self, result: Mapping[str, Json]) -> None:
        """Add the next result line."""
        if (main := main_tokens(mapping(result.get("usage")))) is not None:
            self._main = main if self._main is None else self._main + main
            details = mapping(mapping(result.get("usage")).get("output_tokens_details"))
            reasoning = count(details.get("thinking_tokens"))
            if reasoning is not None:
                self._main_reasoning = (self._main_reasoning or 0) + reasoning
        since = result.get("model_usage_since_last_result")
        if isinstance(since, dict) and self._since is not None:
            self._since.append(since)
        else:
            self._since = None
        self._models = mapping(result.get("modelUsage"))
        self._cost = amount(result.get("total_cost_usd"))

    @property
    def counters(self) -> Mapping[str, Json] | None:
        """What the next turn needs to know, after `sum_up`; None if nothing was counted."""
        models = {
            name: {key: figures.get(key) for key in _MODEL_FIGURES.values()}
            for name, figures in self._models.items()
            if isinstance(figures, dict)
        }
        if not models:
            return None
        return {
            "modelUsage": models,
            "total_cost_usd": self._cost,
            "cumulative": self._cumulative
            if self._cumulative is not None
            else self._earlier_cumulative(),
            "version": self.version,
        }

    def sum_up(self, *, answered: bool) -> tuple[Usage, float | None]:
        """This run's usage and cost; `answered` says whether a model said anything.

        Figures of zero after an answer mean that the agent lost count (2.1.197, a cut connection).
        """
        if self._main is None:
            return UNKNOWN_USAGE, None
        spent = self._of_run(self._main)
        if spent is None or (answered and spent[0] == Tokens()):
            return UNKNOWN_USAGE, None
        used, cost = spent
        return used.usage(self._reasoning()), None if cost is None else round(cost, 10)

    def _of_run(self, main: Tokens) -> tuple[Tokens, float | None] | None:
        """Tokens and cost; None if more than `main` was used and the amount is unknown."""
        if self._since:
            used = sum((total(_by_model(part)) for part in self._since), start=Tokens())
            # 2.1.332 leaves out an answer that broke off, which is in `usage`.
            return None if used.minus(main) is None else (used, _cost_of(self._since))
        reported = _by_model(self._models)
        if total(reported).minus(main) is None:
            return main, None
        if not self._resumed:
            return total(reported), self._cost
        models = self._before.get("modelUsage")
        before = _by_model(models) if isinstance(models, dict) else None
        cumulative = self._earlier_cumulative()
        if cumulative and not self._before_is_last:
            cumulative = None  # the difference would include a run in between that reported nothing
        reading = infer_run_usage(reported, before, main, cumulative=cumulative)
        if reading is None:
            return None
        self._cumulative = reading.difference if before else None
        return total(reading.models), self._cost_by(reading)

    def _cost_by(self, reading: Reading) -> float | None:
        if not reading.difference or self._cost is None:
            return self._cost
        before = amount(self._before.get("total_cost_usd"))
        return None if before is None or before > self._cost else self._cost - before

    def _earlier_cumulative(self) -> bool | None:
        cumulative = self._before.get("cumulative")
        known = isinstance(cumulative, bool) and self._before.get("version") == self.version
        return cumulative if known else None

    def _reasoning(self) -> int | None:
        if not self._since:
            return self._main_reasoning
        figures = [
            count(mapping(model).get("thinkingTokens"))
            for part in self._since
            for model in part.values()
        ]
        known = [figure for figure in figures if figure is not None]
        return sum(known) if known else self._main_reasoning


def _by_model(models: Mapping[str, Json]) -> ByModel:
    return {name: tokens_of(mapping(figures), _MODEL_FIGURES) for name, figures in models.items()}


def _cost_of(parts: list[Mapping[str, Json]]) -> float | None:
    costs = [amount(mapping(model).get("costUSD")) for part in parts for model in part.values()]
    known = [cost for cost in costs if cost is not None]
    return sum(known, start=0.0) if len(known) == len(costs) else None
