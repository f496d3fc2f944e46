"""The form of `config.yaml`: which keys there are, what each may hold and what it means.

Loaded only where a configuration is checked: importing pydantic costs more than the rest of a
run's start.
"""

from collections.abc import Collection
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from clinvk.errors import UsageError
from clinvk.model.access import Access
from clinvk.model.config import BACKEND_DEFAULTS, DEFAULTS
from clinvk.model.names import checked_tag
from clinvk.model.units import parse_duration


def _duration(text: str) -> str:
    try:
        parse_duration(text)
    except UsageError as error:
        raise ValueError(error.message) from error
    return text


def _tag(text: str) -> str:
    try:
        return checked_tag(text)
    except UsageError as error:
        raise ValueError("a tag is 1 to 64 printable characters") from error


def _word(text: str) -> str:
    """It becomes an argument of a program or a path: neither can hold NUL."""
    if "\0" in text:
        raise ValueError("it holds a NUL character")
    return text


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty; leave the key out, or say `null`")
    return _word(text)


def _known_backend(name: str, info: ValidationInfo) -> str:
    """Checked only where the caller says which backends there are: this floor knows none."""
    known: Collection[str] | None = (info.context or {}).get("backends")
    if known is not None and name not in known:
        raise ValueError(f"there is no backend `{name}`")
    return name


def _nothing_said(section: object) -> object:
    """`run:` with every line below it commented out says nothing, and is no mistake."""
    return {} if section is None else section


Duration = Annotated[str, AfterValidator(_duration), Field(examples=["30s", "15m", "2h"])]
Tag = Annotated[str, AfterValidator(_tag)]
Word = Annotated[str, AfterValidator(_word)]
Filled = Annotated[str, AfterValidator(_filled)]
BackendName = Annotated[str, AfterValidator(_known_backend)]
_Optional = BeforeValidator(_nothing_said)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, use_enum_values=True)


def _said(default: Any, meaning: str, **limits: Any) -> Any:  # noqa: ANN401  as pydantic's Field
    return Field(default=default, description=meaning, **limits)


class BackendSection(_Section):
    """What is said about one backend."""

    model: Filled | None = _said(None, "The model; null: the agent's own default.")
    access: Access | None = _said(
        None,
        "What the agent may do; null: as `run.access` says.",
        strict=False,
    )
    system_prompt: Filled | None = _said(None, "Appended to the agent's own system prompt.")
    extra_args: list[Word] = _said([], "Passed to the agent's CLI as they are.")
    binary: Filled | None = _said(
        None, "The agent's program: a name on PATH or an absolute path; null: its usual name."
    )
    enabled: bool = _said(BACKEND_DEFAULTS["enabled"], "Whether the backend may be used.")


class SessionSection(_Section):
    """How sessions are kept."""

    auto_resume: bool = _said(
        DEFAULTS["session.auto_resume"],
        "Continue the last session of the same directory and backend with every plain prompt.",
    )
    retention_days: int = _said(
        DEFAULTS["session.retention_days"],
        "What `sessions clean` removes when it is not told: sessions not used for so many days;"
        " 0 keeps everything.",
        ge=0,
    )
    store_token_usage: bool = _said(
        DEFAULTS["session.store_token_usage"],
        "Keep token counts and costs; false: they are shown after each turn and written nowhere.",
    )
    store_transcript: bool = _said(
        DEFAULTS["session.store_transcript"],
        "Keep prompts, answers and what tools gave back; false: only what is needed to go on with"
        " a session, with times, figures and the paths of changed files.",
    )
    default_tags: list[Tag] = _said([], "Tags of every new session.")


class RunSection(_Section):
    """The limits of every run."""

    timeout: Duration | None = _said(
        None, "How long a turn may take in all; null: as long as it needs."
    )
    idle_timeout: Duration | None = _said(
        DEFAULTS["run.idle_timeout"],
        "How long an agent may be silent before it is stopped; null: for ever.",
    )
    access: Access | None = _said(
        None,
        "What an agent may do, where its backend says nothing; null: the agent's own headless"
        " default.",
        strict=False,
    )
    max_turns: int | None = _said(
        None, "The agent's steps at most, where it can count them; null: no limit.", ge=1
    )
    max_depth: int = _said(
        DEFAULTS["run.max_depth"],
        "How many runs may stand inside one another, if an agent calls clinvk itself.",
        ge=1,
    )


class OutputSection(_Section):
    """How results are shown."""

    format: Literal["text", "json", "stream-json"] = _said(
        DEFAULTS["output.format"], "How a run's result is written to stdout."
    )
    render: Literal["auto", "always", "never"] = _said(
        DEFAULTS["output.render"], "Render Markdown; auto: on a terminal."
    )
    color: Literal["auto", "always", "never"] = _said(
        DEFAULTS["output.color"], "Colour; auto: on a terminal, unless `NO_COLOR` is set."
    )


class Config(_Section):
    """The whole file."""

    default_backend: BackendName | None = _said(
        None, "The backend of a new session; null: the first one that is installed."
    )
    backends: Annotated[dict[BackendName, Annotated[BackendSection, _Optional]], _Optional] = _said(
        {}, "What is said about each backend, by its name."
    )
    session: Annotated[SessionSection, _Optional] = SessionSection()
    run: Annotated[RunSection, _Optional] = RunSection()
    output: Annotated[OutputSection, _Optional] = OutputSection()
