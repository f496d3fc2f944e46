"""Reads a run's output of flat events: one object per line, each complete in itself.

In order: `init`; a `message` for the prompt and one for each piece of the answer; a `tool_use` and
a `tool_result` for each call; `error` for warnings too; one `result` with the run's figures.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from clinvk.agents.base import Parser
from clinvk.agents.kit.failures import (
    Words,
    code_of_status,
    code_of_words,
    failure,
    failure_at_exit,
    without_conversation_gone,
)
from clinvk.agents.kit.jsonl import count, mapping, one_line, parse_object, text
from clinvk.agents.kit.recovery import recovering
from clinvk.agents.kit.tools import ToolCalls
from clinvk.model.events import (
    Change,
    Event,
    Failed,
    FileChange,
    Init,
    Json,
    Message,
    Raw,
    Result,
    StopReason,
    ToolUse,
    Warned,
)
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.usage import UNKNOWN_USAGE, Usage
from clinvk.text.bounded import CUT_NOTE, BoundedText

Line = Mapping[str, Json]

_API_ERROR = "[API Error: "
_STATUSES = {status % 256: status for status in (401, 403, 413, 429, 500, 502, 503, 504, 529)}
"""Its exit code is the last byte of the service's HTTP status."""
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_REFUSED = frozenset({"policy_violation", "path_not_in_workspace", "tool_not_registered"})
_REFUSAL = re.compile(
    r"^(Path not in workspace|Access denied)|denied by policy|requires user confirmation"
)


class Dialect(Struct, frozen=True, kw_only=True):
    """How the agent reports failures: words, the `type` of an error, a last line of stderr.

    `hints` are hints for failures with these words. Lines of stderr that match `noise` explain
    nothing. A call of one of the `searching` tools uses tokens that are only in the total.
    """

    words: Words
    types: Mapping[str, FailureCode]
    hints: Mapping[str, str]
    noise: str
    searching: frozenset[str]


class FlatEventsParser(Parser):
    """Follows one run.

    If the connection breaks, the answer is silently restarted, so pieces may be repeated. The
    agent shows no thoughts, and reports its retries only on stderr. The `Result` comes from
    `finish`, because the exit code shows which failure of the service it was.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._init: Init | None = None
        self._answer = BoundedText()
        self._has_text = False
        self._in_text = False
        self._tools = ToolCalls()
        self._calls: dict[str, ToolUse] = {}
        self._files: set[str] = set()
        self._last_error = ""
        self._outcome: Line | None = None
        self._finished = False
        self._readers: Mapping[str, Callable[[Line], list[Event] | None]] = {
            "init": self._begin,
            "message": self._message,
            "tool_use": self._use,
            "tool_result": self._tool_result,
            "error": self._error,
            "result": self._end,
        }

    @recovering
    def feed(self, line: str) -> Iterable[Event]:
        """The events of one line; all lines after the run's result become `Raw`."""
        if not line.strip():
            return []
        entry = parse_object(line)
        reader = None if entry is None else self._readers.get(text(entry.get("type")))
        ended = self._finished or self._outcome is not None
        events = reader(entry) if entry is not None and reader and not ended else None
        return [Raw(line=line)] if events is None else events

    @property
    def settled(self) -> bool:
        """Whether the result was received."""
        return self._outcome is not None

    def finish(self, exit_code: int | None, stderr_tail: str) -> Iterable[Event]:
        """The result: the agent's own if there is one, else the failure that its end shows."""
        if self._finished:
            return []
        self._finished = True
        if self._outcome is None:
            stderr = _COLOURS.sub("", stderr_tail)
            why = failure_at_exit(exit_code, stderr, self._dialect.words, self._dialect.noise)
            hints = (hint for words, hint in self._dialect.hints.items() if words in why.message)
            why = replace(why, hint=next(hints, why.hint))
            return [self._result(UNKNOWN_USAGE, why)]
        # No figure includes what a broken stream used.
        broken = bool(self._last_error)
        usage = UNKNOWN_USAGE if broken else self._usage(mapping(self._outcome.get("stats")))
        if self._last_error or self._outcome.get("status") != "success":
            error = mapping(self._outcome.get("error"))
            why = replace(self._failure(error, exit_code), detail=stderr_tail or None)
            return [Failed(failure=why), self._result(usage, why)]
        notes = [CUT_NOTE] if self._answer.cut else []
        if exit_code is not None and 0 < exit_code < 128:
            notes.append(f"the agent exited with {exit_code} after its answer was complete")
        return [*(Warned(message=note) for note in notes), self._result(usage, None)]

    def _begin(self, entry: Line) -> list[Event] | None:
        session = text(entry.get("session_id"))
        if not session:
            return None
        if self._init is not None and self._init.backend_session_id == session:
            return []
        self._init = Init(backend_session_id=session, model=text(entry.get("model")) or None)
        return [self._init]

    def _message(self, entry: Line) -> list[Event] | None:
        if entry.get("role") == "user":
            return []
        words = text(entry.get("content"))
        if entry.get("role") != "assistant" or not words:
            return None
        whole = entry.get("delta") is not True
        if whole or not self._in_text:
            self._answer = BoundedText()
        self._answer.add(words)
        self._in_text, self._has_text = not whole, True
        return [Message(text=words, delta=not whole)]

    def _use(self, entry: Line) -> list[Event] | None:
        self._in_text = False
        block = {
            "id": entry.get("tool_id"),
            "name": entry.get("tool_name"),
            "input": entry.get("parameters"),
        }
        events = self._tools.use(block)
        self._calls |= {event.id: event for event in events if isinstance(event, ToolUse)}
        return events

    def _tool_result(self, entry: Line) -> list[Event] | None:
        self._in_text = False
        call = self._calls.get(text(entry.get("tool_id")))
        error = mapping(entry.get("error"))
        failed = entry.get("status") != "success"
        words = text(entry.get("output")) or text(error.get("message"))
        block = {"tool_use_id": entry.get("tool_id"), "is_error": failed, "content": words}
        reported = self._tools.result(block, None)
        # A result here does not say what happened to a file.
        events: list[Event] = [event for event in reported if not isinstance(event, FileChange)]
        if call is None:
            return events
        if failed and (text(error.get("type")) in _REFUSED or _REFUSAL.search(words[:1_000])):
            return [*events, *self._tools.deny(call.id, call.name)]
        return events if failed else [*events, *self._file_changes(call)]

    def _file_changes(self, call: ToolUse) -> list[FileChange]:
        """The file that a call changed; new unless it was read or written earlier in the run."""
        path = text(call.input.get("file_path"))
        if not path:
            return []
        known = path in self._files
        self._files.add(path)
        if call.name == "write_file":
            change = Change.MODIFIED if known else Change.CREATED
            return [FileChange(path=path, change=change)]
        return [FileChange(path=path, change=Change.MODIFIED)] if call.name == "replace" else []

    def _error(self, entry: Line) -> list[Event] | None:
        words = text(entry.get("message"))
        if not words:
            return None
        if entry.get("severity") == "error":
            self._in_text, self._last_error = False, words
            return []
        return [Warned(message=one_line(words))]

    def _end(self, entry: Line) -> list[Event] | None:
        self._outcome = entry
        return []

    def _usage(self, stats: Line) -> Usage:
        """The usage; only the total includes thoughts, and a search's own tokens (not output)."""
        given, total = count(stats.get("input_tokens")), count(stats.get("total_tokens"))
        output = count(stats.get("output_tokens"))
        if given is None or output is None or (self._has_text and not given):
            return UNKNOWN_USAGE
        thought = None if total is None or total < given + output else total - given - output
        searched = any(call.name in self._dialect.searching for call in self._calls.values())
        return Usage(
            input_tokens=given,
            cached_tokens=count(stats.get("cached")),
            output_tokens=output + (thought or 0),
            reasoning_tokens=None if thought and searched else thought,
        )

    def _result(self, usage: Usage, why: Failure | None) -> Result:
        stop_reason = StopReason.END_TURN if why is None else StopReason.ERROR
        if why is not None and why.code is FailureCode.TURN_LIMIT:
            stop_reason = StopReason.MAX_TURNS
        return Result(
            text=self._answer.text,
            stop_reason=stop_reason,
            usage=usage,
            failure=why,
            backend_session_id=self._init.backend_session_id if self._init else None,
            model=self._init.model if self._init else None,
        )

    def _failure(self, error: Line, exit_code: int | None) -> Failure:
        """The failure by the result's error, whose text may be the original JSON of the service."""
        words = text(error.get("message")) or self._last_error
        inner = _inside_error(words)
        body = mapping(mapping(parse_object(inner)).get("error"))
        shown = text(body.get("message")) or inner or "the agent failed and did not say why"
        status = count(body.get("code")) or _STATUSES.get(exit_code or 0)
        kind = text(error.get("type"))
        own = kind.startswith("Fatal") and status not in _STATUSES.values()
        words_of = self._dialect.words if own else without_conversation_gone(self._dialect.words)
        meant = code_of_words(shown, words_of)
        code = (
            (meant if meant is FailureCode.CONVERSATION_GONE else None)
            or self._dialect.types.get(kind)
            or code_of_status(status)
            or meant
        )
        return failure(code or FailureCode.AGENT_FAILED, shown, service_text=words)


def _inside_error(words: str) -> str:
    """The text between `[API Error: ` and the last `]`, else all of it."""
    start = words.find(_API_ERROR)
    end = words.rfind("]", start + len(_API_ERROR)) if start >= 0 else -1
    return words if end < 0 else words[start + len(_API_ERROR) : end]
