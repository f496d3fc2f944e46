"""The least that a run's main requests used, as its `stream_event` lines show it.

If an answer breaks off, the agent repeats the request by itself and counts it wrongly: 2.1.197
leaves it out, 2.1.332 counts one token of output. What was billed for it is unknown, so the figures
of such a run are unknown, and also those of a run that reports less than was seen.
"""

from collections.abc import Mapping

from clinvk.agents.kit.counters import Tokens
from clinvk.agents.kit.jsonl import count
from clinvk.agents.kit.spending import main_tokens
from clinvk.model.events import Json
from clinvk.model.usage import Usage


class SeenRequests:
    """Follows the answers of one run; answers without figures are ignored."""

    def __init__(self) -> None:
        self._earlier = self._current = Tokens()
        self._first: Mapping[str, Json] = {}
        self._open = self._broken = False

    def begin(self, usage: Mapping[str, Json]) -> None:
        """Note that an answer begins; `usage` are its first figures."""
        self._broken = self._broken or self._open
        self._earlier, self._current = self._earlier + self._current, Tokens()
        self._first, self._open = usage, main_tokens(usage) is not None

    def report(self, usage: Mapping[str, Json], *, ended: bool) -> Usage | None:
        """Note the answer's figures so far, the final ones if it `ended`.

        Returns what all requests used so far, None if this one has no figures.
        """
        # Some gateways send 0 for a figure that the start of the answer has.
        told = {name: value for name, value in usage.items() if count(value) != 0}
        tokens = main_tokens({**usage, **self._first, **told})
        if tokens is None:
            return None
        self._current, self._open = tokens, self._open and not ended
        return (self._earlier + tokens).usage()

    def disprove(self, told: Usage) -> bool:
        """Whether `told` cannot be the run's usage: an answer broke off, or it is too low."""
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
