"""The published forms of what clinvk writes: results, events, session files, transcripts.

Loaded only to make or check the JSON Schemas in `clinvk/schemas`, which ship with the package;
what is written is checked against those in the tests. `python -m clinvk.model.published` writes
them again.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from clinvk.model.access import Access
from clinvk.model.config_schema import Config
from clinvk.model.events import Change, StopReason
from clinvk.model.failure import FailureCode
from clinvk.model.session import Status, TitleSource

SCHEMAS = Path(__file__).parents[1] / "schemas"

Time = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")]
SessionId = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
Count = Annotated[int, Field(ge=0)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class UsageForm(_Form):
    """Tokens; null is unknown. Cached and written ones are parts of input, reasoning of output."""

    input_tokens: Count | None
    cached_tokens: Count | None
    cache_write_tokens: Count | None
    output_tokens: Count | None
    reasoning_tokens: Count | None
    total_tokens: Count | None


class ErrorForm(_Form):
    """What went wrong, and whether the same may work later."""

    code: str
    message: str
    hint: str | None
    retryable: bool


class FileForm(_Form):
    """A file that the turn changed."""

    path: str
    change: Change


class ResultForm(_Form):
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
    usage: UsageForm
    cost_usd: float | None
    duration_s: float
    files: list[FileForm]
    warnings: list[str]
    exit_status: int
    error: ErrorForm | None


class InitEvent(_Form):
    """The agent has a conversation."""

    type: Literal["init"]
    session_id: SessionId | None
    backend: str
    backend_session_id: str
    model: str | None
    cwd: str
    turn: int
    resumed: bool


class MessageEvent(_Form):
    """A part of the answer; with `delta` the next piece of a message."""

    type: Literal["message"]
    text: str
    delta: bool


class ThinkingEvent(_Form):
    """The agent's reasoning, where it shows it."""

    type: Literal["thinking"]
    text: str
    delta: bool


class ToolUseEvent(_Form):
    """The agent calls a tool; `summary` is one line, `input` the agent's own."""

    type: Literal["tool_use"]
    id: str
    name: str
    summary: str
    input: dict[str, Any]


class ToolResultEvent(_Form):
    """What a tool gave back."""

    type: Literal["tool_result"]
    id: str
    ok: bool
    text: str


class FileChangeEvent(FileForm):
    """A file that the agent says it changed."""

    type: Literal["file_change"]


class UsageEvent(UsageForm):
    """A figure on the way."""

    type: Literal["usage"]


class WarningEvent(_Form):
    """Something to see that did not end the turn."""

    type: Literal["warning"]
    code: Literal["retry", "denied", "agent", "clinvk"]
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


class OpenTurnForm(_Form):
    """A turn that began and is not over."""

    number: int
    started_at: Time


class SessionForm(_Form):
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
    counters: Any
    counters_turn: Count
    open_turn: OpenTurnForm | None


class FailureForm(_Form):
    """Why a turn failed."""

    code: FailureCode
    message: str
    hint: str | None
    detail: str | None


class TurnStartedLine(_Form):
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


class BackendSessionLine(_Form):
    """The agent has said its own session id."""

    type: Literal["backend_session"]
    turn: int
    at: Time
    id: str
    model: str | None


class TurnFinishedLine(_Form):
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


class TurnVoidedLine(_Form):
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

_FORMS: dict[str, Any] = {
    "result": ResultForm,
    "stream-event": StreamEvent,
    "session": SessionForm,
    "transcript-line": TranscriptLine,
    "config": Config,
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
        "$id": f"urn:clinvk:schema:{name}:1",
        **TypeAdapter(form).json_schema(),
    }


if __name__ == "__main__":
    SCHEMAS.mkdir(exist_ok=True)
    for file_name, text in render_schemas().items():
        (SCHEMAS / file_name).write_text(text, encoding="utf-8")
