"""What a run's main requests used at least, as its stream of `stream_event` lines shows them.

An agent loses count of an answer that broke off, and asks again by itself: 2.1.197 leaves it out,
2.1.332 counts it with one token of output. Nobody knows what it was billed, so a run with such an
answer has figures that nobody knows, and so has one of which less is told than was seen.
"""

from collections.abc import Mapping

from clinvk.agents.kit.counters import Tokens
from clinvk.agents.kit.jsonl import count
from clinvk.agents.kit.spending import main_tokens
from clinvk.model.events import Json
from clinvk.model.usage import Usage


class SeenRequests:
    """Follows the answers of one run; those without figures are not looked at."""

    def __init__(self) -> None:
        self._earlier = self._current = Tokens()
        self._first: Mapping[str, Json] = {}
        self._open = self._broken = False

    def begin(self, usage: Mapping[str, Json]) -> None:
        """An answer begins; `usage` is what it says of itself at first."""
        self._broken = self._broken or self._open
        self._earlier, self._current = self._earlier + self._current, Tokens()
        self._first, self._open = usage, main_tokens(usage) is not None

    def report(self, usage: Mapping[str, Json], *, ended: bool) -> Usage | None:
        """Take in the figures of the answer so far, which are its last ones if it `ended`.

        What all requests used so far, None where this one does not tell.
        """
        # Some gateways put a 0 where the beginning has the figure.
        told = {name: value for name, value in usage.items() if count(value) != 0}
        tokens = main_tokens({**usage, **self._first, **told})
        if tokens is None:
            return None
        self._current, self._open = tokens, self._open and not ended
        return (self._earlier + tokens).usage()

    def disprove(self, told: Usage) -> bool:
        """Whether these cannot be the run's figures: an answer broke off, or they are too low."""
        seen = (self._earlier + self._current).usage()
        return (
            self._broken
            or self._open
            or _below(told.input_tokens, seen.input_tokens)
            or _below(told.cached_tokens, seen.cached_tokens)
            or _below(told.cache_write_tokens, seen.cache_write_tokens)
            or _below(told.output_tokens, seen.output_tokens)
        )


def _below(told: int | None, seen: int | None) -> bool:
    return told is not None and seen is not None and told < seen
