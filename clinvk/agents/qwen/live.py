"""Follows a turn in which qwen asks, over the Agent Client Protocol; tested with 0.24.4."""

from collections.abc import Mapping

from clinvk.agents.kit.acp.client import AcpParser, Dialect
from clinvk.agents.kit.acp.tools import ToolCall
from clinvk.agents.kit.counters import Tokens
from clinvk.agents.kit.json_rpc import Line
from clinvk.agents.kit.jsonl import items, mapping, text
from clinvk.agents.qwen.dialect import DIALECT
from clinvk.agents.qwen.running_total import tokens, usage_of
from clinvk.model.request import TurnRequest
from clinvk.model.usage import Usage

_DIALECT = Dialect(
    words=DIALECT.words,
    noise=DIALECT.noise,
    resume="session/resume",  # `session/load` repeats the history
    mode="default",  # its own default writes without asking
    stops_when_denied=True,
)


class QwenLiveParser(AcpParser):
    """What is different: names of tools, and a request's figures beside its answer.

    They leave out its other requests (to keep a memory), so the turn's are in its own file.
    """

    def __init__(self, request: TurnRequest) -> None:
        super().__init__(request, _DIALECT)
        self._used = Tokens()

    def tool_name(self, call: ToolCall) -> str:
        """The name that it gives beside each report."""
        return text(call.meta.get("toolName")) or super().tool_name(call)

    def model_name(self, session: Line) -> str | None:
        """The model's name, as its option takes it; the id has the provider in it."""
        models = mapping(session.get("models"))
        named: Mapping[str, str] = {
            text(mapping(one).get("modelId")): text(mapping(one).get("name"))
            for one in items(models.get("availableModels"))
        }
        return named.get(text(models.get("currentModelId"))) or None

    def note_usage(self, update: Line) -> Usage | None:
        """The sum of the figures so far."""
        used = mapping(mapping(update.get("_meta")).get("usage"))
        counted = tokens(
            {
                "input_tokens": used.get("inputTokens"),
                "cache_read_input_tokens": used.get("cachedReadTokens"),
                "output_tokens": used.get("outputTokens"),
            }
        )
        if counted is None:
            return None
        self.steps += 1
        self._used += counted
        return usage_of(self._used)
