"""Collects the events of a turn for its report."""

from collections import deque

from msgspec import Struct, field

from clinvk.model.events import (
    Change,
    Event,
    FileChange,
    Init,
    Message,
    PermissionRequest,
    Raw,
    Result,
    Thinking,
    ToolResult,
    ToolUse,
    UsageReported,
    Warned,
    ends_message,
)
from clinvk.model.files import FileReport
from clinvk.model.outcome import Outcome
from clinvk.model.report import MOST_WARNINGS, short_warning
from clinvk.model.usage import Usage
from clinvk.text.bounded import BoundedText

_LONGEST_RAW = 400


class TurnAccumulator(Struct):
    """The data of a turn so far that its report needs."""

    last_message: str | BoundedText = ""
    in_delta: bool = False
    files: dict[str, FileReport] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    denied: int = 0
    """Number of actions that the agent was not allowed, unless a person denied them."""
    omitted_warnings: int = 0
    """Number of warnings beyond `MOST_WARNINGS`."""
    raw: deque[str] = field(default_factory=lambda: deque(maxlen=20))
    retrying: str | None = None
    """The agent's message about its service, if its last action was a retry."""
    worked: bool = False
    """Whether the agent wrote, ran or used anything, or sent a request to its service."""
    called: bool = False
    """Whether a tool was called after the last message."""
    init: Init | None = None
    result: Outcome | None = None

    def add(self, event: Event) -> None:
        """Add one event."""
        self.worked = self.worked or shows_work(event)
        has_text = isinstance(event, Message) and event.text.strip()
        self.called = isinstance(event, ToolUse) or (self.called and not has_text)
        if isinstance(event, Warned) and event.code == "retry":
            self.retrying = short_warning(event.message)
        elif not isinstance(event, Raw | Warned | Result):
            self.retrying = None
        if isinstance(event, Message):
            self._say(event)
        elif isinstance(event, FileChange):
            self._file(event)
        elif isinstance(event, Warned):
            self._warn(event)
        elif isinstance(event, Raw):
            self.raw.append(event.line[:_LONGEST_RAW])
        elif isinstance(event, Init):
            self.init = event
        elif isinstance(event, Result):
            self.result = event
        if ends_message(event.type, getattr(event, "code", None)):
            self.in_delta = isinstance(event, Message) and event.delta

    @property
    def message(self) -> str:
        """The last message, as far as received."""
        return self.last_message if isinstance(self.last_message, str) else self.last_message.text

    @property
    def raw_tail(self) -> str:
        """The last lines that the parser did not understand."""
        return "\n".join(self.raw)

    @property
    def all_warnings(self) -> tuple[str, ...]:
        """The warnings for the report, and the number of those left out."""
        more = self.omitted_warnings
        return (*self.warnings, *([f"{more:,} more warnings"] if more else []))

    def _say(self, event: Message) -> None:
        continues = event.continues
        if continues is None:
            continues = event.delta and self.in_delta
        if not continues:
            self.last_message = BoundedText() if event.delta else event.text
        elif isinstance(self.last_message, str):
            before, self.last_message = self.last_message, BoundedText()
            self.last_message.add(before)
        if isinstance(self.last_message, BoundedText):
            self.last_message.add(event.text)

    def _warn(self, event: Warned) -> None:
        """Add a warning. Ours are always kept: they are few, and the user needs them."""
        self.denied += event.code == "denied"
        if len(self.warnings) < MOST_WARNINGS or event.code in ("clinvk", "answer"):
            self.warnings.append(short_warning(event.message))
        else:
            self.omitted_warnings += 1

    def _file(self, event: FileChange) -> None:
        """Add a file change. A file created in this turn stays `created` when it is modified."""
        before = self.files.get(event.path)
        change = event.change
        if before is not None and before.change is Change.CREATED and change is Change.MODIFIED:
            change = before.change
        self.files[event.path] = FileReport(path=event.path, change=change)


_WORK = (Message, Thinking, ToolUse, ToolResult, FileChange, PermissionRequest)


def shows_work(event: Event) -> bool:
    """Whether the event shows that the agent worked: wrote, ran or used anything, or retried."""
    if isinstance(event, _WORK):
        return True
    if isinstance(event, UsageReported):
        return _used(event.usage)
    if isinstance(event, Warned):
        return event.code in ("retry", "denied")
    return isinstance(event, Result) and bool(event.text or event.cost_usd or _used(event.usage))


def _used(usage: Usage) -> bool:
    return bool(usage.input_tokens or usage.output_tokens)
