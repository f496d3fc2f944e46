"""The schema of `config.yaml`: all keys, their types and descriptions.

Imported only to check a configuration, because importing pydantic takes longer than the rest of a
run's start.
"""

from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo

from clinvk.errors import UsageError
from clinvk.model.access import Access
from clinvk.model.config import BACKEND_DEFAULTS, DEFAULTS, NULL_MEANS
from clinvk.model.declared import BACKEND_NAME
from clinvk.model.effort import Effort
from clinvk.model.names import checked_tag
from clinvk.model.permission import checked_rule
from clinvk.store.config.declared import Declared
from clinvk.store.config.form import Duration, Filled, MayBeEmpty, Section, Word, setting


def _tag(text: str) -> str:
    try:
        return checked_tag(text)
    except UsageError as error:
        raise ValueError("a tag is 1 to 64 printable characters") from error


def _rule(text: str) -> str:
    try:
        return checked_rule(text)
    except UsageError as error:
        raise ValueError(f"{error.message}; {error.hint}") from error


def _known_backend(name: str, info: ValidationInfo) -> str:
    """Check the name only if the caller passes the known backends; this layer has no list."""
    context = info.context or {}
    known: Collection[str] | None = context.get("backends")
    if known is not None and name not in known and name not in context.get("declared", ()):
        raise ValueError(f"there is no backend `{name}`")
    return name


def _known_or_declared(name: str, info: ValidationInfo) -> str:
    """Accept the name of an existing backend, or a new name that the section declares."""
    context = info.context or {}
    if name not in context.get("declared", ()):
        return _known_backend(name, info)
    if BACKEND_NAME.fullmatch(name) is None:
        raise ValueError("a backend's name has 1 to 32 characters of `a-z`, `0-9`, `-` and `_`")
    return name


Rule = Annotated[str, AfterValidator(_rule), Field(examples=["Edit", "Bash(git status)"])]
Tag = Annotated[str, AfterValidator(_tag)]
BackendName = Annotated[str, AfterValidator(_known_backend)]
BackendKey = Annotated[str, AfterValidator(_known_or_declared)]


class BackendSection(Section):
    """The settings of one backend."""

    model: Filled | None = setting(None, f"The model; null: {NULL_MEANS['model']}.")
    access: Access | None = setting(
        None,
        f"What the agent may do; null: {NULL_MEANS['access']}.",
        strict=False,
    )
    system_prompt: Filled | None = setting(
        None,
        f"Appended to the agent's own system prompt; null: {NULL_MEANS['system_prompt']}.",
    )
    effort: Effort | None = setting(
        None,
        f"How much the model thinks; null: {NULL_MEANS['effort']}.",
        strict=False,
    )
    extra_args: list[Word] = setting([], "Arguments passed to the agent's CLI unchanged.")
    binary: Filled | None = setting(
        None,
        f"The agent's program: a name on PATH or an absolute path; null: {NULL_MEANS['binary']}.",
    )
    enabled: bool = setting(BACKEND_DEFAULTS["enabled"], "Whether the backend may be used.")
    declared: Declared | None = setting(
        None, "Describes another agent's CLI, and creates a backend with this name."
    )


class SessionSection(Section):
    """How sessions are kept."""

    auto_resume: bool = setting(
        DEFAULTS["session.auto_resume"],
        "Continue the last session of the same directory and backend with every plain prompt.",
    )
    retention_days: int = setting(
        DEFAULTS["session.retention_days"],
        "`sessions clean` removes sessions not used for this many days, unless an option says"
        " otherwise; 0 keeps everything.",
        ge=0,
    )
    store_token_usage: bool = setting(
        DEFAULTS["session.store_token_usage"],
        "Keep token counts and costs; false: they are shown after each turn, but not stored.",
    )
    store_transcript: bool = setting(
        DEFAULTS["session.store_transcript"],
        "Keep prompts, answers and tool results; false: only what is needed to continue a session,"
        " and times, token counts and the paths of changed files.",
    )
    default_tags: list[Tag] = setting([], "Tags of every new session.")


class RunSection(Section):
    """The limits of every run."""

    timeout: Duration | None = setting(
        None, f"Maximum duration of a turn; null: {NULL_MEANS['run.timeout']}."
    )
    idle_timeout: Duration | None = setting(
        DEFAULTS["run.idle_timeout"],
        "How long an agent may be silent before it is stopped; null: "
        f"{NULL_MEANS['run.idle_timeout']}.",
    )
    access: Access | None = setting(
        None,
        "What an agent may do, unless its backend's section says otherwise; null: "
        f"{NULL_MEANS['run.access']}.",
        strict=False,
    )
    allow: list[Rule] = setting(
        [],
        "Tools that an agent may use without asking: `Edit`, `Edit(src/**)`, `Bash(git status)`,"
        " `Fetch(*.org)`, or a tool's own name. Only where the agent asks (`ask`).",
    )
    deny: list[Rule] = setting(
        [], "Tools that an agent must not use where it asks; these win over `allow`."
    )
    max_turns: int | None = setting(
        None,
        "Maximum number of agent steps, if it can count them; null: "
        f"{NULL_MEANS['run.max_turns']}.",
        ge=1,
    )
    max_depth: int = setting(
        DEFAULTS["run.max_depth"],
        "Maximum depth of nested runs, if an agent calls clinvk itself.",
        ge=1,
    )


class OutputSection(Section):
    """How results are shown."""

    format: Literal["text", "json", "stream-json"] = setting(
        DEFAULTS["output.format"], "How a run's result is written to stdout."
    )
    render: Literal["auto", "always", "never"] = setting(
        DEFAULTS["output.render"], "Render Markdown; auto: on a terminal."
    )
    color: Literal["auto", "always", "never"] = setting(
        DEFAULTS["output.color"], "Colour; auto: on a terminal, unless `NO_COLOR` is set."
    )


class Config(Section):
    """The whole file."""

    default_backend: BackendName | None = setting(
        None, f"The backend of a new session; null: {NULL_MEANS['default_backend']}."
    )
    backends: Annotated[dict[BackendKey, Annotated[BackendSection, MayBeEmpty]], MayBeEmpty] = (
        setting({}, "The settings of each backend, by its name.")
    )
    session: Annotated[SessionSection, MayBeEmpty] = SessionSection()
    run: Annotated[RunSection, MayBeEmpty] = RunSection()
    output: Annotated[OutputSection, MayBeEmpty] = OutputSection()
