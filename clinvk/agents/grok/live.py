"""Follows a turn in which grok asks, over the Agent Client Protocol; tested with 1.0.41."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from clinvk.agents.base import Reply
from clinvk.agents.grok.failures import DIALECT, LOST_ITS_END, plain_words
from clinvk.agents.grok.figures import tokens_of_prompt, told_usage
from clinvk.agents.kit.acp.client import AcpParser, Dialect
from clinvk.agents.kit.acp.tools import ToolCall
from clinvk.agents.kit.counters import Tokens
from clinvk.agents.kit.json_rpc import Line, Notification
from clinvk.agents.kit.jsonl import mapping, text
from clinvk.agents.kit.spending import main_tokens
from clinvk.model.events import Event, Result, StopReason, UsageReported
from clinvk.model.failure import Failure
from clinvk.model.request import TurnRequest

_OWN = ("_x.ai/", "x.ai/")
"""The prefixes of notifications that only it has."""

_DIALECT = Dialect(
    words=DIALECT.words,
    noise=DIALECT.noise,
    resume="session/resume",  # `session/load` repeats the history
    stops_when_denied=True,
)


class GrokLiveParser(AcpParser):
    """What is different: names of tools, and notifications of its own, which have the figures."""

    def __init__(self, request: TurnRequest) -> None:
        super().__init__(request, _DIALECT)
        self._used = self._seen = Tokens()
        self._known = False
        self._counted = True

    def tool_name(self, call: ToolCall) -> str:
        """The name that it gives beside each report."""
        named = text(mapping(call.meta.get("x.ai/tool")).get("name"))
        return named or super().tool_name(call)

    def note_prompt(self, result: Line) -> None:
        """Add the prompt's figures, whose input includes what was read from a cache."""
        used = mapping(mapping(result.get("_meta")).get("usage"))
        tokens = tokens_of_prompt(used)
        self._known = tokens is not None and (self._known or self.prompts <= 1)
        self._used += tokens or Tokens()

    def ended(self, told: Result) -> Result:
        """The result with the sum of its prompts' figures."""
        if told.failure is None and not self._counted:
            return replace(told, stop_reason=StopReason.ERROR, failure=LOST_ITS_END)
        return replace(told, usage=told_usage(self._used)) if self._known else told

    def _fail(self, why: Failure) -> Iterator[Event | Reply]:
        yield from super()._fail(replace(why, message=plain_words(why.message)))

    def _notified(self, message: Notification) -> Iterable[Event | Reply] | None:
        if not message.method.startswith(_OWN):
            return super()._notified(message)
        update = mapping(message.params.get("update"))
        if text(update.get("sessionUpdate")) != "response_completed" or not self.prompts:
            return ()
        self.steps += 1
        self.updates.end_message()
        used = main_tokens(mapping(update.get("usage")))
        self._counted = used is not None
        if used is None:
            return ()
        self._seen += used
        return (UsageReported(usage=told_usage(self._seen)),)
