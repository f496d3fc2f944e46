"""Turns, put together from the lines of a transcript; total: no line makes it raise.

A line that makes no sense is counted, a kind of line that this version does not know is passed by,
and a turn whose start was lost is shown with what is left of it.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from clinvk.model.access import Access
from clinvk.model.events import Change, StopReason, ends_message
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.files import FileReport, FileSource, absolute_path
from clinvk.model.request import IfMissing
from clinvk.model.turn import ToolCall, Turn
from clinvk.model.usage import UNKNOWN_USAGE, Usage
from clinvk.store.sessions.record_fields import read_usage
from clinvk.text.json_codec import time_from_text

KINDS = frozenset(
    {
        "turn_started",
        "backend_session",
        "message",
        "thinking",
        "tool_use",
        "tool_result",
        "file_change",
        "usage",
        "warning",
        "error",
        "raw",
        "turn_finished",
    }
)
"""The kinds of lines that a turn is made of."""

VOIDED = "turn_voided"
"""The kind of line that takes a turn back."""

_MOST_TURNS = 1 << 53
"""No session has as many; a number beyond it would make a record that cannot be read."""

_CHANGES = frozenset(change.value for change in Change)
_HUGE = 1e300
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""When a turn began whose start was lost together with every other time."""


class TurnBuilder:
    """One turn in the making."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._start: dict[str, Any] = {}
        self._named: dict[str, Any] = {}
        self._finish: dict[str, Any] | None = None
        self._messages: list[list[str]] = []
        self._thinking: list[list[str]] = []
        self._tools: list[ToolCall] = []
        self._calls: dict[str, int] = {}
        self._files: dict[str, FileReport] = {}
        self._warnings: list[str] = []
        self._last = self._tail = ""

    @property
    def bare(self) -> bool:
        """Whether the turn began and nothing else is known of it."""
        return not self._last and self._finish is None and not self._named

    @property
    def begun(self) -> bool:
        """Whether the start of the turn is known."""
        return bool(self._start)

    def add(self, line: dict[str, Any]) -> None:
        """Take one line of the turn. Raises `ValueError` if it makes no sense."""
        kind = line.get("type")
        if kind == "turn_started":
            time_from_text(line.get("at"))
            self._start = line
            return
        if kind == "turn_finished":
            time_from_text(line.get("at"))
            self._finish = line
        elif kind == "backend_session":
            _text(line.get("id"))
            self._named = line
        elif isinstance(kind, str):
            self._last = self._said(kind, line)
            if ends_message(kind, line.get("code")):
                self._tail = self._last

    def build(self) -> Turn:
        """The turn as far as it is known."""
        start, finish, named = self._start, self._finish or {}, self._named
        ended_at = _time_or_none(finish.get("at"))
        messages = _joined(self._messages)
        cwd = _text_or_none(start.get("cwd"))
        files = _files(finish.get("files"), cwd) or self._files
        return Turn(
            number=self.number,
            started_at=_time_or_none(start.get("at"))
            or _time_or_none(named.get("at"))
            or ended_at
            or _LONG_AGO,
            prompt=_text_or_none(start.get("prompt")) or "",
            ended_at=ended_at,
            text=_text_or_none(finish.get("text")) or "" if finish else _received(messages),
            messages=messages,
            thinking=_joined(self._thinking),
            tools=tuple(self._tools),
            files=tuple(files.values()),
            warnings=tuple(self._warnings),
            stop_reason=_stop_reason(finish.get("stop_reason")),
            failure=_failure(finish.get("failure")),
            exit_code=_whole(finish.get("exit_code")),
            duration_s=_number(finish.get("duration_s")),
            usage=_usage(finish.get("usage")),
            cost_usd=_number(finish.get("cost_usd")),
            counters=_object(finish.get("counters")),
            structured=finish.get("structured"),
            model=_text_or_none(finish.get("model")) or _text_or_none(named.get("model")),
            model_asked=_text_or_none(start.get("model")),
            conversation=_text_or_none(finish.get("conversation"))
            or _text_or_none(named.get("id")),
            conversation_asked=_text_or_none(start.get("conversation")),
            access=_access(start.get("access")),
            cwd=cwd,
            resume=start.get("resume") is True,
            interactive=start.get("interactive") is True,
            afresh=_afresh(start.get("afresh")),
        )

    def _said(self, kind: str, line: dict[str, Any]) -> str:
        """Take a line of what the agent said; returns what the next piece of text may follow on."""
        match kind:
            case "message" | "thinking":
                texts = self._messages if kind == "message" else self._thinking
                piece, tail = _text(line.get("text")), f"{kind} in pieces"
                delta, goes_on = line.get("delta") is True, line.get("continues")
                if not isinstance(goes_on, bool):
                    goes_on = delta and self._tail == tail
                if not goes_on or not texts:
                    texts.append([])
                texts[-1].append(piece)
                return tail if delta else kind
            case "tool_use":
                call = ToolCall(
                    name=_text(line.get("name")), summary=_text_or_none(line.get("summary")) or ""
                )
                self._calls[str(line.get("id"))] = len(self._tools)
                self._tools.append(call)
            case "tool_result":
                place = self._calls.get(str(line.get("id")))
                if place is not None:
                    self._tools[place] = replace(self._tools[place], ok=line.get("ok") is True)
            case "file_change":
                self._files |= _files([line], _text_or_none(self._start.get("cwd")))
            case "warning":
                self._warnings.append(_text(line.get("message")))
        return kind


def turn_number(line: object) -> int:
    """The number of the turn that a line is of. Raises `ValueError` for one that is of none."""
    number = line.get("turn") if isinstance(line, dict) and isinstance(line.get("type"), str) else 0
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < _MOST_TURNS:
        raise ValueError("no turn")
    return number


def changed_files(value: object, cwd: str | None) -> list[str]:
    """The paths of the changed files of a list, absolute if it is known to what; each once."""
    found: dict[str, None] = {}
    for item in value if isinstance(value, list) else ():
        path = item.get("path") if isinstance(item, dict) else None
        if isinstance(path, str) and _is_change(item.get("change")):
            found[path if cwd is None else absolute_path(path, cwd)] = None
    return list(found)


def _received(messages: tuple[str, ...]) -> str:
    """What there was of an answer before the turn broke off: its messages, as paragraphs."""
    return "\n\n".join(message for message in messages if message)


def _joined(texts: list[list[str]]) -> tuple[str, ...]:
    return tuple("".join(pieces) for pieces in texts)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")  # noqa: TRY004  one kind for all complaints
    return value


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _time_or_none(value: object) -> datetime | None:
    try:
        return time_from_text(value)
    except ValueError:
        return None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: object) -> float | None:
    """A finite number; JSON in Python also knows others."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _HUGE:
        return None
    return float(value)


def _object(value: object) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def _usage(value: object) -> Usage:
    try:
        return read_usage(value)
    except ValueError:
        return UNKNOWN_USAGE


def _access(value: object) -> Access | None:
    try:
        return Access(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _afresh(value: object) -> IfMissing | None:
    try:
        return IfMissing(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _stop_reason(value: object) -> StopReason | None:
    try:
        return StopReason(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _failure(value: object) -> Failure | None:
    """The failure; one whose code is new to this version is still a failure."""
    if value is None:
        return None
    said = value if isinstance(value, dict) else {}
    try:
        code = FailureCode(str(said.get("code")))
    except ValueError:
        code = FailureCode.AGENT_FAILED
    return Failure(
        code=code,
        message=_text_or_none(said.get("message")) or "",
        hint=_text_or_none(said.get("hint")),
        detail=_text_or_none(said.get("detail")),
        retry_at=_time_or_none(said.get("retry_at")),
    )


def _files(value: object, cwd: str | None) -> dict[str, FileReport]:
    """The changed files by path, absolute if it is known to what; the last change counts."""
    found: dict[str, FileReport] = {}
    for item in value if isinstance(value, list) else ():
        path = item.get("path") if isinstance(item, dict) else None
        if isinstance(path, str):
            path = path if cwd is None else absolute_path(path, cwd)
            with suppress(ValueError):
                found[path] = FileReport(
                    path=path, change=Change(item.get("change")), source=_source(item)
                )
    return found


def _is_change(value: object) -> bool:
    return isinstance(value, str) and value in _CHANGES


def _source(item: dict[str, Any]) -> FileSource:
    """Whose word it is: the agent's, unless the line says otherwise."""
    observed = item.get("source") == FileSource.OBSERVED
    return FileSource.OBSERVED if observed else FileSource.REPORTED
