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
from functools import wraps
from importlib import import_module
from typing import Any, TypeVar

import typer
from msgspec import Struct
from msgspec.structs import fields
from typer import Argument, Context, Option
from typer.core import TyperCommand, TyperGroup

from clinvk.errors import ExitStatus

__all__ = [
    "Argument",
    "Command",
    "CommandTable",
    "Context",
    "Option",
    "OptionGroup",
    "Table",
    "command",
    "command_table",
    "table",
]


class OptionGroup(Struct, frozen=True):
    """Options that several commands share: each field declares one, as a parameter does."""


class _WithOurHelp:
    def get_help_option(self, ctx: Any) -> Any:  # noqa: ANN401  Typer's classes have no public names
        """The option that prints the help."""
        option = super().get_help_option(ctx)  # type: ignore[misc]  # beside Typer's class
        if option is not None:
            option.callback = _print_help
        return option


class Command(_WithOurHelp, TyperCommand):
    """A command."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ANN401  as above
        """The words of the usage line."""
        return [_BRACES.sub(r"\1", piece) for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401  as above
        """Write the help of each argument and each option."""
        sections: dict[str, list[tuple[str, str]]] = {"argument": [], "option": []}
        for param in self.get_params(ctx):
            if record := param.get_help_record(ctx):
                name, text = record
                sections[param.param_type_name].append((name, _REQUIRED.sub("", text)))
        for title, records in zip(("Arguments", "Options"), sections.values(), strict=True):
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


_BRACES = re.compile(r"^\{(.+)\}$")
_REQUIRED = re.compile(r" *\[required\]$")


class Table(_WithOurHelp, TyperGroup):
    """A group of commands, without arguments of its own."""

    def load(self, name: str) -> Any:  # noqa: ANN401  as above
        """The command of that name."""
        return self.commands[name]


class CommandTable(Table):
    """Commands by name and one line of help, each in the module `package.NAME`.

    Commands that share a module are named in `shared`, with the name of the module.
    """

    lines: Mapping[str, str]
    package: str
    shared: Mapping[str, str]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401  as above
        """Import the command that was named."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, self.load(str(name)), rest

    def load(self, name: str) -> Any:  # noqa: ANN401  as above
        """Import the command of that name."""
        module = import_module(f"{self.package}.{self.shared.get(name, name)}")
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
        register(_as_typer_calls(function))
        return typer.main.get_command(app)

    return made


_Kind = TypeVar("_Kind", bound=Table)


def table(
    kind: type[_Kind],
    name: str,
    function: Callable[..., None] | None = None,
    *,
    commands: Sequence[Any] = (),
    **settings: Any,  # noqa: ANN401  Typer's own
) -> _Kind:
    """A table of commands; the function gets Typer's context, also before a named command runs."""
    app = _plain_app(cls=kind, name=name, **settings)
    app.callback(invoke_without_command=True)(function or _show_help)
    made: Any = typer.main.get_command(app)
    made.commands.update({one.name: one for one in commands})
    return made  # type: ignore[no-any-return]  # of the kind that Typer was given


def command_table(
    name: str,
    function: Callable[..., None] | None = None,
    *,
    package: str,
    lines: Mapping[str, str],
    shared: Mapping[str, str],
    **settings: Any,  # noqa: ANN401  Typer's own
) -> CommandTable:
    """A table that imports a command only when it is called."""
    made = table(CommandTable, name, function, **settings)
    made.package, made.lines, made.shared = package, lines, shared
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


def _as_typer_calls(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with Typer's context for its `Cli`, and each group as single options."""
    own = inspect.signature(function).parameters
    groups = {
        name: one.annotation
        for name, one in own.items()
        if OptionGroup in getattr(one.annotation, "__bases__", ())
    }

    def parameters() -> Iterator[inspect.Parameter]:
        keyword = inspect.Parameter.KEYWORD_ONLY
        yield inspect.Parameter("ctx", keyword, annotation=Context)
        for name, one in own.items():
            if name in groups:
                for field in fields(groups[name]):
                    yield inspect.Parameter(
                        field.name, keyword, default=field.default, annotation=field.type
                    )
            elif name != "cli":
                yield one.replace(kind=keyword)

    @wraps(function)
    def called(*, ctx: Context, **given: Any) -> Any:  # noqa: ANN401  as the function
        for name, group in groups.items():
            given[name] = group(**{one: given.pop(one) for one in group.__struct_fields__})
        return function(ctx.obj, **given)

    listed = list(parameters())
    vars(called).update(__signature__=inspect.Signature(listed))
    called.__annotations__ = {one.name: one.annotation for one in listed}
    return called


def _print_help(ctx: Any, _param: Any, value: bool) -> None:  # noqa: ANN401, FBT001  as above
    if value and not ctx.resilient_parsing:
        ctx.obj.streams.out(f"{ctx.get_help()}\n")
        ctx.exit()


def _show_help(ctx: Context) -> None:
    """Show the help of a table when no subcommand is named."""
    if ctx.invoked_subcommand is None:
        ctx.obj.streams.out(f"{ctx.get_help()}\n")
