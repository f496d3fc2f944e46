"""The published forms of clinvk's output: results, events, session files, transcripts, findings.

Imported only to write or check the JSON Schemas in `clinvk/schemas`, which are part of the package;
tests check the output against them. `python -m tools.generate` writes them.
"""

import json
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from clinvk.model.events import Change
from clinvk.model.finding import Area, Severity
from clinvk.model.permission import DecidedBy, Decision, ToolKind
from clinvk.model.session import SCHEMA, Status
from clinvk.model.trial import Held, Promise
from clinvk.published.files import (
    ErrorForm,
    ExportForm,
    FileForm,
    Form,
    SessionForm,
    SessionId,
    TranscriptLine,
    UsageForm,
)
from clinvk.store.config.schema import Config


class ResultForm(Form):
    """The object of `-o json`; usage and cost are those of this turn."""

    schema_: Literal[1] = Field(alias="schema")
    session_id: SessionId | None
    name: str | None
    title: str | None
    backend: str | None
    backend_session_id: str | None
    model: str | None
    cwd: str | None
    turn: int | None
    resumed: bool
    status: Status | None
    text: str
    structured: Any
    usage: UsageForm
    cost_usd: float | None
    duration_s: float
    files: list[FileForm]
    warnings: list[str]
    exit_status: int
    error: ErrorForm | None


class InitEvent(Form):
    """The agent has a conversation."""

    type: Literal["init"]
    session_id: SessionId | None
    backend: str
    backend_session_id: str
    model: str | None
    cwd: str
    turn: int
    resumed: bool


class MessageEvent(Form):
    """A part of the answer; with `delta` the next piece of a message.

    Consecutive pieces are one message, also with a `raw` line or a warning (except `retry`) between
    them. `continues` overrides this: true appends the text to the previous message, whatever came
    between; false starts a new one.
    """

    type: Literal["message"]
    text: str
    delta: bool
    continues: bool | None


class ThinkingEvent(Form):
    """The agent's reasoning, if it shows it."""

    type: Literal["thinking"]
    text: str
    delta: bool


class ToolUseEvent(Form):
    """The agent calls a tool; `summary` is one line, `input` the agent's own input."""

    type: Literal["tool_use"]
    id: str
    name: str
    summary: str
    input: dict[str, Any]


class ToolResultEvent(Form):
    """The result of a tool."""

    type: Literal["tool_result"]
    id: str
    ok: bool
    text: str


class FileChangeEvent(Form):
    """A file that the agent reports as changed; the path is unchanged."""

    type: Literal["file_change"]
    path: str
    change: Change


class FileEditForm(Form):
    """A change that is asked for; `old` is null for a whole file, `new` for a deleted one."""

    path: str
    old: str | None
    new: str | None


class PermissionRequestEvent(Form):
    """The agent asks whether it may use a tool."""

    type: Literal["permission_request"]
    id: str
    tool: str
    kind: ToolKind
    summary: str
    tool_use_id: str | None
    command: str | None
    paths: list[str]
    edits: list[FileEditForm]
    diff: str
    reason: str
    editable: bool


class PermissionAnswerEvent(Form):
    """The answer to the request with this `id`, and who gave it."""

    type: Literal["permission_answer"]
    id: str
    decision: Decision
    by: DecidedBy
    rule: str | None
    reason: str | None
    command: str | None


class UsageEvent(UsageForm):
    """Token counts during the turn."""

    type: Literal["usage"]


class WarningEvent(Form):
    """A warning that did not end the turn."""

    type: Literal["warning"]
    code: Literal["retry", "denied", "agent", "answer", "clinvk"]
    message: str


class ErrorEvent(ErrorForm):
    """The agent reported a failure."""

    type: Literal["error"]


class ResultEvent(ResultForm):
    """The last line of the stream."""

    type: Literal["result"]


StreamEvent = Annotated[
    InitEvent
    | MessageEvent
    | ThinkingEvent
    | ToolUseEvent
    | ToolResultEvent
    | FileChangeEvent
    | PermissionRequestEvent
    | PermissionAnswerEvent
    | UsageEvent
    | WarningEvent
    | ErrorEvent
    | ResultEvent,
    Field(discriminator="type"),
]


class FindingForm(Form):
    """One finding; anything except a note makes `ok` false."""

    area: Area
    severity: Severity
    code: str
    message: str
    where: str | None
    remedy: str | None
    command: str | None
    fixable: bool
    sessions: list[str]


class CheckForm(Form):
    """One checked area."""

    area: Area
    ok: bool
    summary: str


class DoctorForm(Form):
    """The object of `doctor --json`."""

    schema_: Literal[1] = Field(alias="schema")
    ok: bool
    clinvk: str
    python: str
    checks: list[CheckForm]
    findings: list[FindingForm]
    fixed: list[str]
    unfixed: list[str]


class TrialCheckForm(Form):
    """One check of a backend; `held` is `not_tried` if the check is not possible."""

    check: Promise
    meaning: str
    held: Held
    detail: str


class TrialForm(Form):
    """The object of `backends test --json`; `ok`: no check failed."""

    schema_: Literal[1] = Field(alias="schema")
    backend: str
    ok: bool
    checks: list[TrialCheckForm]


_FORMS: dict[str, Any] = {
    "result": ResultForm,
    "stream-event": StreamEvent,
    "session": SessionForm,
    "transcript-line": TranscriptLine,
    "export": ExportForm,
    "config": Config,
    "doctor": DoctorForm,
    "backend-test": TrialForm,
}


def render_schemas() -> dict[str, str]:
    """The text of every schema file by its name."""
    return {
        f"{name}.schema.json": json.dumps(_schema(name, form), indent=2, ensure_ascii=False) + "\n"
        for name, form in _FORMS.items()
    }


def _schema(name: str, form: Any) -> dict[str, Any]:  # noqa: ANN401  a type
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:clinvk:schema:{name}:{SCHEMA if name == 'session' else 1}",
        **TypeAdapter(form).json_schema(),
    }
