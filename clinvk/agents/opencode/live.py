"""Follows a turn in which opencode asks, over the Agent Client Protocol; tested with 1.18.33."""

from collections.abc import Iterator

from msgspec.structs import replace

from clinvk.agents.base import Reply
from clinvk.agents.kit.acp.client import AcpParser, Dialect
from clinvk.agents.kit.failures import Words
from clinvk.agents.kit.json_rpc import Line
from clinvk.agents.kit.jsonl import items, mapping, text
from clinvk.model.events import Event, Result
from clinvk.model.failure import Failure, FailureCode
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
        self._effort = request.effort
        self._levels: Line = {}
        """The session's option for the effort, as its model offers it."""

    def model_name(self, session: Line) -> str | None:
        """The model in the session's options."""
        for option in map(mapping, items(session.get("configOptions"))):
            if option.get("id") == "model":
                return text(option.get("currentValue")) or None
        return None

    def _opened(self, result: Line) -> Iterator[Event | Reply]:
        """As the client; an effort that the model does not offer is refused."""
        options = map(mapping, items(result.get("configOptions")))
        found = (one for one in options if one.get("category") == "thought_level")
        self._levels = next(found, {})
        offered = [text(mapping(one).get("value")) for one in items(self._levels.get("options"))]
        if self._effort is not None and self._effort.value not in offered:
            levels = ", ".join(one for one in offered if one != "default") or "none"
            words = f"the model has no effort `{self._effort.value}`; it has: {levels}"
            hint = "choose another model with `-m`, or leave `--effort` out"
            yield from self._fail(
                Failure(code=FailureCode.OPTION_REFUSED, message=words, hint=hint)
            )
            return
        yield from super()._opened(result)

    def _prompt(self, words: str) -> Reply:
        """The prompt, after the effort is set."""
        if self._effort is None:
            return super()._prompt(words)
        params = {
            "sessionId": self._session,
            "configId": text(self._levels.get("id")),
            "value": self._effort.value,
        }
        self._effort = None
        return self._rpc.request("session/set_config_option", params, "mode")

    def ended(self, told: Result) -> Result:
        """The result with the number of prompts that the figures in its database are for."""
        return replace(told, counters={"prompts": self.prompts})
