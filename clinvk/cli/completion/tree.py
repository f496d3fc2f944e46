"""All commands with their options and words, read from the application."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from typer import Context

from clinvk.cli.spelling import value_is_optional

IMPLICIT = "run"
"""The command that is used when none is named."""


class Source(StrEnum):
    """Where the candidates of a value come from; those up to `KEYS` are looked up."""

    SESSIONS = "sessions"
    ARCHIVED = "archived"
    NAMES = "names"
    TAGS = "tags"
    MODELS = "models"
    BACKENDS = "backends"
    KEYS = "keys"
    FOLDERS = "folders"
    FILES = "files"
    CHOICES = "choices"
    NOTHING = "nothing"


_BY_METAVAR = {
    "SESSION": Source.SESSIONS,
    "BACKEND": Source.BACKENDS,
    "TAG": Source.TAGS,
    "KEY": Source.KEYS,
    "DIR": Source.FOLDERS,
    "FILE": Source.FILES,
    "PATH": Source.FILES,
    "PROMPT": Source.FILES,  # a prompt often names a file
}
# `NAME` has a different meaning for each option.
_BY_OPTION = {
    "--backend": Source.BACKENDS,
    "--model": Source.MODELS,
    "--session": Source.NAMES,
}
_BY_COMMAND: Mapping[tuple[tuple[str, ...], Source], Source] = {
    (("sessions", "unarchive"), Source.SESSIONS): Source.ARCHIVED,
}
_SESSION_IS_CHOSEN: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("resume",): ("--last", "--interactive", "-i")
}


class Value(Struct, frozen=True, kw_only=True):
    """The value of an option, or a word; `repeated` words can occur any number of times."""

    metavar: str
    source: Source
    choices: tuple[str, ...] = ()
    repeated: bool = False


class Option(Struct, frozen=True, kw_only=True):
    """An option with all its names; `value` is None for a flag."""

    names: tuple[str, ...]
    line: str
    value: Value | None
    repeatable: bool


class Command(Struct, frozen=True, kw_only=True):
    """A command, or a table of commands.

    An option in `choosing` replaces the first word.
    """

    path: tuple[str, ...]
    line: str
    options: tuple[Option, ...]
    words: tuple[Value, ...]
    commands: tuple["Command", ...] = ()
    choosing: tuple[str, ...] = ()

    def walk(self) -> Iterator["Command"]:
        """This command and all below it."""
        yield self
        for command in self.commands:
            yield from command.walk()


def read_tree() -> Command:
    """All commands of `clinvk`; the root also has the options and words of `IMPLICIT`."""
    from clinvk.cli.app import app

    root = _read(app, ())
    meant = next(command for command in root.commands if command.path == (IMPLICIT,))
    known = {name for option in meant.options for name in option.names}
    own = tuple(option for option in root.options if known.isdisjoint(option.names))
    return replace(root, options=(*meant.options, *own), words=meant.words)


def _read(command: Any, path: tuple[str, ...]) -> Command:  # noqa: ANN401  a command of ours
    params = [
        param
        for param in command.get_params(Context(command, **command.context_settings))
        if not getattr(param, "hidden", False)
    ]
    options = tuple(_option(param, path) for param in params if param.param_type_name == "option")
    names = {name for option in options for name in option.names}
    return Command(
        path=path,
        line=first_line(command.help),
        options=options,
        words=tuple(
            value
            for param in params
            if param.param_type_name == "argument"
            for value in _words(param, path)
        ),
        commands=tuple(
            _read(command.load(name), (*path, name)) for name in getattr(command, "commands", ())
        ),
        choosing=tuple(name for name in _SESSION_IS_CHOSEN.get(path, ()) if name in names),
    )


def _option(param: Any, path: tuple[str, ...]) -> Option:  # noqa: ANN401  as above
    # Click keeps the names of `--help` in a set.
    names = tuple(
        sorted((*param.opts, *param.secondary_opts), key=lambda name: not name.startswith("--"))
    )
    takes_none = param.is_flag or getattr(param, "count", False) or value_is_optional(param)
    by_name = next((_BY_OPTION[name] for name in names if name in _BY_OPTION), None)
    return Option(
        names=names,
        line=first_line(param.help),
        value=None if takes_none else _value(param.metavar, param, path, by_name),
        repeatable=param.multiple or getattr(param, "count", False),
    )


def _words(param: Any, path: tuple[str, ...]) -> Iterator[Value]:  # noqa: ANN401  as above
    """The words of one argument: `[SESSION] [PROMPT]...` are two."""
    many = param.nargs == -1
    parts = str(param.metavar or param.name.upper()).split()
    for part in parts:
        value = _value(part, param, path)
        yield replace(value, repeated=many and part is parts[-1])


def _value(
    metavar: str | None,
    param: Any,  # noqa: ANN401  as above
    path: tuple[str, ...],
    source: Source | None = None,
) -> Value:
    word = str(metavar or param.name).strip("[].").upper()
    choices = tuple(str(choice) for choice in getattr(param.type, "choices", ()))
    if choices:
        return Value(metavar=word, source=Source.CHOICES, choices=choices)
    source = source or _BY_METAVAR.get(word, Source.NOTHING)
    return Value(metavar=word, source=_BY_COMMAND.get((path, source), source))


def first_line(text: str | None) -> str:
    """The first sentence or line of a help text."""
    return (text or "").strip().partition("\n")[0]
