"""What an agent can say, as a closed set of types, the same for every backend.

A stream of events is what one turn told us, in order. It may stop anywhere (the agent was killed,
the machine went down); a parser that was told so still ends it with exactly one `Result`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from clinvk.model.failure import Failure
from clinvk.model.files import Change as Change  # noqa: PLC0414  a parser needs it
from clinvk.model.outcome import Json as Json  # noqa: PLC0414  a parser needs it
from clinvk.model.outcome import Outcome
from clinvk.model.outcome import StopReason as StopReason  # noqa: PLC0414  a parser needs it
from clinvk.model.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Init:
    """The agent has a conversation: from now on it can be resumed by this id."""

    type: ClassVar[str] = "init"
    backend_session_id: str
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A part of the answer: a whole message, or with `delta` the next piece of one.

    Deltas that follow one another belong to one message, unless an event that `ends_message` is
    between them. A message that was streamed as deltas is not sent again as a whole. Where that
    does not tell it, `continues` does: true for a further part of the message before, whatever
    came in between, to be joined to it as it is; false for a new message.
    """

    type: ClassVar[str] = "message"
    text: str
    delta: bool = False
    continues: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinking:
    """The agent's reasoning, where it shows it; `delta` as in `Message`."""

    type: ClassVar[str] = "thinking"
    text: str
    delta: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """The agent calls a tool; `summary` is one line: the command, the file, the query."""

    type: ClassVar[str] = "tool_use"
    id: str
    name: str
    summary: str
    input: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a tool gave back; `ok` is false when it failed or was denied."""

    type: ClassVar[str] = "tool_result"
    id: str
    ok: bool
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """A file that the agent says it created, modified or deleted; the path as it said it."""

    type: ClassVar[str] = "file_change"
    path: str
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageReported:
    """A figure on the way, for whoever watches; the turn's own figure is the result's."""

    type: ClassVar[str] = "usage"
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """Something a person should see that did not end the turn.

    `code` is `retry` (the agent's service failed and the agent tries again), `denied` (the agent
    was not allowed something), `agent` (its own warning) or `clinvk` (ours). `unrecorded` says that
    it is about a record that was not kept: that is shown also to who wants no talk.
    """

    type: ClassVar[str] = "warning"
    message: str
    code: Literal["retry", "denied", "agent", "answer", "clinvk"] = "agent"
    unrecorded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The agent reported a failure; the result that ends the turn repeats it, if it stands."""

    type: ClassVar[str] = "error"
    failure: Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """A line that the backend does not know; kept, never fatal."""

    type: ClassVar[str] = "raw"
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result(Outcome):
    """The last event of every turn, exactly once: its outcome as the agent tells it.

    What the agent cannot know is left out: its process, the files on disk, the warnings.
    """

    type: ClassVar[str] = "result"
    text: str
    stop_reason: StopReason
    counters: Mapping[str, Json] | None = None


Event = (
    Init
    | Message
    | Thinking
    | ToolUse
    | ToolResult
    | FileChange
    | UsageReported
    | Warned
    | Failed
    | Raw
    | Result
)

_WITHIN_A_MESSAGE = frozenset({"init", "backend_session", "raw", "warning"})
"""By `type` of an event or of a transcript's line: what says nothing of the answer itself."""


def ends_message(kind: str, code: object = None) -> bool:
    """Whether pieces after an event of this type and code are a message of their own.

    A line that nobody knows or a warning may come at any moment. After a `retry` the agent has
    begun its answer again.
    """
    return kind not in _WITHIN_A_MESSAGE or code == "retry"
