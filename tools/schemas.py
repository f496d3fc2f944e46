"""The published forms of clinvk's output: results, events, session files, transcripts, findings.

`python -m tools.generate` writes the JSON Schemas in `clinvk/schemas` from them. The schemas are
part of the package, and tests check the output against them; nothing at run time needs the forms.
"""

import json
from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal

from msgspec.structs import fields
from pydantic import Field, TypeAdapter, create_model

from clinvk.model.events import (
    FileChange,
    Message,
    PermissionAnswer,
    PermissionRequest,
    Thinking,
    ToolResult,
    ToolUse,
)
from clinvk.model.finding import Area, Severity
from clinvk.model.session import SCHEMA, Status
from clinvk.model.trial import Held, Promise
from clinvk.published.record import Form, SessionForm, SessionId, Time, UsageForm
from clinvk.store.config.schema import Config
from tools.file_forms import ExportForm, FileForm, TranscriptLine


class ErrorForm(Form):
    """An error, whether a retry may work, and when if that is known."""

    code: str
    message: str
    hint: str | None
    retryable: bool
    retry_at: Time | None


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


class FailureForm(Form):
    """What a command other than `run` and `resume` prints if it fails, with `-o json`."""

    schema_: Literal[1] = Field(alias="schema")
    exit_status: int
    error: ErrorForm


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


class FileEditForm(Form):
    """A change that is asked for; `old` is null for a whole file, `new` for a deleted one."""

    path: str
    old: str | None
    new: str | None


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


def _event(kind: Any, description: str, **other: Any) -> Any:  # noqa: ANN401  types
    """The form of a published event; `other` has further fields, and those with another type."""
    word: Any = Literal  # the type checker allows no computed word
    types: dict[str, Any] = {"type": word[kind.type]}
    types |= {field.name: field.type for field in fields(kind)} | other
    required: dict[str, Any] = {name: (one, ...) for name, one in types.items()}
    return create_model(f"{kind.__name__}Event", __base__=Form, __doc__=description, **required)


_EVENTS = (
    InitEvent,
    _event(
        Message,
        """A part of the answer; with `delta` the next piece of a message.

Consecutive pieces are one message, also with a `raw` line or a warning (except `retry`) between
them. `continues` overrides this: true appends the text to the previous message, whatever came
between; false starts a new one.""",
    ),
    _event(Thinking, "The agent's reasoning, if it shows it."),
    _event(
        ToolUse,
        """The agent calls a tool: `name` is its own, `common_name` the same for every agent.

`common_name` is `Bash`, `Edit`, `Write`, `Read`, `Search`, `Fetch`, `WebSearch`, `Task` or `Plan`;
for any other tool it is `name`. `summary` is one line, `input` the agent's own input.""",
        input=dict[str, Any],
        common_name=str,
    ),
    _event(ToolResult, "The result of a tool."),
    _event(FileChange, "A file that the agent reports as changed; the path is unchanged."),
    _event(
        PermissionRequest,
        "The agent asks whether it may use a tool; `tool` is the `name` of `tool_use`.",
        edits=list[FileEditForm],
        common_name=str,
    ),
    _event(PermissionAnswer, "The answer to the request with this `id`, and who gave it."),
    UsageEvent,
    WarningEvent,
    ErrorEvent,
    ResultEvent,
)

StreamEvent: Any = Annotated[reduce(or_, _EVENTS), Field(discriminator="type")]


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
    "failure": FailureForm,
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
