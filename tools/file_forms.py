"""The published forms of clinvk's other files: transcript and export."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from clinvk.model.access import Access
from clinvk.model.conversation import TurnMode
from clinvk.model.events import Change, StopReason
from clinvk.model.failure import FailureCode
from clinvk.model.files import FileSource
from clinvk.published.record import Form, SessionForm, Time, UsageForm


class FileForm(Form):
    """A file that the turn changed: reported by the agent, or observed in the git work tree."""

    path: str
    change: Change
    source: FileSource


class FailureForm(Form):
    """Why a turn failed."""

    code: FailureCode
    message: str
    hint: str | None
    detail: str | None
    retry_at: Time | None = None


class TurnStartedLine(Form):
    """A turn starts; on disk before the agent receives the prompt. Schema 1 has no `backend`."""

    type: Literal["turn_started"]
    turn: int
    at: Time
    backend: str | None = None
    mode: TurnMode | None = None
    prompt: str
    model: str | None
    access: Access | None
    cwd: str
    conversation: str | None
    resume: bool
    interactive: bool = False
    afresh: Literal["new", "replay"] | None = None


class BackendSessionLine(Form):
    """The agent has reported its own session id."""

    type: Literal["backend_session"]
    turn: int
    at: Time
    id: str
    model: str | None


class TurnFinishedLine(Form):
    """The turn has ended."""

    type: Literal["turn_finished"]
    turn: int
    at: Time
    stop_reason: StopReason
    text: str
    usage: UsageForm
    cost_usd: float | None
    model: str | None
    conversation: str | None
    counters: Any
    failure: FailureForm | None
    exit_code: int | None
    duration_s: float | None
    files: list[FileForm]
    structured: Any = None


class TurnVoidedLine(Form):
    """The turn did not take place."""

    type: Literal["turn_voided"]
    turn: int
    at: Time
    reason: str


class OtherLine(BaseModel):
    """The session itself (without `turn`), or an event of the agent."""

    model_config = ConfigDict(extra="allow", strict=True)

    type: Literal[
        "session",
        "message",
        "thinking",
        "tool_use",
        "tool_result",
        "file_change",
        "permission_request",
        "permission_answer",
        "usage",
        "warning",
        "error",
        "raw",
    ]
    turn: int | None = None


TranscriptLine = Annotated[
    TurnStartedLine | BackendSessionLine | TurnFinishedLine | TurnVoidedLine | OtherLine,
    Field(discriminator="type"),
]


class ExportedSession(Form):
    """A record and its transcript; a line that is not clinvk's JSON is given as text."""

    record: SessionForm  # type: ignore[valid-type]  # made of the table of a record's fields
    transcript: list[TranscriptLine | str]


class ExportForm(Form):
    """What `sessions export -o json` writes and `sessions import` reads."""

    clinvk_export: Literal[1]
    sessions: list[ExportedSession]
