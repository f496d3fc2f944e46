"""The published forms of what clinvk keeps: record, transcript, and both in an export."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from clinvk.model.access import Access
from clinvk.model.events import StopReason
from clinvk.model.failure import FailureCode
from clinvk.model.session import Status, TitleSource
from clinvk.published.parts import Count, FileForm, Form, SessionId, Time, UsageForm


class OpenTurnForm(Form):
    """A turn that began and is not over."""

    number: int
    started_at: Time


class FigureCountsForm(Form):
    """How many turns told each figure: the total of one that fewer told than began is partial."""

    input_tokens: Count
    cached_tokens: Count
    cache_write_tokens: Count
    output_tokens: Count
    reasoning_tokens: Count
    total_tokens: Count
    cost_usd: Count


class SessionForm(Form):
    """`sessions/<id>.json`; fields of later versions may stand beside these."""

    model_config = ConfigDict(extra="allow", strict=True)

    schema_: Literal[1] = Field(alias="schema")
    id: SessionId
    name: str | None
    title: str
    title_source: TitleSource
    backend: str
    backend_session_id: str | None
    backend_session_seen: bool
    model: str | None
    model_requested: str | None
    access: Access | None
    system_prompt: str | None
    cwd: str
    status: Status
    archived: bool
    parent: str | None
    tags: list[str]
    created_at: Time
    last_used_at: Time
    turns: Count
    turns_reported: Count
    usage: UsageForm
    cost_usd: float | None
    figures_reported: FigureCountsForm | None = None
    counters: Any
    counters_turn: Count
    open_turn: OpenTurnForm | None


class FailureForm(Form):
    """Why a turn failed."""

    code: FailureCode
    message: str
    hint: str | None
    detail: str | None
    retry_at: Time | None = None


class TurnStartedLine(Form):
    """A turn begins; on disk before the agent is started."""

    type: Literal["turn_started"]
    turn: int
    at: Time
    prompt: str
    model: str | None
    access: Access | None
    cwd: str
    conversation: str | None
    resume: bool
    interactive: bool = False
    afresh: Literal["new", "replay"] | None = None


class BackendSessionLine(Form):
    """The agent has said its own session id."""

    type: Literal["backend_session"]
    turn: int
    at: Time
    id: str
    model: str | None


class TurnFinishedLine(Form):
    """The turn is over."""

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
    """The session itself, or something that the agent said; `turn` is missing for the first."""

    model_config = ConfigDict(extra="allow", strict=True)

    type: Literal[
        "session",
        "message",
        "thinking",
        "tool_use",
        "tool_result",
        "file_change",
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
    """A record, and its transcript: a line that is no JSON of ours is given as its text."""

    record: SessionForm
    transcript: list[TranscriptLine | str]


class ExportForm(Form):
    """What `sessions export --format json` writes and `sessions import` takes."""

    clinvk_export: Literal[1]
    sessions: list[ExportedSession]
