"""Builds turns from the lines of a transcript, without failing on any line.

An invalid line is counted, an unknown kind of line is skipped, and a turn without its start line is
shown with its remaining lines.
"""

from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from clinvk.model.access import Access
from clinvk.model.conversation import TurnMode
from clinvk.model.events import (
    Event,
    FileChange,
    Init,
    Message,
    PermissionAnswer,
    PermissionRequest,
    ToolResult,
    ToolUse,
    Warned,
)
from clinvk.model.files import FileReport, FileSource, absolute_path
from clinvk.model.outcome import Outcome, StopReason
from clinvk.model.request import IfMissing
from clinvk.model.turn import Permission, ToolCall, Turn
from clinvk.store.transcripts.lines import (
    EVENTS,
    Line,
    event_from_line,
    failure_in,
    maybe_text,
    maybe_time,
    usage_in,
    word,
)
from clinvk.store.transcripts.messages import Messages
from clinvk.text.json_codec import time_from_text

STARTED, FINISHED, VOIDED = "turn_started", "turn_finished", "turn_voided"
"""The kinds of lines that start, end and void a turn."""

KINDS = frozenset({STARTED, FINISHED, *EVENTS})
"""All kinds of lines of a turn."""

_MOST_TURNS = 1 << 53
"""No session has as many; with a larger number the record could not be read."""

_HUGE = 1e300
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""The start time of a turn if all its times are lost."""


class TurnTexts(Struct, frozen=True, kw_only=True):
    """The texts of a turn for a search; the fields are as in `Turn`.

    `answers` are its messages, and the final answer if it is not one of them.
    """

    number: int
    prompt: str
    answers: tuple[str, ...]
    files: tuple[str, ...]
    cwd: str | None


class TurnBuilder:
    """Builds one turn; `backend` is the session's, for a turn without one (schema 1)."""

    def __init__(self, number: int, backend: str | None = None) -> None:
        self.number = number
        self._backend = backend
        self._start: Line = {}
        self._named: Line = {}
        self._finish: Line | None = None
        self._messages = Messages()
        self._tools: list[ToolCall] = []
        self._calls: dict[str, int] = {}
        self._permissions: dict[str, Permission] = {}
        self._files: list[FileChange] = []
        self._warnings: list[str] = []
        self._said = False

    @property
    def bare(self) -> bool:
        """Whether only the start of the turn is known."""
        return not self._said and self._finish is None and not self._named

    @property
    def begun(self) -> bool:
        """Whether the start of the turn is known."""
        return bool(self._start)

    def add(self, line: Line) -> None:
        """Add one line of the turn. Raises `ValueError` if it is invalid."""
        kind = line["type"]
        if kind in {STARTED, FINISHED}:
            time_from_text(line.get("at"))
            if kind == STARTED:
                self._start = line
            else:
                self._finish = line
            return
        event = event_from_line(line)
        if isinstance(event, Init):
            self._named = line
            return
        if isinstance(event, Message):
            self._said = True
            self._messages.add(event)
            return
        self.note(kind, line.get("code"))
        self._take(event)

    def note(self, kind: str, code: object = None) -> None:
        """Add a line of this kind that is not a message."""
        self._said = True
        self._messages.interrupt(kind, code)

    def build(self) -> Turn:
        """The turn as far as it is known."""
        start, finish, named = self._start, self._finish or {}, self._named
        ended_at = maybe_time(finish, "at")
        messages = self._messages.texts
        return Turn(
            number=self.number,
            started_at=maybe_time(start, "at") or maybe_time(named, "at") or ended_at or _LONG_AGO,
            prompt=maybe_text(start, "prompt") or "",
            backend=maybe_text(start, "backend") or self._backend,
            ended_at=ended_at,
            bare=self.bare,
            outcome=Outcome(
                text=maybe_text(finish, "text") or "" if finish else received(messages),
                stop_reason=word(StopReason, finish.get("stop_reason")),
                usage=usage_in(finish),
                cost_usd=_number(finish.get("cost_usd")),
                failure=failure_in(finish),
                backend_session_id=maybe_text(finish, "conversation") or maybe_text(named, "id"),
                model=maybe_text(finish, "model") or maybe_text(named, "model"),
                counters=_object(finish.get("counters")),
                structured=finish.get("structured"),
                exit_code=_whole(finish.get("exit_code")),
                duration_s=_number(finish.get("duration_s")),
                files=self._changed,
                warnings=tuple(self._warnings),
            ),
            messages=messages,
            tools=tuple(self._tools),
            permissions=tuple(self._permissions.values()),
            model_asked=maybe_text(start, "model"),
            conversation_asked=maybe_text(start, "conversation"),
            access=word(Access, start.get("access")),
            cwd=maybe_text(start, "cwd"),
            mode=_mode(start),
            interactive=start.get("interactive") is True,
            conversation_origin=word(IfMissing, start.get("afresh")),
        )

    def texts(self) -> TurnTexts:
        """The texts for a search; takes a third of the time of `build`."""
        answers, text = self._messages.texts, maybe_text(self._finish or {}, "text")
        return TurnTexts(
            number=self.number,
            prompt=maybe_text(self._start, "prompt") or "",
            answers=answers if text is None or text in answers else (*answers, text),
            files=tuple(file.path for file in self._changed),
            cwd=maybe_text(self._start, "cwd"),
        )

    def _take(self, event: Event | None) -> None:
        """Add an event that is no message."""
        match event:
            case ToolUse():
                self._calls[event.id] = len(self._tools)
                self._tools.append(ToolCall(name=event.name, summary=event.summary))
            case ToolResult(id=call) if call in self._calls:
                place = self._calls[call]
                self._tools[place] = replace(self._tools[place], ok=event.ok)
            case PermissionRequest():
                asked = Permission(tool=event.tool, summary=event.summary)
                self._permissions[event.id] = asked
            case PermissionAnswer(id=asked_id) if asked_id in self._permissions:
                answered = replace(self._permissions[asked_id], answer=event)
                self._permissions[asked_id] = answered
            case FileChange():
                self._files.append(event)
            case Warned():
                self._warnings.append(event.message)

    @property
    def _changed(self) -> tuple[FileReport, ...]:
        """The changed files, each once with its last change; the end line's list is preferred."""
        cwd = maybe_text(self._start, "cwd")
        listed = (self._finish or {}).get("files")
        lines = listed if isinstance(listed, list) else ()
        files = [
            (event, item.get("source") == FileSource.OBSERVED)
            for item in lines
            if isinstance(item, dict)
            and isinstance(event := event_from_line({**item, "type": "file_change"}), FileChange)
        ] or [(event, False) for event in self._files]
        found: dict[str, FileReport] = {}
        for event, observed in files:
            path = event.path if cwd is None else absolute_path(event.path, cwd)
            source = FileSource.OBSERVED if observed else FileSource.REPORTED
            found[path] = FileReport(path=path, change=event.change, source=source)
        return tuple(found.values())


def turn_number(line: object) -> int:
    """The turn number of a line. Raises `ValueError` if it has none."""
    number = line.get("turn") if isinstance(line, dict) and isinstance(line.get("type"), str) else 0
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < _MOST_TURNS:
        raise ValueError("no turn")
    return number


def received(messages: tuple[str, ...]) -> str:
    """The answer of an interrupted turn: its messages as paragraphs."""
    return "\n\n".join(message for message in messages if message)


def _mode(start: Line) -> TurnMode:
    """What the turn did with the conversation; schema 1 only has whether it resumed."""
    resumed = TurnMode.RESUME if start.get("resume") is True else TurnMode.START
    return word(TurnMode, start.get("mode")) or resumed


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: object) -> float | None:
    """The finite number, else None; Python's JSON also reads `NaN` and infinity."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _HUGE:
        return None
    return float(value)


def _object(value: object) -> Line | None:
    return value if isinstance(value, dict) else None
