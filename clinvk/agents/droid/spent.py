"""What a turn used: its own tokens and those of its sub-agents."""

from msgspec.structs import replace

from clinvk.agents.kit.counters import Tokens
from clinvk.agents.kit.json_rpc import Line
from clinvk.agents.kit.jsonl import count, mapping
from clinvk.model.events import Json
from clinvk.model.usage import UNKNOWN_USAGE, Usage

_NOTHING = Tokens()


class Spent:
    """Adds up the turn's prompts; the agent's own figures are exact for each.

    `factoryCredits` are no money, so there is no cost.
    """

    def __init__(self) -> None:
        self._before = self._own = _NOTHING
        self.counted = True
        """Whether the last answer was counted; 0.215.0 takes one that broke off for a whole one."""
        self._sum, self._reasoning = _NOTHING, 0
        self._complete = True

    def begin(self, result: Line) -> None:
        """Note what the conversation used before, as the response to its opening says."""
        self._before = _tokens(result.get("inclusiveTokenUsage")) or _NOTHING
        self._own = _tokens(result.get("tokenUsage")) or _NOTHING

    def so_far(self, told: Line) -> Usage:
        """What the turn used so far, by a total of the whole conversation."""
        self._own = _tokens(told.get("tokenUsage")) or self._own
        total = _tokens(told.get("inclusiveTokenUsage"))
        used = None if total is None else total.minus(self._before)
        if used is None or used == _NOTHING:
            return UNKNOWN_USAGE
        return replace(used.usage(), cache_write_tokens=used.cache_write or None)

    def add(self, told: Line) -> None:
        """Add what a prompt used, as its end says."""
        own, child = told.get("tokenUsage"), told.get("childTokenUsage")
        total = _tokens(told.get("cumulativeTokenUsage"))
        self.counted, self._own = total != self._own, total or self._own
        used = _tokens(own)
        if used is None:
            self._complete = False
            return
        self._sum += used
        self._reasoning += count(mapping(own).get("thinkingTokens")) or 0
        if (more := _tokens(child)) is not None:
            self._sum += more
            self._reasoning += count(mapping(child).get("thinkingTokens")) or 0

    @property
    def usage(self) -> Usage:
        """The sum; unknown if nothing was counted."""
        if not self._complete or self._sum == _NOTHING:
            return UNKNOWN_USAGE
        # It also reports 0 if the service has no figure for it.
        used = self._sum.usage(self._reasoning or None)
        return replace(used, cache_write_tokens=used.cache_write_tokens or None)


def _tokens(told: Json) -> Tokens | None:
    """The counters, None if there are none; those of its input leave out the cached tokens."""
    counted = mapping(told)
    fresh, output = count(counted.get("inputTokens")), count(counted.get("outputTokens"))
    if fresh is None or output is None:
        return None
    return Tokens(
        fresh=fresh,
        cached=count(counted.get("cacheReadTokens")) or 0,
        cache_write=count(counted.get("cacheCreationTokens")) or 0,
        output=output,
    )
