"""The schema of `backends.NAME.declared`, which describes an agent CLI that clinvk does not know.

Imports pydantic, like `config.schema`.
"""

import re
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Tag, model_validator

from clinvk.model.access import Access
from clinvk.model.declared import (
    PLACEHOLDER,
    PLACEHOLDERS,
    SPEAKS_WITHIN,
    mentions,
    unknown_placeholder,
)
from clinvk.model.failure import FailureCode
from clinvk.store.config.form import Duration, Filled, Section, Word, setting


def _template(argument: str) -> str:
    unknown = unknown_placeholder(argument)
    if unknown is not None:
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise ValueError(
            f"there is no placeholder `{{{unknown}}}`; there are {known}, and `{{options}}` as"
            " an argument of its own"
        )
    return argument


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"`{text[:60]}` is not a regular expression: {error}") from error
    return text


def _variable(name: str) -> str:
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is None:
        raise ValueError(f"`{name[:60]}` is not a valid name of an environment variable")
    return name


def _path(path: str) -> str:
    if not all(path.split(".")):
        raise ValueError("a path is a list of steps with dots, such as `message.content.*.text`")
    return path


def _one_of(kind: str, words: type[StrEnum]) -> AfterValidator:
    known = [word.value for word in words]

    def check(word: str) -> str:
        if word not in known:
            raise ValueError(f"there is no {kind} `{word[:60]}`; use one of {', '.join(known)}")
        return word

    return AfterValidator(check)


def _file(template: str) -> str:
    if not template.startswith(("/", "{home}/")):
        raise ValueError("it must start with `/` or `{home}/`")
    if "{conversation}" not in template:
        raise ValueError("`{conversation}` is missing, so all conversations would be one file")
    other = set(PLACEHOLDER.findall(template)) - {"home", "conversation"}
    if other:
        raise ValueError(f"there is no placeholder `{{{min(other)}}}`")
    return template


def _short(value: Any) -> Any:  # noqa: ANN401  any value of the file
    """Expand a plain path to a place with that path."""
    return {"path": value} if isinstance(value, str) else value


Argument = Annotated[Word, AfterValidator(_template)]
File = Annotated[Filled, AfterValidator(_file)]
Path = Annotated[Filled, AfterValidator(_path)]
Pattern = Annotated[Filled, AfterValidator(_pattern)]
Variable = Annotated[str, AfterValidator(_variable)]
AccessLevel = Annotated[str, _one_of("access", Access)]
Code = Annotated[str, _one_of("failure", FailureCode)]


class Found(Section):
    """A place in the output; a plain text is its `path`."""

    path: Path = setting(..., "Steps separated by dots: keys, list positions, or `*` for all.")
    where: dict[Path, str | int | bool] = setting(
        {}, "Only in objects that have these values at these paths."
    )


Place = Annotated[Found, BeforeValidator(_short)]


class UsageSection(Section):
    """Where the token counts of a turn are; counts on several lines are added up."""

    input: Place | None = setting(None, "Input tokens.")
    output: Place | None = setting(None, "Output tokens.")
    cached: Place | None = setting(None, "Input tokens read from a cache.")
    cache_write: Place | None = setting(None, "Input tokens written to a cache.")
    reasoning: Place | None = setting(None, "Output tokens for hidden reasoning.")
    cached_apart: bool = setting(
        False, "Whether the agent's input count excludes the cached tokens."
    )


_OF_TEXT = ("format", "conversation_changes", "noise", "error_line")


class DeclaredOutput(Section):
    """How to read what the program prints."""

    format: Literal["text", "json", "jsonl"] = setting(
        "text", "Plain text (the answer), one JSON value, or one JSON object per line."
    )
    conversation: Place | None = setting(None, "The agent's own session id.")
    conversation_changes: bool = setting(
        False,
        "Whether each further turn gets a new id. If not, an id other than the given one is another"
        " conversation, and the turn fails.",
    )
    text: Place | None = setting(None, "A complete answer; the last one is used.")
    delta: Place | None = setting(None, "A part of the answer while it is written.")
    model: Place | None = setting(None, "The model that answered.")
    error: Place | None = setting(None, "Why the turn failed, unless a complete `text` follows.")
    cost: Place | None = setting(None, "The cost of the turn in US dollars.")
    noise: list[Pattern] = setting(
        [], "In plain text: regular expressions for lines that are not part of the answer."
    )
    error_line: Pattern | None = setting(
        None, "In plain text: a regular expression for a line with the reason of a failure."
    )
    usage: UsageSection | None = setting(None, "The token counts.")

    @model_validator(mode="after")
    def _finds_an_answer(self) -> "DeclaredOutput":
        places = [name for name in type(self).model_fields if name not in _OF_TEXT]
        named = [name for name in places if getattr(self, name) is not None]
        if self.format != "text" and (self.noise or self.error_line):
            raise ValueError("`noise` and `error_line` need the format `text`; JSON has `error`")
        if self.format == "text" and named:
            raise ValueError(f"`{named[0]}` needs the format `json` or `jsonl`")
        if self.format != "text" and self.text is None and self.delta is None:
            raise ValueError("it needs `text` or `delta`, the place of the answer")
        return self


class OptionsSection(Section):
    """The arguments for clinvk's options; they replace `{options}`."""

    model: list[Argument] | None = setting(None, "With `{model}`.")
    system_prompt: list[Argument] | None = setting(
        None, "With `{system_prompt}` or `{system_prompt_file}`."
    )
    max_turns: list[Argument] | None = setting(None, "With `{max_turns}`.")
    image: list[Argument] | None = setting(None, "With `{image}`, the path; once for each picture.")
    answer_schema: list[Argument] | None = setting(None, "With `{schema}` or `{schema_file}`.")
    add_dir: list[Argument] | None = setting(None, "With `{add_dir}`; once for each directory.")
    effort: list[Argument] | None = setting(
        None, "With `{effort}`, which is `low`, `medium`, `high` or `max`."
    )


class DeclaredSection(Section):
    """How to start the program, how to continue a conversation, and how to read the answer."""

    title: Filled | None = setting(None, "The agent's name for people; null: the backend's name.")
    program: Filled = setting(..., "A name on PATH or an absolute path.")
    install: Filled | None = setting(None, "How to install it, for the hint when it is missing.")
    prompt: Literal["stdin", "argument", "file"] = setting(
        "stdin",
        "How it receives the prompt: on stdin, in the argument with `{prompt}` or in the file"
        " `{prompt_file}`.",
    )
    start: list[Argument] = setting(..., "The arguments of a first turn.")
    resume: list[Argument] | None = setting(
        None, "The arguments of a further turn, with `{conversation}`; null: not possible."
    )
    ephemeral: list[Argument] | None = setting(
        None, "The arguments of a turn that the agent does not keep; null: it always keeps turns."
    )
    conversation_file: File | None = setting(
        None,
        "The file of a conversation, with `{conversation}` and optionally `{home}` and `*`. If it"
        " is missing, the conversation no longer exists; null: the agent reports this itself.",
    )
    options: OptionsSection | None = setting(
        None, "Arguments for `-m`, `--system-prompt` and so on."
    )
    access: dict[AccessLevel, list[Argument]] = setting(
        {}, "Arguments for each `--access` level that the agent can enforce."
    )
    environment: dict[Variable, Argument] = setting(
        {}, "Environment variables; a variable is not set if its placeholder has no value."
    )
    output: DeclaredOutput = setting(DeclaredOutput(), "How to read what it prints.")
    errors: dict[Pattern, Code] = setting(
        {}, "The failure code for each regular expression that matches the agent's messages."
    )

    @model_validator(mode="after")
    def _hands_the_prompt_over(self) -> "DeclaredSection":
        place = {"argument": "prompt", "file": "prompt_file"}.get(self.prompt)
        kinds = (("start", self.start), ("resume", self.resume), ("ephemeral", self.ephemeral))
        for kind, template in kinds:
            if template is not None and place is not None and not mentions(place, template):
                raise ValueError(f"`{kind}` needs `{{{place}}}` to pass the prompt")
        if self.resume is not None and not mentions("conversation", self.resume):
            raise ValueError("`resume` needs `{conversation}`")
        if self.resume is not None and not (
            mentions("conversation", self.start) or self.output.conversation
        ):
            raise ValueError(
                "the conversation to resume is unknown: add `{conversation}` to `start`,"
                " or `conversation` to `output`"
            )
        return self


class AcpSection(Section):
    """How to start an agent that speaks the Agent Client Protocol; the rest it says itself."""

    protocol: Literal["acp"] = setting(..., "The Agent Client Protocol.")
    command: list[Argument] = setting(
        ..., "The program (a name on PATH or an absolute path) and its arguments.", min_length=1
    )
    title: Filled | None = setting(None, "The agent's name for people; null: the backend's name.")
    install: Filled | None = setting(None, "How to install it, for the hint when it is missing.")
    options: OptionsSection | None = setting(
        None,
        "Arguments for `-m`, `--system-prompt` and `--max-turns`; without `options.model` the model"
        " is set by the protocol.",
    )
    modes: dict[AccessLevel, Filled] = setting(
        {}, "The session's mode for each `--access` level that is used, if the agent has modes."
    )
    usage: Literal["turn", "conversation"] | None = setting(
        None,
        "What the token counts in its answer to a prompt are for: this prompt, or the whole"
        " conversation; null: they are not used.",
    )
    failed_answer: Pattern | None = setting(
        None, "A regular expression for an answer that says why the turn failed."
    )
    stops_when_denied: bool = setting(
        False, "Whether a denial ends its work, so that clinvk tells it to go on."
    )
    speaks_within: Duration = setting(
        SPEAKS_WITHIN, "How long it may take to answer for the first time."
    )
    environment: dict[Variable, Argument] = setting(
        {}, "Environment variables; a variable is not set if its placeholder has no value."
    )
    errors: dict[Pattern, Code] = setting(
        {}, "The failure code for each regular expression that matches the agent's messages."
    )

    @model_validator(mode="after")
    def _sends_the_rest(self) -> "AcpSection":
        program, *arguments = self.command
        if not program.strip() or PLACEHOLDER.search(program):
            raise ValueError("`command` must begin with the program, without a placeholder")
        sent = next((one for one in _SENT if mentions(one, arguments)), None)
        if sent is not None:
            raise ValueError(f"`{{{sent}}}` is sent by the protocol; remove it from `command`")
        return self


_SENT = ("prompt", "prompt_file", "conversation")


def _kind(value: Any) -> str:  # noqa: ANN401  any value of the file
    acp = "protocol" in value if isinstance(value, dict) else isinstance(value, AcpSection)
    return OF_ACP if acp else OF_CLI


OF_ACP, OF_CLI = "[acp]", "[cli]"
"""pydantic adds these to the locations in a declaration."""

Declared = Annotated[
    Annotated[DeclaredSection, Tag(OF_CLI)] | Annotated[AcpSection, Tag(OF_ACP)],
    Discriminator(_kind),
]
"""The value of `backends.NAME.declared`."""
