"""Follows a turn in which gemini asks, over the Agent Client Protocol; tested with 0.61.0."""

from msgspec.structs import replace

from clinvk.agents.gemini.failures import DIALECT
from clinvk.agents.kit.acp.client import AcpParser, Dialect
from clinvk.agents.kit.acp.tools import ToolCall
from clinvk.agents.kit.failures import failure
from clinvk.agents.kit.json_rpc import Line
from clinvk.agents.kit.jsonl import count, mapping
from clinvk.model.events import Result, StopReason
from clinvk.model.failure import FailureCode
from clinvk.model.request import TurnRequest

_DIALECT = Dialect(
    words=DIALECT.words,
    noise=DIALECT.noise,
    mode="default",
    late_history=True,
    whole_thoughts=True,
)


class GeminiLiveParser(AcpParser):
    """What is different: names of tools, and figures without thoughts and cached tokens.

    Those are in its session log: `counters` says what they have to agree with.
    """

    def __init__(self, request: TurnRequest) -> None:
        super().__init__(request, _DIALECT)
        self._given = self._output = 0
        self._complete = True

    def tool_name(self, call: ToolCall) -> str:
        """The name before the call's number."""
        name = call.id.rpartition("__")[0] or super().tool_name(call)
        self._complete = self._complete and name not in DIALECT.searching
        return name

    def model_name(self, session: Line) -> str | None:
        """The model; it asks a model which model to use if that is `auto`, and counts neither."""
        name = super().model_name(session)
        self._complete = name is not None and not name.startswith("auto")
        return name

    def note_prompt(self, result: Line) -> None:
        """Add the prompt's figures."""
        tokens = mapping(mapping(mapping(result.get("_meta")).get("quota")).get("token_count"))
        given, output = count(tokens.get("input_tokens")), count(tokens.get("output_tokens"))
        self._complete = self._complete and bool(given) and output is not None
        self._given, self._output = self._given + (given or 0), self._output + (output or 0)

    def ended(self, told: Result) -> Result:
        """The result; an answer without words is a failure that it does not call one."""
        if told.failure is None and not self.updates.in_message:
            why = failure(FailureCode.SERVER_ERROR, "the model's answer was empty")
            return replace(told, stop_reason=StopReason.ERROR, failure=why)
        if not self._complete or told.failure is not None:
            return told
        figures = {"input_tokens": self._given, "output_tokens": self._output}
        return replace(told, counters={**figures, "prompts": self.prompts})
