"""What is different in grok's `streaming-messages-json`; `kit.stream_json` reads it."""

import re
from collections.abc import Mapping

from clinvk.agents.grok.failures import DIALECT, LOST_ITS_END, plain_words
from clinvk.agents.grok.figures import told_usage
from clinvk.agents.grok.tool_output import readable, structure_of
from clinvk.agents.kit.counters import Tokens
from clinvk.agents.kit.jsonl import items, mapping, text
from clinvk.agents.kit.spending import main_tokens
from clinvk.agents.kit.stream_json import Line, StreamJsonParser
from clinvk.model.events import Event, Failed, Json, StopReason
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.request import TurnRequest
from clinvk.model.usage import UNKNOWN_USAGE, Usage

_CANCELLED = re.compile(r"User cancelled the execution for tool `(\w+)`")
_DENIED = re.compile(
    r"Tool `(\w+)` was not executed: [Dd]enied by"
    r"|Tool not found: (run_terminal_command|search_replace|write|monitor|spawn_subagent)\b"
)
_TRUNCATED = "max_tokens_truncation"


class _Spending:
    """What the run used: its main requests and those of sub-agents, but not the title's."""

    def __init__(self) -> None:
        self.version = ""
        self._used: Tokens | None = None

    def add(self, result: Mapping[str, Json]) -> None:
        """Add a result line; figures of zero mean that it does not know them."""
        used = main_tokens(mapping(result.get("usage")))
        if used is not None and used != Tokens():
            self._used = used if self._used is None else self._used + used

    def sum_up(self, *, answered: bool) -> tuple[Usage, float | None]:
        """The sum; never a cost."""
        del answered
        if self._used is None:
            return UNKNOWN_USAGE, None
        return told_usage(self._used), None

    @property
    def counters(self) -> None:
        """Nothing: a result counts its own run."""
        return


class GrokParser(StreamJsonParser):
    """What is different: results of tools as JSON, and a turn that ends where it would ask."""

    def __init__(self, request: TurnRequest) -> None:
        self._spent = _Spending()
        super().__init__(request, DIALECT, self._spent)
        self._stopped_at = ""
        self._counted = True

    def _system(self, entry: Line) -> list[Event] | None:
        if entry.get("subtype") == "init" and entry.get("session_id") == "":
            return []  # it did not get as far as a session
        return super()._system(entry)

    def _stream_event(self, entry: Line) -> list[Event] | None:
        event = mapping(entry.get("event"))
        if event.get("type") == "message_delta":
            used = main_tokens(mapping(event.get("usage")))
            self._counted = used is not None and used != Tokens()
            if not self._counted:
                return []
        return super()._stream_event(entry)

    def _user(self, entry: Line) -> list[Event] | None:
        message = mapping(entry.get("message"))
        if not message:
            return None
        events: list[Event] = []
        for block in map(mapping, items(message.get("content"))):
            if block.get("type") == "tool_result":
                events += self._tool_result(block)
        return events

    def _tool_result(self, block: Line) -> list[Event]:
        output = text(block.get("content"))
        structure, said = structure_of(output), readable(output)
        failed = block.get("is_error") is True or structure.failed
        told = {**block, "content": said, "is_error": failed}
        events = self._tools.result(told, structure.change)
        if not failed:
            return events
        cancelled, denied = _CANCELLED.search(said[:1_000]), _DENIED.search(said[:1_000])
        if cancelled:
            self._stopped_at = cancelled[1]
        if found := cancelled or denied:
            tool = next(filter(None, found.groups()))
            events += self._tools.deny(text(block.get("tool_use_id")), tool)
        return events

    def _end(self, entry: Line) -> list[Event] | None:
        errors = [text(error) for error in items(entry.get("errors"))]
        if any(_TRUNCATED in error for error in errors):  # an answer that is too long is one
            entry = {**entry, "subtype": "success", "is_error": False, "errors": []}
        elif errors:
            entry = {**entry, "errors": [plain_words(error) for error in errors]}
        if self._stopped_at and entry.get("stop_reason") == "cancelled":
            return self._end_with(entry, _needs_permission(self._stopped_at))
        if entry.get("stop_reason") == "end_turn" and not self._counted:
            return self._end_with(entry, LOST_ITS_END)
        return super()._end(entry)

    def _end_with(self, entry: Line, why: Failure) -> list[Event]:
        self._active = False
        self._spending.add(entry)
        self._outcome = self._result(self._answer.last_text, StopReason.ERROR, why)
        return [Failed(failure=why)]


def _needs_permission(tool: str) -> Failure:
    return Failure(
        code=FailureCode.AGENT_FAILED,
        message=f"the turn ended because `{tool}` needs a permission, and it cannot ask here",
        hint="choose `--access ask`, `edit` or `full`",
    )
