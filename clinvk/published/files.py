"""The published forms of clinvk's files: record, transcript, and export."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from clinvk.model.access import Access
from clinvk.model.conversation import TurnMode
from clinvk.model.events import Change, StopReason
from clinvk.model.failure import FailureCode
from clinvk.model.files import FileSource
from clinvk.model.session import Status, TitleSource
from clinvk.store.sessions import record_fields
from clinvk.store.sessions.record_fields import RecordField

Time = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")]
SessionId = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
Count = Annotated[int, Field(ge=0)]


class Form(BaseModel):
    """A published object: it has all of the fields and no others."""

    model_config = ConfigDict(extra="forbid", strict=True)


class UsageForm(Form):
    """Tokens; null is unknown. Cached and cache write are parts of input, reasoning of output."""

    input_tokens: Count | None
    cached_tokens: Count | None
    cache_write_tokens: Count | None
    output_tokens: Count | None
    reasoning_tokens: Count | None
    total_tokens: Count | None


class ErrorForm(Form):
    """An error, whether a retry may work, and when if that is known."""

    code: str
    message: str
    hint: str | None
    retryable: bool
    retry_at: Time | None


class FileForm(Form):
    """A file that the turn changed: reported by the agent, or observed in the git work tree."""

    path: str
    change: Change
    source: FileSource


class OpenTurnForm(Form):
    """A turn that has started and not ended."""

    number: int
    started_at: Time


class FigureCountsForm(Form):
    """How many turns reported each figure. If these are not all turns, its total is partial."""

    input_tokens: Count
    cached_tokens: Count
    cache_write_tokens: Count
    output_tokens: Count
    reasoning_tokens: Count
    total_tokens: Count
    cost_usd: Count


_FORMS = {
    record_fields.TEXT: str,
    record_fields.MAYBE_TEXT: str | None,
    record_fields.TITLE: str,
    record_fields.NAME: str | None,
    record_fields.FLAG: bool,
    record_fields.COUNT: Count,
    record_fields.OBJECT: Any,
    record_fields.AMOUNT: float | None,
    record_fields.TIME: Time,
    record_fields.LATER_TIME: Time,
    record_fields.SOURCE: TitleSource,
    record_fields.ACCESS: Access | None,
    record_fields.STATUS: Status,
    record_fields.TAGS: list[str],
    record_fields.USAGE: UsageForm,
    record_fields.TURN: OpenTurnForm | None,
}


class _Record(Form):
    model_config = ConfigDict(extra="allow", strict=True)


def _form(name: str, description: str, table: Iterable[RecordField], **more: Any) -> type[_Record]:  # noqa: ANN401  types
    """The form of an object with the fields of `table`; `more` has fields with another form."""
    fields: dict[str, Any] = {
        field.name: more.get(field.name) or (_FORMS[field.kind], ...) for field in table
    }
    if "schema" in fields:  # a method of pydantic's
        fields = {"schema_": fields.pop("schema"), **fields}
    return create_model(name, __base__=_Record, __doc__=description, **fields)


ConversationForm = _form(
    "ConversationForm",
    "The conversation with one agent, and the last turn that the agent knows.",
    record_fields.CONVERSATION,
)

SessionForm = _form(
    "SessionForm",
    "`sessions/<id>.json`; later versions may add fields.",
    record_fields.FIELDS,
    schema=(Literal[2], Field(alias="schema")),
    id=(SessionId, ...),
    conversations=(list[ConversationForm], ...),  # type: ignore[valid-type]  # made of a table
    figures_reported=(FigureCountsForm | None, None),
)


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
    """What `sessions export --format json` writes and `sessions import` reads."""

    clinvk_export: Literal[1]
    sessions: list[ExportedSession]
