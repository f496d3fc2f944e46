"""The published forms of what clinvk writes: results, events, session files, transcripts, findings.

Loaded only to make or check the JSON Schemas in `clinvk/schemas`, which ship with the package;
what is written is checked against those in the tests. `python -m tools.generate` writes them.
"""

import json
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from clinvk.model.events import Change
from clinvk.model.finding import Area, Severity
from clinvk.model.session import SCHEMA, Status
from clinvk.model.trial import Held, Promise
from clinvk.published.files import ExportForm, SessionForm, TranscriptLine
from clinvk.published.parts import ErrorForm, FileForm, Form, SessionId, UsageForm
from clinvk.store.config.schema import Config


class ResultForm(Form):
    """The object of `-o json`; usage and cost are this turn's own."""

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

    Pieces that follow one another are one message, also with a `raw` line or a warning (but a
    `retry`) between them. Where that does not tell it, `continues` does: true joins the text to
    the message before, whatever came in between, false begins a new one.
    """

    type: Literal["message"]
    text: str
    delta: bool
    continues: bool | None


class ThinkingEvent(Form):
    """The agent's reasoning, where it shows it."""

    type: Literal["thinking"]
    text: str
    delta: bool


class ToolUseEvent(Form):
    """The agent calls a tool; `summary` is one line, `input` the agent's own."""

    type: Literal["tool_use"]
    id: str
    name: str
    summary: str
    input: dict[str, Any]


class ToolResultEvent(Form):
    """What a tool gave back."""

    type: Literal["tool_result"]
    id: str
    ok: bool
    text: str


class FileChangeEvent(Form):
    """A file that the agent says it changed; the path as it said it."""

    type: Literal["file_change"]
    path: str
    change: Change


class UsageEvent(UsageForm):
    """A figure on the way."""

    type: Literal["usage"]


class WarningEvent(Form):
    """Something to see that did not end the turn."""

    type: Literal["warning"]
    code: Literal["retry", "denied", "agent", "answer", "clinvk"]
    message: str


class ErrorEvent(ErrorForm):
    """The agent reported a failure."""

    type: Literal["error"]


class ResultEvent(ResultForm):
    """The last line."""

    type: Literal["result"]


StreamEvent = Annotated[
    InitEvent
    | MessageEvent
    | ThinkingEvent
    | ToolUseEvent
    | ToolResultEvent
    | FileChangeEvent
    | UsageEvent
    | WarningEvent
    | ErrorEvent
    | ResultEvent,
    Field(discriminator="type"),
]


class FindingForm(Form):
    """One thing that is not as it should be; only notes leave all well."""

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
    """One area that was looked at."""

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
    """One check of a backend; `held` is `not_tried` where the backend lacks what it needs."""

    check: Promise
    meaning: str
    held: Held
    detail: str


class TrialForm(Form):
    """The object of `backends test --json`; `ok` says that no check failed."""

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
    """The text of every schema file, by its name."""
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
