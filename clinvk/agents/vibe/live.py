"""Follows a turn in which vibe asks, over the Agent Client Protocol; tested with 3.0.2."""

from msgspec.structs import replace

from clinvk.agents.kit.acp.client import AcpParser, Dialect
from clinvk.agents.kit.acp.tools import ToolCall
from clinvk.agents.kit.jsonl import text
from clinvk.agents.vibe.entries import NOISE, WORDS, tool_name
from clinvk.agents.vibe.settings import NAME
from clinvk.model.events import Result
from clinvk.model.request import TurnRequest

_DIALECT = Dialect(words=WORDS, noise=NOISE, mode=NAME)


class VibeLiveParser(AcpParser):
    """What is different: names of tools. The figures are in its journal, as for other turns."""

    def __init__(self, request: TurnRequest) -> None:
        super().__init__(request, _DIALECT)

    def tool_name(self, call: ToolCall) -> str:
        """The name that it gives beside each report."""
        return tool_name(text(call.meta.get("tool_name"))) or super().tool_name(call)

    def ended(self, told: Result) -> Result:
        """The result with the number of prompts that the figures in its journal are for."""
        return replace(told, counters={"prompts": self.prompts})
