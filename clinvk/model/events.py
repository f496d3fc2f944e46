"""The events of a turn, a closed set of types for every backend.

The stream has the events of one turn in order. It can stop anywhere (the agent was killed, the
machine crashed); the parser still ends it with exactly one `Result`.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal

from msgspec import Struct, field

from clinvk.model.failure import Failure
from clinvk.model.files import Change as Change  # noqa: PLC0414  a parser needs it
from clinvk.model.outcome import Json as Json  # noqa: PLC0414  a parser needs it
from clinvk.model.outcome import Outcome
from clinvk.model.outcome import StopReason as StopReason  # noqa: PLC0414  a parser needs it
from clinvk.model.permission import DecidedBy, Decision, FileEdit, ToolKind
from clinvk.model.usage import Usage


class Init(Struct, frozen=True, kw_only=True):
    """The agent has a conversation, which can be resumed by this id from now on."""

    type: ClassVar[str] = "init"
    backend_session_id: str
    model: str | None = None


class Message(Struct, frozen=True, kw_only=True):
    """A part of the answer: a whole message, or with `delta` the next piece of one.

    Consecutive deltas belong to one message, unless an event that `ends_message` is between them. A
    message that was streamed as deltas is not sent again as a whole. `continues` overrides this
    rule: True is a further part of the previous message, to be appended unchanged, whatever came
    between; False is a new message.
    """

    type: ClassVar[str] = "message"
    text: str
    delta: bool = False
    continues: bool | None = None


class Thinking(Struct, frozen=True, kw_only=True):
    """The agent's reasoning, if it shows it; `delta` as in `Message`."""

    type: ClassVar[str] = "thinking"
    text: str
    delta: bool = False


class ToolUse(Struct, frozen=True, kw_only=True):
    """The agent calls a tool; `summary` is one line: the command, the file, the query."""

    type: ClassVar[str] = "tool_use"
    id: str
    name: str
    summary: str
    input: Mapping[str, Json] = field(default_factory=dict)


class ToolResult(Struct, frozen=True, kw_only=True):
    """The result of a tool; `ok` is False if it failed or was denied."""

    type: ClassVar[str] = "tool_result"
    id: str
    ok: bool
    text: str = ""


class FileChange(Struct, frozen=True, kw_only=True):
    """A file that the agent reports as created, modified or deleted; the path is unchanged."""

    type: ClassVar[str] = "file_change"
    path: str
    change: Change


class PermissionRequest(Struct, frozen=True, kw_only=True):
    """The agent asks whether it may use a tool, and waits for the answer.

    `id` is unique in the turn. `tool` and `summary` are as in `ToolUse`, `tool_use_id` is the call
    that is asked for, if the agent names it. `command` is the whole command of `EXECUTE`, `paths`
    are the files or addresses that the agent names, `edits` or the unified `diff` the change that
    it wants to make. `reason` is the agent's own explanation. `editable`: the agent accepts another
    command in the answer.
    """

    type: ClassVar[str] = "permission_request"
    id: str
    tool: str
    kind: ToolKind
    summary: str
    tool_use_id: str | None = None
    command: str | None = None
    paths: tuple[str, ...] = ()
    edits: tuple[FileEdit, ...] = ()
    diff: str = ""
    reason: str = ""
    editable: bool = False


class PermissionAnswer(Struct, frozen=True, kw_only=True):
    """The answer to the request with this `id`, before it is sent to the agent.

    `rule` is the rule that decided, `reason` the person's words for the agent, `command` the
    command to run instead of the requested one.
    """

    type: ClassVar[str] = "permission_answer"
    id: str
    decision: Decision
    by: DecidedBy
    rule: str | None = None
    reason: str | None = None
    command: str | None = None


class UsageReported(Struct, frozen=True, kw_only=True):
    """Token counts during the turn, for display; the turn's own counts are in the result."""

    type: ClassVar[str] = "usage"
    usage: Usage


class Warned(Struct, frozen=True, kw_only=True):
    """A warning that did not end the turn.

    `code` is `retry` (the agent's service failed and the agent tries again), `denied` (the agent
    was not allowed something), `agent` (its own warning) or `clinvk` (ours). `unrecorded`: a record
    was not saved; such a warning is shown even in quiet mode.
    """

    type: ClassVar[str] = "warning"
    message: str
    code: Literal["retry", "denied", "agent", "answer", "clinvk"] = "agent"
    unrecorded: bool = False


class Failed(Struct, frozen=True, kw_only=True):
    """The agent reported a failure; the turn's result repeats it if it is final."""

    type: ClassVar[str] = "error"
    failure: Failure


class Raw(Struct, frozen=True, kw_only=True):
    """A line that the backend does not know; it is kept and never fatal."""

    type: ClassVar[str] = "raw"
    line: str


class Result(Outcome, frozen=True, kw_only=True):
    """The last event of every turn, exactly once: its outcome as the agent reports it.

    It does not have what the agent cannot know: its process, the files on disk, the warnings.
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
    | PermissionRequest
    | PermissionAnswer
    | UsageReported
    | Warned
    | Failed
    | Raw
    | Result
)

_WITHIN_A_MESSAGE = frozenset({"init", "backend_session", "raw", "warning"})
"""The types of events and transcript lines that are not part of the answer."""


def ends_message(kind: str, code: object = None) -> bool:
    """Whether pieces after an event of this type and code are a new message.

    An unknown line or a warning can come at any time. After a `retry` the agent starts its answer
    again.
    """
    return kind not in _WITHIN_A_MESSAGE or code == "retry"
