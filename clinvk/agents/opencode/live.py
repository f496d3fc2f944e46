"""Follows a turn in which opencode asks, over the Agent Client Protocol; tested with 1.18.33."""

from msgspec.structs import replace

from clinvk.agents.kit.acp.client import AcpParser, Dialect
from clinvk.agents.kit.failures import Words
from clinvk.agents.kit.json_rpc import Line
from clinvk.agents.kit.jsonl import items, mapping, text
from clinvk.model.events import Result
from clinvk.model.failure import FailureCode
from clinvk.model.request import TurnRequest

_GONE = (r"^OpenCode service failure$", FailureCode.CONVERSATION_GONE)
"""All that it says if it cannot resume a session; the service looks whether it is there."""


class LiveParser(AcpParser):
    """What is different: it tells the figures of the last step only.

    So the turn's are in its database: `counters` says how many prompts they are for.
    """

    def __init__(self, request: TurnRequest, words: Words, noise: str) -> None:
        dialect = Dialect(
            words=(*words, _GONE),
            noise=noise,
            resume="session/resume",  # `session/load` repeats the history
            details_follow=True,
            stops_when_denied=True,
        )
        super().__init__(request, dialect)

    def model_name(self, session: Line) -> str | None:
        """The model in the session's options."""
        for option in map(mapping, items(session.get("configOptions"))):
            if option.get("id") == "model":
                return text(option.get("currentValue")) or None
        return None

    def ended(self, told: Result) -> Result:
        """The result with the number of prompts that the figures in its database are for."""
        return replace(told, counters={"prompts": self.prompts})
