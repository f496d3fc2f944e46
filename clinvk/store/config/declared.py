"""The form of `backends.NAME.declared`: an agent CLI that clinvk does not know, described.

Loads pydantic, as `config_schema` does.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, model_validator

from clinvk.model.access import Access
from clinvk.model.declared import PLACEHOLDER, PLACEHOLDERS, mentions, unknown_placeholder
from clinvk.model.failure import FailureCode
from clinvk.store.config.form import Filled, Section, Word, said


def _template(argument: str) -> str:
    unknown = unknown_placeholder(argument)
    if unknown is not None:
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise ValueError(
            f"there is no placeholder `{{{unknown}}}` here; there are {known}, and `{{options}}` as"
            " an argument by itself"
        )
    return argument


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"`{text[:60]}` is no regular expression: {error}") from error
    return text


def _variable(name: str) -> str:
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is None:
        raise ValueError(f"`{name[:60]}` is no name of an environment variable")
    return name


def _path(path: str) -> str:
    if not all(path.split(".")):
        raise ValueError("a path is steps with dots between them, such as `message.content.*.text`")
    return path


def _rung(name: str) -> str:
    rungs = [rung.value for rung in Access]
    if name not in rungs:
        raise ValueError(f"there is no access `{name[:60]}`; there are {', '.join(rungs)}")
    return name


def _code(code: str) -> str:
    codes = [one.value for one in FailureCode]
    if code not in codes:
        raise ValueError(f"there is no failure `{code[:60]}`; there are {', '.join(codes)}")
    return code


def _file(template: str) -> str:
    if not template.startswith(("/", "{home}/")):
        raise ValueError("it begins neither with `/` nor with `{home}/`")
    if "{conversation}" not in template:
        raise ValueError("it has no `{conversation}`, so all conversations would be one file")
    other = set(PLACEHOLDER.findall(template)) - {"home", "conversation"}
    if other:
        raise ValueError(f"there is no placeholder `{{{min(other)}}}` here")
    return template


def _short(value: Any) -> Any:  # noqa: ANN401  whatever stands in the file
    """A path by itself is short for a place with that path."""
    return {"path": value} if isinstance(value, str) else value


Argument = Annotated[Word, AfterValidator(_template)]
File = Annotated[Filled, AfterValidator(_file)]
Path = Annotated[Filled, AfterValidator(_path)]
Pattern = Annotated[Filled, AfterValidator(_pattern)]
Variable = Annotated[str, AfterValidator(_variable)]
Rung = Annotated[str, AfterValidator(_rung)]
Code = Annotated[str, AfterValidator(_code)]


class Found(Section):
    """A place in the output; a text by itself is its `path`."""

    path: Path = said(..., "Steps with dots between them: keys, places in lists, or `*` for all.")
    where: dict[Path, str | int | bool] = said(
        {}, "Only in objects that have these values at these paths."
    )


Place = Annotated[Found, BeforeValidator(_short)]


class UsageSection(Section):
    """Where the token counts of a turn stand; counts on several lines are added up."""

    input: Place | None = said(None, "Tokens that went in.")
    output: Place | None = said(None, "Tokens that came out.")
    cached: Place | None = said(None, "Of the input: read from a cache.")
    cache_write: Place | None = said(None, "Of the input: written to a cache.")
    reasoning: Place | None = said(None, "Of the output: thought and not shown.")
    cached_apart: bool = said(
        False, "Whether the agent's input count leaves out what it says of caches."
    )


_OF_TEXT = ("format", "conversation_changes", "noise", "error_line")


class DeclaredOutput(Section):
    """How to read what the program prints."""

    format: Literal["text", "json", "jsonl"] = said(
        "text", "Plain text, which is the answer; one JSON; or a JSON object a line."
    )
    conversation: Place | None = said(None, "The agent's own session id.")
    conversation_changes: bool = said(
        False,
        "Whether a further turn goes on under an id of its own; if not, another id than the one it"
        " was given is another conversation, and the turn fails.",
    )
    text: Place | None = said(None, "A whole answer; the last one is the turn's.")
    delta: Place | None = said(None, "A piece of the answer as it is written.")
    model: Place | None = said(None, "The model that answered.")
    error: Place | None = said(None, "Why the turn failed, unless a whole `text` comes later.")
    cost: Place | None = said(None, "What the turn cost in US dollars.")
    noise: list[Pattern] = said(
        [], "In plain text: regular expressions for lines that are no part of the answer."
    )
    error_line: Pattern | None = said(
        None, "In plain text: a regular expression for a line that says why the turn failed."
    )
    usage: UsageSection | None = said(None, "The token counts.")

    @model_validator(mode="after")
    def _finds_an_answer(self) -> "DeclaredOutput":
        places = [name for name in type(self).model_fields if name not in _OF_TEXT]
        named = [name for name in places if getattr(self, name) is not None]
        if self.format != "text" and (self.noise or self.error_line):
            raise ValueError("`noise` and `error_line` are for `text` only: JSON has `error`")
        if self.format == "text" and named:
            raise ValueError(f"`{named[0]}` can be found in `json` and `jsonl` only, not in `text`")
        if self.format != "text" and self.text is None and self.delta is None:
            raise ValueError("it says neither where the `text` of the answer is nor its `delta`")
        return self


class OptionsSection(Section):
    """The arguments that stand for clinvk's options; they are put where `{options}` stands."""

    model: list[Argument] | None = said(None, "With `{model}`.")
    system_prompt: list[Argument] | None = said(
        None, "With `{system_prompt}` or `{system_prompt_file}`."
    )
    max_turns: list[Argument] | None = said(None, "With `{max_turns}`.")


class DeclaredSection(Section):
    """How to start the program, how to go on with a conversation, and how to read the answer."""

    title: Filled | None = said(None, "What people call the agent; null: the backend's name.")
    program: Filled = said(..., "A name on PATH or an absolute path.")
    install: Filled | None = said(None, "How to install it, for the hint when it is missing.")
    prompt: Literal["stdin", "argument", "file"] = said(
        "stdin",
        "How it gets the prompt: on stdin, in the argument with `{prompt}` or in the file"
        " `{prompt_file}`.",
    )
    start: list[Argument] = said(..., "The arguments of a first turn.")
    resume: list[Argument] | None = said(
        None, "Those of a further turn, with `{conversation}`; null: it cannot go on."
    )
    ephemeral: list[Argument] | None = said(
        None, "Those of a turn of which the agent keeps nothing; null: it always keeps it."
    )
    conversation_file: File | None = said(
        None,
        "The file in which it keeps a conversation, with `{conversation}`, perhaps `{home}` and"
        " `*`: if that is gone, the conversation is; null: the agent itself says so.",
    )
    options: OptionsSection | None = said(None, "Arguments for `-m`, `--system-prompt` and so on.")
    access: dict[Rung, list[Argument]] = said(
        {}, "Arguments for each `--access` that the agent can be held to."
    )
    environment: dict[Variable, Argument] = said(
        {}, "Variables of its environment; one whose placeholder has no value is not set."
    )
    output: DeclaredOutput = said(DeclaredOutput(), "How to read what it prints.")
    errors: dict[Pattern, Code] = said(
        {}, "What its own words mean: a regular expression to a failure's code."
    )

    @model_validator(mode="after")
    def _hands_the_prompt_over(self) -> "DeclaredSection":
        place = {"argument": "prompt", "file": "prompt_file"}.get(self.prompt)
        kinds = (("start", self.start), ("resume", self.resume), ("ephemeral", self.ephemeral))
        for kind, template in kinds:
            if template is not None and place is not None and not mentions(place, template):
                raise ValueError(f"`{kind}` has no `{{{place}}}`, so the prompt is not handed over")
        if self.resume is not None and not mentions("conversation", self.resume):
            raise ValueError("`resume` has no `{conversation}` to go on with")
        if self.resume is not None and not (
            mentions("conversation", self.start) or self.output.conversation
        ):
            raise ValueError(
                "nothing says which conversation to resume: `start` has no `{conversation}`,"
                " and `output` no `conversation`"
            )
        return self
