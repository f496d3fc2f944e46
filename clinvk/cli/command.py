"""The base of all commands: help on our streams, and tables that import only what is called.

Typer prints its help without our streams, which gives a traceback on a full disk. It also writes
required arguments as `{SESSION}` with `[required]` after the help; other programs write `SESSION`.

Start-up time is limited: `python -c pass` takes 10 ms, Typer 37 more, and each library adds to it.
So a large table has only the name and one line of help for each command; a test compares these
lines with the help of the commands.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import wraps
from importlib import import_module
from typing import Annotated, Any, TypeVar

import typer
from msgspec import Struct
from msgspec.structs import fields
from typer import Argument, Context, Option
from typer.core import TyperCommand, TyperGroup

from clinvk.cli.spelling import as_typer_reads
from clinvk.errors import ExitStatus, UsageError
from clinvk.text.wrap import filled

__all__ = [
    "Argument",
    "Command",
    "CommandTable",
    "ConfigFile",
    "Context",
    "Json",
    "Option",
    "OptionGroup",
    "Table",
    "command",
    "command_table",
    "table",
]


class OptionGroup(Struct, frozen=True):
    """Options that several commands share: each field declares one, as a parameter does."""


class Format(StrEnum):
    """Format of a command's output on stdout."""

    TEXT = "text"
    JSON = "json"


OutputFormat = Annotated[
    Format | None, Option("--output-format", "-o", help="Format of the output on stdout.")
]
Json = Annotated[bool, Option("--json", help="Print JSON (same as `-o json`).")]
ConfigFile = Annotated[
    str | None,
    Option("--config", metavar="FILE", help="Use FILE instead of your configuration file."),
]


def json_is_asked(form: str | None, *, as_json: bool) -> bool:
    """Whether `-o` or `--json` ask for JSON. Raises `UsageError` if they contradict each other."""
    if as_json and form not in (None, Format.JSON):
        raise UsageError(f"`--json` cannot be used with `-o {form}`", hint="use one of them")
    return as_json or form == Format.JSON


class _WithOurHelp:
    help: str | None
    get_params: Any

    def get_help_option(self, ctx: Any) -> Any:  # noqa: ANN401  Typer's classes have no public names
        """The option that prints the help."""
        option = super().get_help_option(ctx)  # type: ignore[misc]  # beside Typer's class
        if option is not None:
            option.callback = _print_help
        return option

    def format_help_text(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401  as above
        """Write the text above the options; examples that are too long have several lines."""

        def folded(example: re.Match[str]) -> str:
            explained = filled(f"      {example[2]}", formatter.width - 2, "      ")
            return "\n".join((example[1], *explained))

        text = self.help or ""
        if any(len(one[0]) + 2 > formatter.width for one in _EXAMPLE.finditer(text)):
            self.help = _EXAMPLE.sub(folded, text)
        super().format_help_text(ctx, formatter)  # type: ignore[misc]  # beside Typer's class
        self.help = text

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401  as above
        """Write the help of each argument and each option; below the names if it is narrow."""
        narrow = {"col_max": 4} if formatter.width < _NARROW else {}
        sections: dict[str, list[tuple[str, str]]] = {"argument": [], "option": []}
        for param in self.get_params(ctx):
            if record := param.get_help_record(ctx):
                name, text = record
                sections[param.param_type_name].append((name, _REQUIRED.sub("", text)))
        for title, records in zip(("Arguments", "Options"), sections.values(), strict=True):
            if records:
                with formatter.section(title):
                    formatter.write_dl(records, **narrow)


_EXAMPLE = re.compile(r"^(  \S.*?\S) {2,}(\S.*)$", re.MULTILINE)
_NARROW = 60
"""Columns below which options are explained below their names."""


class Command(_WithOurHelp, TyperCommand):
    """A command."""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401  as above
        """Parse the words, with every option as Typer expects it."""
        return super().parse_args(ctx, list(as_typer_reads(args, self.params)))

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ANN401  as above
        """The words of the usage line."""
        return [_BRACES.sub(r"\1", piece) for piece in super().collect_usage_pieces(ctx)]


_BRACES = re.compile(r"^\{(.+)\}$")
_REQUIRED = re.compile(r" *\[required\]$")


class Table(_WithOurHelp, TyperGroup):
    """A group of commands, without arguments of its own."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401  as above
        """Import the command that was named."""
        if args[0] not in self.commands:
            from clinvk.cli.meant import refuse_subcommand

            refuse_subcommand(ctx.info_name, args)
        name, _, rest = super().resolve_command(ctx, args)
        return name, self.load(str(name)), rest

    def load(self, name: str) -> Any:  # noqa: ANN401  as above
        """The command of that name."""
        return self.commands[name]

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401  as above
        """Write the help of each option, and a line about each command; nothing of it is cut."""
        super().format_options(ctx, formatter)
        lines = [(name, one.help or "") for name, one in self.commands.items() if not one.hidden]
        with formatter.section("Commands"):
            formatter.write_dl([(name, line.partition("\n\n")[0]) for name, line in lines])


class CommandTable(Table):
    """Commands by name and one line of help, each in the module `package.NAME`.

    Commands that share a module are named in `modules`, with the name of the module.
    """

    lines: Mapping[str, str]
    package: str
    modules: Mapping[str, str]

    def load(self, name: str) -> Any:  # noqa: ANN401  as above
        """Import the command of that name."""
        module = import_module(f"{self.package}.{self.modules.get(name, name)}")
        commands = (one for one in vars(module).values() if isinstance(one, Command | Table))
        return next(one for one in commands if one.name == name)


def command(
    name: str | None = None,
    *,
    cls: type[Command] = Command,
    context_settings: dict[str, Any] | None = None,
) -> Callable[[Callable[..., ExitStatus | None]], Any]:
    """Make a command of a function, which gets the `Cli` and returns its status, None for `OK`.

    The command has the name of the function unless one is given.
    """

    def made(function: Callable[..., ExitStatus | None]) -> Any:  # noqa: ANN401  as above
        app = _plain_app()
        settings = _CONTEXT | (context_settings or {})
        register = app.command(name or function.__name__, cls=cls, context_settings=settings)
        register(_as_typer_calls(function, _SHARED))
        return typer.main.get_command(app)

    return made


_Kind = TypeVar("_Kind", bound=Table)


def table(
    kind: type[_Kind],
    name: str,
    function: Callable[..., None] | None = None,
    *,
    commands: Sequence[Any] = (),
    shared: bool = True,
    **settings: Any,  # noqa: ANN401  Typer's own
) -> _Kind:
    """A table of commands; the function runs if none of them is named, by default the help.

    It has the options that all commands have unless `shared` is false.
    """
    app = _plain_app(cls=kind, name=name, **settings)
    app.callback(invoke_without_command=True)(
        _as_typer_calls(function or _show_help, shared=_SHARED if shared else {})
    )
    made: Any = typer.main.get_command(app)
    made.commands.update({one.name: one for one in commands})
    return made  # type: ignore[no-any-return]  # of the kind that Typer was given


def command_table(
    name: str,
    function: Callable[..., None] | None = None,
    *,
    package: str,
    lines: Mapping[str, str],
    modules: Mapping[str, str],
    **settings: Any,  # noqa: ANN401  Typer's own
) -> CommandTable:
    """A table that imports a command only when it is called."""
    made = table(CommandTable, name, function, **settings)
    made.package, made.lines, made.modules = package, lines, modules
    made.commands = {name: Command(name, help=line) for name, line in lines.items()}
    return made


_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _plain_app(**settings: Any) -> typer.Typer:  # noqa: ANN401  Typer's own
    """A Typer application with plain help, because rich costs 75 ms per start."""
    return typer.Typer(
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=_CONTEXT,
        add_completion=False,
        **settings,
    )


def _as_typer_calls(
    function: Callable[..., Any], shared: Mapping[str, inspect.Parameter]
) -> Callable[..., Any]:
    """The function with the shared options that it lacks, and each group as single options.

    Typer's context becomes its `Cli`; the function can also have the context, as `ctx`.
    """
    own = inspect.signature(function).parameters
    shared = {name: one for name, one in shared.items() if name not in own}
    groups = {
        name: one.annotation
        for name, one in own.items()
        if OptionGroup in getattr(one.annotation, "__bases__", ())
    }

    @wraps(function)
    def called(*, ctx: Context, **given: Any) -> Any:  # noqa: ANN401  as the function
        if ctx.invoked_subcommand is not None:
            return None
        for name, group in groups.items():
            given[name] = group(**{one: given.pop(one) for one in group.__struct_fields__})
        if (file := given.pop("config", None)) is not None:
            ctx.obj.use_config(file)
        if "output_format" in shared:
            form = given.pop("output_format")
            given["as_json"] = json_is_asked(form, as_json=given["as_json"])
        values = {"cli": ctx.obj, "ctx": ctx}
        return function(**given, **{name: values[name] for name in _FROM_CONTEXT & own.keys()})

    listed = [*_single(own, groups), *shared.values()]
    vars(called).update(__signature__=inspect.Signature(listed))
    called.__annotations__ = {one.name: one.annotation for one in listed}
    return called


def _single(
    own: Mapping[str, inspect.Parameter], groups: Mapping[str, type[OptionGroup]]
) -> Iterator[inspect.Parameter]:
    """The parameters with the fields of each group in its place."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    yield inspect.Parameter("ctx", keyword, annotation=Context)
    for name, one in own.items():
        if name in groups:
            for field in fields(groups[name]):
                yield inspect.Parameter(
                    field.name, keyword, default=field.default, annotation=field.type
                )
        elif name not in _FROM_CONTEXT:
            yield one.replace(kind=keyword)


_FROM_CONTEXT = {"cli", "ctx"}
_SHARED = {
    name: inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)
    for name, kind, default in (
        ("output_format", OutputFormat, None),
        ("as_json", Json, False),
        ("config", ConfigFile, None),
    )
}


def _print_help(ctx: Any, _param: Any, value: bool) -> None:  # noqa: ANN401, FBT001  as above
    if value and not ctx.resilient_parsing:
        ctx.obj.streams.out(f"{ctx.get_help()}\n")
        ctx.exit()


def _show_help(ctx: Context, *, as_json: Json = False) -> None:
    """Show the help of a table when no subcommand is named."""
    if as_json:
        raise UsageError("no command was named", hint=f"`{ctx.command_path} --help` lists them")
    ctx.obj.streams.out(f"{ctx.get_help()}\n")
