"""A backend that the user's configuration declares: any agent CLI, without code.

Its format is `DeclaredSection` in `store/config/declared.py`; `docs/backends.md` explains it. The
declarations that arrive here are valid.
"""

from collections.abc import Iterator, Mapping
from glob import escape
from pathlib import Path
from typing import ClassVar

from msgspec.structs import replace

from clinvk.agents.base import Backend, Capability, ConversationFiles, Parser
from clinvk.agents.declared.output import parser_of
from clinvk.errors import SessionNotFoundError
from clinvk.model.access import Access
from clinvk.model.access_option import AccessOption
from clinvk.model.declared import OPTIONS, PLACEHOLDER, SPEAKS_WITHIN, mentions
from clinvk.model.events import Json
from clinvk.model.request import Invocation, TurnRequest
from clinvk.text.sanitize import safe_line
from clinvk.text.units import parse_duration

_ID = "{conversation}"
_VALUE_OF = {"answer_schema": "schema"}
"""The placeholder of an option that has another name."""


def declared(name: str, form: Mapping[str, Json]) -> Backend:
    """The backend with that name, as the declaration describes it."""
    speaks_acp = "protocol" in form
    facts = {
        "name": name,
        "title": form.get("title") or name,
        "executable": form["command"][0] if speaks_acp else form["program"],
        "install_hint": form.get("install") or f"see `backends.{name}.declared` in `config.yaml`",
        "lacks": _lacks_with_acp(form) if speaks_acp else _lacks(form),
        "always_asks": speaks_acp,
        "access_options": tuple(_access_options(form)),
        "form": form,
    }
    kind = _DeclaredAcp if speaks_acp else _Declared
    backend: Backend = type("Declared", (kind,), facts)()
    return backend


class _Declared(Backend):
    """The code of all declared backends; `form` is the declaration of one."""

    form: ClassVar[Mapping[str, Json]]

    def invocation(self, request: TurnRequest) -> Invocation:
        """The command line from the declaration, with its placeholders filled in."""
        self._refuse_invalid_id(request.conversation)
        values = _values(request)
        argv = tuple(self._arguments(request, values))
        files = {
            f"{key}_file": values[key]
            for key in ("prompt", "system_prompt", "schema")
            if key in values and mentions(f"{key}_file", argv)
        }
        by_stdin = self.form.get("prompt", "stdin") == "stdin"
        return Invocation(
            argv=(self.executable, *argv),
            stdin=request.prompt.encode("utf-8", errors="replace") if by_stdin else b"",
            cwd=request.cwd,
            env={
                name: _filled(template, values)
                for name, template in (self.form.get("environment") or {}).items()
                if set(PLACEHOLDER.findall(template)) <= values.keys()
            },
            files=files,
        )

    def conversation_files(
        self, conversation: str, user_home: Path, environ: Mapping[str, str]
    ) -> ConversationFiles | None:
        """The file that the declaration names.

        If the file is an argument in `start`, the agent creates a missing one without an error.
        """
        del environ
        template = self.form.get("conversation_file")
        if template is None or not self.is_conversation(conversation):
            return None
        parts = template.split("/")
        moving = next(at for at, part in enumerate(parts) if "*" in part or _ID in part)
        return ConversationFiles(
            root=Path(_filled("/".join(parts[:moving]) or "/", {"home": str(user_home)})),
            pattern=_filled("/".join(parts[moving:]), {"conversation": escape(conversation)}),
            only_witness=any(template in argument for argument in self.form["start"]),
        )

    def changes_conversation(self, request: TurnRequest) -> bool:
        """As the declaration says."""
        del request
        return bool((self.form.get("output") or {}).get("conversation_changes"))

    def parser(self, request: TurnRequest) -> Parser:
        """A parser for the output that the declaration describes."""
        return parser_of(self.form, request)

    def _refuse_invalid_id(self, conversation: str | None) -> None:
        """Raise for an id that could be mistaken for an option; an agent once printed it."""
        if conversation is not None and not self.is_conversation(conversation):
            raise SessionNotFoundError(
                f"`{safe_line(conversation[:80])}` is not the id of a conversation of this agent",
                hint="an id begins with a letter or a digit and contains no spaces",
            )

    def _arguments(self, request: TurnRequest, values: Mapping[str, str]) -> Iterator[str]:
        template = self._template(request)
        options = [*self._options(request, values)]
        options.extend(request.backend_args)
        if OPTIONS not in template:
            yield from options
        for argument in template:
            if argument == OPTIONS:
                yield from options
            else:
                yield _filled(argument, values)

    def _template(self, request: TurnRequest) -> list[str]:
        """The arguments for this kind of turn."""
        kind = "ephemeral" if request.ephemeral else "resume" if request.resume else "start"
        template: list[str] = self.form[kind]
        return template

    def _options(self, request: TurnRequest, values: Mapping[str, str]) -> Iterator[str]:
        """The arguments for the request, in a fixed order."""
        templates = self.form.get("options") or {}
        for name in ("model", "system_prompt", "max_turns", "effort", "answer_schema"):
            if values.get(_VALUE_OF.get(name, name)) is not None:
                yield from (_filled(one, values) for one in templates.get(name) or ())
        for name, paths in _repeated(request):
            for path in paths:
                one = {**values, name: path}
                yield from (_filled(argument, one) for argument in templates.get(name) or ())
        if request.access is not None:
            arguments = self._access_arguments(request.access)
            yield from (_filled(argument, values) for argument in arguments)

    def _access_arguments(self, access: Access) -> list[str]:
        arguments: list[str] = (self.form.get("access") or {})[access.value]
        return arguments


class _DeclaredAcp(_Declared):
    """An agent that speaks the Agent Client Protocol: every turn is a dialogue with it."""

    def invocation(self, request: TurnRequest) -> Invocation:
        """The declared command; the conversation, the mode and the prompt are sent to it."""
        from clinvk.agents.kit.acp.client import opening

        return replace(
            super().invocation(request),
            stdin=opening(),
            dialogue=True,
            speaks_within_s=parse_duration(self.form.get("speaks_within") or SPEAKS_WITHIN),
        )

    def parser(self, request: TurnRequest) -> Parser:
        """A parser that holds the dialogue."""
        from clinvk.agents.declared.acp import DeclaredAcpParser

        return DeclaredAcpParser(self.form, request)

    def _template(self, request: TurnRequest) -> list[str]:
        """The same arguments for every turn: which conversation it continues is sent."""
        del request
        arguments: list[str] = self.form["command"][1:]
        return arguments

    def _access_arguments(self, access: Access) -> list[str]:
        """None: the access decides what clinvk answers, and the session's mode."""
        del access
        return []


def _values(request: TurnRequest) -> dict[str, str]:
    """The values of the placeholders that have one."""
    max_turns = None if request.max_turns is None else str(request.max_turns)
    values = {
        "prompt": request.prompt,
        "conversation": request.conversation,
        "model": request.model,
        "system_prompt": request.system_prompt,
        "max_turns": max_turns,
        "schema": request.schema,
        "effort": request.effort,
        "cwd": str(request.cwd),
        "home": None if request.home is None else str(request.home),
    }
    return {key: value for key, value in values.items() if value is not None}


def _repeated(request: TurnRequest) -> Iterator[tuple[str, list[str]]]:
    """The placeholders of options that may be given several times, with their values."""
    yield "image", [str(one.path) for one in request.images]
    yield "add_dir", [*map(str, request.add_dirs)]


def _filled(template: str, values: Mapping[str, str]) -> str:
    """The template with its placeholders filled in once: placeholders in a value stay."""
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), template)


def _access_options(form: Mapping[str, Json]) -> Iterator[AccessOption]:
    """The options in its access levels; what other options allow is unknown."""
    values: dict[str, dict[str, Access]] = {}
    for access in Access:
        words = [str(word) for word in (form.get("access") or {}).get(access.value) or ()]
        for word, following in zip(words, [*words[1:], "-"], strict=False):
            if word.startswith("-"):
                name, given, value = word.partition("=")
                value = value if given else "" if following.startswith("-") else following
                values.setdefault(name, {}).setdefault(value, access)
    for name, levels in values.items():
        if levels.keys() == {""}:
            yield AccessOption((name,), levels[""], takes_value=False)
        else:
            yield AccessOption((name,), values=levels)


def _lacks_with_acp(form: Mapping[str, Json]) -> dict[Capability, str]:
    """What the protocol cannot do, and the declaration does not define, with the reasons."""
    options = form.get("options") or {}
    undeclared = {
        capability: f"its declaration has no options.{capability}"
        for capability in (Capability.SYSTEM_PROMPT, Capability.MAX_TURNS)
        if not options.get(capability.value)
    } | _lacks_options(options, _OF_ACP)
    return undeclared | {
        Capability.OWN_ID: "it chooses the conversation's id itself",
        Capability.EPHEMERAL: "its protocol has no conversation that is not kept",
        Capability.COST: "its protocol tells no cost of a turn",
        Capability.SCREEN: "its declaration has no setting for an interactive screen",
        Capability.TITLE: "its declaration has no setting for a title",
    }


def _lacks(form: Mapping[str, Json]) -> dict[Capability, str]:
    """What the declaration does not define, with the reasons."""
    options, access = form.get("options") or {}, form.get("access") or {}
    output = form.get("output") or {}
    finds_id = mentions("conversation", form["start"]) or output.get("conversation")
    supported: Mapping[Capability, tuple[object, str]] = {
        Capability.RESUME: (form.get("resume") and finds_id, "resume"),
        Capability.EPHEMERAL: (form.get("ephemeral"), "ephemeral"),
        Capability.MODEL: (options.get("model"), "options.model"),
        Capability.SYSTEM_PROMPT: (options.get("system_prompt"), "options.system_prompt"),
        Capability.MAX_TURNS: (options.get("max_turns"), "options.max_turns"),
        Capability.READ_ONLY: (access.get("read-only") is not None, "access.read-only"),
        Capability.ASK: (None, "protocol in which the agent could ask"),
        Capability.EDIT: (access.get("edit") is not None, "access.edit"),
        Capability.FULL: (access.get("full") is not None, "access.full"),
        Capability.OWN_ID: (mentions("conversation", form["start"]), "`{conversation}` in start"),
        Capability.PARTIAL_MESSAGES: (
            output.get("delta") or output.get("format", "text") == "text",
            "output.delta",
        ),
        Capability.COST: (output.get("cost"), "output.cost"),
        Capability.DENIALS: (None, "setting for denied tool calls"),
        Capability.SCREEN: (None, "setting for an interactive screen"),
        Capability.TITLE: (None, "setting for a title"),
    }
    return {
        capability: f"its declaration has no {what}"
        for capability, (there, what) in supported.items()
        if not there
    } | _lacks_options(options, _TEMPLATES)


_OF_ACP: Mapping[Capability, str] = {
    Capability.ANSWER_SCHEMA: "answer_schema",
    Capability.ADD_DIR: "add_dir",
    Capability.EFFORT: "effort",
}
_TEMPLATES: Mapping[Capability, str] = {Capability.IMAGES: "image", **_OF_ACP}
"""The templates for features that are named otherwise. Pictures are sent by the protocol."""


def _lacks_options(
    options: Mapping[str, Json], needed: Mapping[Capability, str]
) -> dict[Capability, str]:
    return {
        capability: f"its declaration has no options.{name}"
        for capability, name in needed.items()
        if not options.get(name)
    }
