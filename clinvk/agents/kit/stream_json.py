"""Reads the `stream-json` output that some agents share: one event per line.

In order: `system/init`; for each request `stream_event` lines (the model's own stream), one
`assistant` line per block, `user` lines with the tools' results; a `result` line. A run can have
several results, since a background task that ends starts another round. The `Result` therefore
comes from `finish`: only the end of the child shows that there is no further round.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from msgspec.structs import replace

from clinvk.agents.base import Parser
from clinvk.agents.kit.answer import INCOMPLETE, Answer, missing_value_warning
from clinvk.agents.kit.dialect import Dialect
from clinvk.agents.kit.failures import (
    code_of_status,
    code_of_words,
    failure,
    failure_at_exit,
    without_conversation_gone,
)
from clinvk.agents.kit.jsonl import count, items, mapping, parse_object, text
from clinvk.agents.kit.line_fields import (
    denials,
    error_text,
    final_answer,
    message_text,
    retry_notice,
    session_of,
    structured_of,
)
from clinvk.agents.kit.recovery import recovering
from clinvk.agents.kit.retry_time import time_from_epoch
from clinvk.agents.kit.seen_requests import SeenRequests
from clinvk.agents.kit.spending import SpendingSum
from clinvk.agents.kit.tools import ToolCalls
from clinvk.model.events import (
    Event,
    Failed,
    Init,
    Json,
    Message,
    Raw,
    Result,
    StopReason,
    UsageReported,
    Warned,
    ends_message,
)
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.request import TurnRequest
from clinvk.model.usage import UNKNOWN_USAGE

Line = Mapping[str, Json]

_SYNTHETIC = "<synthetic>"
"""The model of messages that the agent wrote itself: errors, and answers to its own commands."""

_SCHEMA_OPTION = "--json-schema"

_IGNORED_SUBTYPES = frozenset(
    {
        "status",
        "thinking_tokens",
        "task_started",
        "task_progress",
        "task_updated",
        "task_notification",
        "background_tasks_changed",
    }
)
"""Known notices that are not needed by users."""

_STOP_REASONS = {
    FailureCode.TURN_LIMIT: StopReason.MAX_TURNS,
    FailureCode.BUDGET_LIMIT: StopReason.BUDGET,
}


class StreamJsonParser(Parser):
    """Follows one run. A sub-agent's text is not part of the answer; its tool calls are events."""

    def __init__(self, request: TurnRequest, dialect: Dialect, spending: SpendingSum) -> None:
        self._dialect, self._spending = dialect, spending
        self._answer, self._tools = Answer(), ToolCalls()
        self._init: Init | None = None
        self._answered = False
        options = [arg.partition("=")[0] for arg in request.backend_args]
        self._has_schema = _SCHEMA_OPTION in options
        self._requests = SeenRequests()
        self._stop_reason = ""
        self._last_error: Line = {}
        self._outcome: Result | None = None
        self._finished = self._settled = self._background = self._active = False
        self._resets_at: datetime | None = None
        self._readers: Mapping[str, Callable[[Line], list[Event] | None]] = {
            "system": self._system,
            "stream_event": self._stream_event,
            "assistant": self._assistant,
            "user": self._user,
            "result": self._end,
            "rate_limit_event": self._rate_limit,
        }

    @recovering
    def feed(self, line: str) -> Iterable[Event]:
        """The events of one line; lines that the stream does not define become `Raw`."""
        if self._finished or not line.strip():
            return []
        entry = parse_object(line)
        reader = None if entry is None else self._readers.get(text(entry.get("type")))
        if entry is None or reader is None:
            return [Raw(line=line)]
        first, more = self._note_id(session_of(entry)), reader(entry)
        if more is None:
            return [*first, Raw(line=line)]
        events = [*first, *more]
        self._settled = self._outcome is not None and reader == self._end
        if any(_interrupts_message(event) for event in events):
            self._answer.interrupt()
        return events

    @property
    def settled(self) -> bool:
        """Whether the last line was a result and no background task is running.

        2.1.329 keeps running after its result as long as a background task runs, and answers when
        it ends. The end of a task is not always reported, so a run with one is never hurried.
        """
        return self._settled and not self._background

    def finish(self, exit_code: int | None, stderr_tail: str) -> Iterable[Event]:
        """The result: the agent's own if there is one, else the failure that its end shows."""
        if self._finished:
            return []
        self._finished = True
        result = self._outcome
        if result is None:
            return [self._without_result(exit_code, stderr_tail)]
        usage, cost = self._spending.sum_up(answered=self._answered)
        if self._requests.disprove(usage):
            usage, cost = UNKNOWN_USAGE, None
        counters = self._spending.counters
        if self._active:  # a further round was cut off: it was billed, but its usage is unknown
            cut = self._without_result(exit_code, stderr_tail)
            note = "the agent ended in the middle of a further round"
            return [Warned(message=note), replace(cut, text=result.text or cut.text)]
        result = replace(result, usage=usage, cost_usd=cost, counters=counters)
        if result.failure is not None:
            detailed = replace(result.failure, detail=stderr_tail or None)
            return [replace(result, failure=detailed)]
        warnings = missing_value_warning(result) if self._has_schema else []
        if exit_code is not None and 0 < exit_code < 128:
            note = f"the agent exited with {exit_code} after its answer was complete"
            warnings.insert(0, Warned(message=note))
        return [*warnings, result]

    def _without_result(self, exit_code: int | None, stderr_tail: str) -> Result:
        why = failure_at_exit(exit_code, stderr_tail, self._dialect.words, self._dialect.noise)
        if self._last_error:
            message = message_text(self._last_error)
            code = self._code(self._last_error, message)
            why = failure(code, message, detail=stderr_tail, wait=self._resets_at)
        stop_reason = _STOP_REASONS.get(why.code, StopReason.ERROR)
        return self._result(self._answer.last_text, stop_reason, why)

    # What the agent says about itself.

    def _system(self, entry: Line) -> list[Event] | None:
        subtype = entry.get("subtype")
        if subtype == "init":
            return self._begin(entry)
        if subtype == "api_retry":
            self._answer.restart_message()
            return [Warned(message=retry_notice(entry), code="retry")]
        if subtype == "permission_denied":
            return self._tools.deny(text(entry.get("tool_use_id")), text(entry.get("tool_name")))
        if subtype == "compact_boundary":
            return [Warned(message="the agent summarized the conversation to make room")]
        self._background = self._background or subtype == "task_started"
        return [] if text(subtype) in _IGNORED_SUBTYPES else None

    def _rate_limit(self, entry: Line) -> list[Event] | None:
        """Note when the plan's limit resets; only valid after a request was rejected for it."""
        info = mapping(entry.get("rate_limit_info"))
        if info.get("status") == "rejected":
            self._resets_at = time_from_epoch(info.get("resetsAt"))
        return [] if info else None

    def _begin(self, entry: Line) -> list[Event] | None:
        session = text(entry.get("session_id"))
        if not session:
            return None
        self._spending.version = text(entry.get(self._dialect.version))
        return self._note_id(session, text(entry.get("model")) or None)

    def _note_id(self, session: str, model: str | None = None) -> list[Event]:
        """Note the conversation's id from any line, since a wrapper may lose the first one."""
        if not session or (self._init is not None and self._init.backend_session_id == session):
            return []
        self._init = Init(backend_session_id=session, model=model)
        return [self._init]

    # What the model says and does.

    def _stream_event(self, entry: Line) -> list[Event] | None:
        event = mapping(entry.get("event"))
        if not event:
            return None
        if entry.get("parent_tool_use_id") is not None:
            return []
        kind = event.get("type")
        if kind == "message_start":
            self._answered = self._active = True
            self._answer.restart_message()
            self._requests.begin(mapping(mapping(event.get("message")).get("usage")))
        elif kind == "content_block_start":
            self._answer.begin_block(mapping(event.get("content_block")).get("type"))
        elif kind == "content_block_delta":
            return [*self._answer.add_piece(mapping(event.get("delta")))]
        elif kind == "message_delta":
            self._stop_reason = text(mapping(event.get("delta")).get("stop_reason"))
            used = self._requests.report(mapping(event.get("usage")), ended=bool(self._stop_reason))
            return [] if used is None else [UsageReported(usage=used)]
        elif kind == "message_stop":
            self._answer.end_message()
        return []

    def _assistant(self, entry: Line) -> list[Event] | None:
        message = entry.get("message")
        if not isinstance(message, dict):
            return None
        own = entry.get("parent_tool_use_id") is None
        if own and entry.get("error") is not None:
            # An error in the form of a message; the result line repeats it, if there is one.
            self._last_error = entry
            return []
        self._answered = self._answered or message.get("model") != _SYNTHETIC
        self._active = self._active or own
        if own:
            self._answer.begin_message(text(message.get("id")))
        events: list[Event] = []
        for block in map(mapping, items(message.get("content"))):
            if block.get("type") == "tool_use":
                events += self._tools.use(block)
                if own:
                    self._answer.end_text()
            elif own:
                events += self._answer.complete_block(block)
        return events

    def _user(self, entry: Line) -> list[Event] | None:
        message = entry.get("message")
        if not isinstance(message, dict):
            return None
        events: list[Event] = []
        for block in map(mapping, items(message.get("content"))):
            if block.get("type") == "tool_result":
                events += self._tools.result(block, entry.get("tool_use_result"))
        return events

    # How a run ends.

    def _end(self, entry: Line) -> list[Event] | None:
        """A result line. After the first, it counts only if it ends a further round successfully.

        2.1.197 marks a further round with `origin`; in 2.1.120 other lines came before its result.
        """
        further = self._outcome is not None
        if further and not (mapping(entry.get("origin")) or self._active):
            return None
        self._active = False
        self._spending.add(entry)
        cut = INCOMPLETE.get(text(entry.get("stop_reason")) or self._stop_reason)
        events = [event for call, tool in denials(entry) for event in self._tools.deny(call, tool)]
        failed = entry.get("is_error") is True or text(entry.get("subtype")).startswith("error")
        if not failed:
            answer, new = final_answer(entry, self._answer.last_text)
            if answer and self._outcome is not None and (before := self._outcome.failure):
                events.append(Warned(message=f"an earlier round failed: {before.message}"))
            if not further or answer:
                done = self._result(answer, cut or StopReason.END_TURN, None)
                self._outcome = replace(done, structured=structured_of(entry))
            return [*events, Message(text=answer)] if new and not self._answer.cut else events
        message = error_text(entry) or message_text(self._last_error)
        why = failure(self._code(entry, message), message, wait=self._resets_at)
        aborted = text(entry.get("terminal_reason")).startswith("aborted")
        if self._outcome is not None and aborted:  # a stopped turn was cut off in any round
            self._outcome = replace(self._outcome, stop_reason=StopReason.CANCELLED, failure=why)
            return [*events, Failed(failure=why)]
        if further:
            return [*events, Warned(message=f"a background task's round failed: {message}")]
        stop_reason = _STOP_REASONS.get(why.code, cut or StopReason.ERROR)
        if aborted:
            stop_reason = StopReason.CANCELLED
        self._outcome = self._result(self._answer.last_text, stop_reason, why)
        return [*events, Failed(failure=why)]

    def _code(self, entry: Line, message: str) -> FailureCode:
        """The code by the most precise source: subtype, HTTP status, kind of error, words."""
        status = count(entry.get("api_error_status"))
        if self._dialect.status and (found := re.search(self._dialect.status, message[:1_000])):
            status = int(found[1])
        subtype, error = text(entry.get("subtype")), text(self._last_error.get("error"))
        # A server that could not be reached is sometimes reported as a server error too.
        kind = self._dialect.errors.get(error)
        words = self._dialect.words
        words = words if self._is_own(entry) else without_conversation_gone(words)
        meant = code_of_words(message, words)
        meant = FailureCode.PROMPT_REFUSED if entry.get("stop_reason") == "refusal" else meant
        if status == 429 and meant is FailureCode.BUDGET_LIMIT:
            return meant  # a quota is used up: waiting does not help
        return (
            self._dialect.subtypes.get(subtype)
            or code_of_status(status)
            or (kind if kind is not FailureCode.SERVER_ERROR else None)
            or meant
            or kind
            or FailureCode.AGENT_FAILED
        )

    def _is_own(self, entry: Line) -> bool:
        """Whether the agent itself wrote the error, before its first request to a service."""
        asked = self._answered or self._last_error or entry.get("api_error_status") is not None
        return not asked and bool(items(entry.get("errors")))

    def _result(self, answer: str, stop_reason: StopReason, why: Failure | None) -> Result:
        return Result(
            text=answer,
            stop_reason=stop_reason,
            failure=why,
            backend_session_id=self._init.backend_session_id if self._init else None,
            model=self._init.model if self._init else None,
        )


def _interrupts_message(event: Event) -> bool:
    """Whether pieces of a message after this event have to say that they continue it."""
    code = getattr(event, "code", None)
    return not isinstance(event, Message) and ends_message(event.type, code)
