"""The form of `config.yaml`: which keys there are and what each may hold.

Loaded only where a configuration is checked: importing pydantic costs more than the rest of a
run's start.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from clinvk.errors import UsageError
from clinvk.model.access import Access
from clinvk.model.config import BACKEND_DEFAULTS, DEFAULTS
from clinvk.model.units import parse_duration

_TAG_LENGTH = 64


def _duration(text: str) -> str:
    try:
        parse_duration(text)
    except UsageError as error:
        raise ValueError(error.message) from error
    return text


Duration = Annotated[str, AfterValidator(_duration), Field(examples=["30s", "15m", "2h"])]
Tag = Annotated[str, Field(min_length=1, max_length=_TAG_LENGTH)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, use_enum_values=True)


class BackendSection(_Section):
    """What is said about one backend."""

    model: str | None = None
    access: Access | None = Field(default=None, strict=False)
    system_prompt: str | None = None
    extra_args: list[str] = []
    binary: str | None = None
    enabled: bool = BACKEND_DEFAULTS["enabled"]


class SessionSection(_Section):
    """How sessions are kept."""

    auto_resume: bool = DEFAULTS["session.auto_resume"]
    retention_days: int = Field(default=DEFAULTS["session.retention_days"], ge=0)
    store_token_usage: bool = DEFAULTS["session.store_token_usage"]
    store_transcript: bool = DEFAULTS["session.store_transcript"]
    default_tags: list[Tag] = []


class RunSection(_Section):
    """The limits of every run."""

    timeout: Duration | None = None
    idle_timeout: Duration | None = DEFAULTS["run.idle_timeout"]
    access: Access | None = Field(default=None, strict=False)
    max_turns: int | None = Field(default=None, ge=1)


class OutputSection(_Section):
    """How results are shown."""

    format: Literal["text", "json", "stream-json"] = DEFAULTS["output.format"]
    render: Literal["auto", "always", "never"] = DEFAULTS["output.render"]
    color: Literal["auto", "always", "never"] = DEFAULTS["output.color"]


class Config(_Section):
    """The whole file."""

    default_backend: str | None = None
    backends: dict[str, BackendSection] = {}
    session: SessionSection = SessionSection()
    run: RunSection = RunSection()
    output: OutputSection = OutputSection()
