"""Reads the `--json` output of headless runs of a thread: one event per line.

Its token counts are running totals of the whole thread, so a turn's own figures are a difference.
In versions before 0.98 they are those of the run. The stream does not show which of the two it is,
but only the later versions also count reasoning: without that, a resumed turn's figures come from
the thread's own file (`Rollouts.totals_before_last_turn`).

A run can have a further turn after its `turn.completed`, so the `Result` comes from `finish`.
"""

from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from clinvk.agents.base import Parser
from clinvk.agents.codex.failures import NOISE, WORDS, failure_of, stop_reason_of
from clinvk.agents.codex.thread_items import (
    CALLS,
    ITEMS,
    call_of,
    call_result,
    file_changes,
    item_kind,
    text_events,
)
from clinvk.agents.codex.totals import FIGURES, baseline, totals
from clinvk.agents.kit.answer import missing_value_warning
from clinvk.agents.kit.counters import usage_since
from clinvk.agents.kit.failures import (
    Words,
    failure_at_exit,
    without_conversation_gone,
)
from clinvk.agents.kit.jsonl import mapping, one_line, parse_json, parse_object, text
from clinvk.agents.kit.recovery import recovering
from clinvk.model.events import (
    Event,
    Failed,
    Init,
    Json,
    Raw,
    Result,
    StopReason,
    Warned,
)
from clinvk.model.failure import Failure
from clinvk.model.request import TurnRequest
from clinvk.model.usage import UNKNOWN_USAGE, Usage

Line = Mapping[str, Json]

_FIRST_SIGNAL_CODE = 128
"""Exit codes from here on are signals: clinvk ends an agent that does not exit after its answer."""

_SCHEMA_OPTION = "--output-schema"
"""The option that requires a schema for the last message, which then is only JSON."""


class ThreadParser(Parser):
    """Reads `thread.*`, `turn.*`, `item.*` and `error` lines; the end of a turn has its result."""

    def __init__(self, request: TurnRequest) -> None:
        self._baseline = baseline(request)
        self._resumed = request.resume
        self._model = request.model
        self._has_schema = any(
            arg.partition("=")[0] == _SCHEMA_OPTION for arg in request.backend_args
        )
        self._init: Init | None = None
        self._answer = ""
        self._started: set[str] = set()
        self._last_error: Failure | None = None
        self._outcome: Result | None = None
        self._settled = self._finished = self._begun = False
        self._readers: Mapping[str, Callable[[Line], list[Event] | None]] = {
            "thread.started": self._begin,
            "turn.started": self._turn_started,
            "item.started": self._item_started,
            "item.updated": lambda entry: [] if item_kind(entry) in ITEMS else None,
            "item.completed": self._item_completed,
            "turn.completed": self._completed,
            "turn.failed": self._failed,
            "error": self._error,
        }

    @recovering
    def feed(self, line: str) -> Iterable[Event]:
        """The events of one line; all lines between two turns become `Raw`."""
        if self._finished or not line.strip():
            return []
        entry = parse_object(line)
        kind = "" if entry is None else text(entry.get("type"))
        reader = None if self._settled and kind != "turn.started" else self._readers.get(kind)
        events = reader(entry) if entry is not None and reader else None
        return [Raw(line=line)] if events is None else events

    @property
    def settled(self) -> bool:
        """Whether the last line ended a turn."""
        return self._settled

    def finish(self, exit_code: int | None, stderr_tail: str) -> Iterable[Event]:
        """The last turn's result, or the failure if the agent did not end the turn."""
        if self._finished:
            return []
        self._finished = True
        if self._outcome is None or not self._settled:
            why = failure_at_exit(exit_code, stderr_tail, self._words, NOISE)
            cut = self._result(StopReason.ERROR, self._last_error or why)
            if self._outcome is None:
                return [cut]
            note = "the agent ended in the middle of a further turn"
            return [Warned(message=note), replace(cut, text=self._outcome.text or cut.text)]
        notes = missing_value_warning(self._outcome) if self._has_schema else []
        if (
            self._outcome.failure is None
            and exit_code is not None
            and 0 < exit_code < _FIRST_SIGNAL_CODE
        ):
            note = f"the agent exited with {exit_code} after its answer was complete"
            notes = [Warned(message=note), *notes]
        return [*notes, self._outcome]

    def _begin(self, entry: Line) -> list[Event] | None:
        thread = text(entry.get("thread_id"))
        if not thread:
            return None
        if self._init is not None and self._init.backend_session_id == thread:
            return []
        self._init = Init(backend_session_id=thread, model=self._model)
        return [self._init]

    def _turn_started(self, entry: Line) -> list[Event]:
        del entry
        self._begun, self._settled, self._last_error = True, False, None
        return []

    @property
    def _words(self) -> Words:
        """The phrases of its errors; after a turn began, the thread cannot be missing."""
        return without_conversation_gone(WORDS) if self._begun else WORDS

    def _item_started(self, entry: Line) -> list[Event] | None:
        kind, item = item_kind(entry), mapping(entry.get("item"))
        if kind not in ITEMS:
            return None
        return self._use(item) if kind in CALLS else []

    def _item_completed(self, entry: Line) -> list[Event] | None:
        kind, item = item_kind(entry), mapping(entry.get("item"))
        if kind not in ITEMS:
            return None
        if kind in CALLS:
            before = [] if text(item.get("id")) in self._started else self._use(item)
            return [*before, *call_result(item)]
        if kind == "file_change":
            return file_changes(item)
        events = text_events(item)
        if kind == "agent_message" and events:
            self._answer = text(item.get("text"))
        return events

    def _use(self, item: Line) -> list[Event]:
        self._started.add(text(item.get("id")))
        return [call_of(item)]

    def _completed(self, entry: Line) -> list[Event]:
        self._settled = True
        counters = totals(mapping(entry.get("usage")))
        # Without its id it may be another thread, whose totals say nothing about this one.
        named = self._init is not None and FIGURES["reasoning_tokens"] in counters
        of_thread = not self._resumed or named
        usage = usage_since(counters, self._baseline, FIGURES) if of_thread else UNKNOWN_USAGE
        result = self._result(StopReason.END_TURN, None, usage=usage, counters=counters or None)
        if self._has_schema and self._answer:
            result = replace(result, structured=parse_json(self._answer))
        self._outcome = result
        return []

    def _failed(self, entry: Line) -> list[Event]:
        """Handle a failed turn; the answer of an earlier turn of this run stays valid."""
        self._settled = True
        words = text(mapping(entry.get("error")).get("message"))
        why = (
            failure_of(words, self._words)
            if words or self._last_error is None
            else self._last_error
        )
        if self._outcome is not None and self._outcome.failure is None:
            self._outcome = replace(self._outcome, usage=UNKNOWN_USAGE)
            return [Warned(message=f"a further turn of the agent failed: {why.message}")]
        events: list[Event] = [] if why == self._last_error else [Failed(failure=why)]
        self._outcome = self._result(stop_reason_of(why), why)
        return events

    def _error(self, entry: Line) -> list[Event]:
        words = text(entry.get("message"))
        if words.startswith("Reconnecting..."):
            return [Warned(message=one_line(words), code="retry")]
        self._last_error = failure_of(words, self._words)
        return [Failed(failure=self._last_error)]

    def _result(
        self,
        stop_reason: StopReason,
        why: Failure | None,
        usage: Usage = UNKNOWN_USAGE,
        counters: Line | None = None,
    ) -> Result:
        return Result(
            text=self._answer,
            stop_reason=stop_reason,
            usage=usage,
            failure=why,
            backend_session_id=self._init.backend_session_id if self._init else None,
            model=self._model,
            counters=counters,
        )
