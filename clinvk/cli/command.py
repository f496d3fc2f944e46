"""The base of all commands: help on our streams, and tables that import only what is called.

Click prints its help without our streams, which gives a traceback on a full disk, and its help does
not list the arguments.

Start-up time is limited: `python -c pass` takes 10 ms, click 20 (Typer 16 more, so we do without),
and each library adds to it. So a large table has only the name and one line of help for each
command; a test compares these lines with the help of the commands.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, TypeVar

import click
from click import Context

from clinvk.cli.parameters import Argument, Option, groups_of, parameters_of
from clinvk.errors import ExitStatus

__all__ = [
    "Argument",
    "Command",
    "CommandTable",
    "Option",
    "Table",
    "command",
    "show_help",
    "table",
]


class Command(click.Command):
    """A command."""

    def format_options(self, ctx: Context, formatter: click.HelpFormatter) -> None:
        """Write the help of each argument and each option."""
        sections: dict[str, list[tuple[str, str]]] = {"argument": [], "option": []}
        for param in self.get_params(ctx):
            if record := param.get_help_record(ctx):
                sections[param.param_type_name].append(record)
        for title, records in zip(("Arguments", "Options"), sections.values(), strict=True):
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


class Table(click.Group):
    """A group of commands, without arguments of its own."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401  click's own
        super().__init__(**{"subcommand_metavar": "COMMAND [ARGS]...", **settings})

    def list_commands(self, ctx: Context) -> list[str]:
        """The names in our order."""
        del ctx
        return list(self.commands)

    def load(self, name: str) -> click.Command:
        """The command of that name."""
        return self.commands[name]


class CommandTable(Table):
    """Commands by name and one line of help, each in the module `package.NAME`.

    Commands that share a module are named in `shared`, with the name of the module.
    """

    def __init__(
        self,
        *,
        package: str,
        lines: Mapping[str, str],
        shared: Mapping[str, str] | None = None,
        **settings: Any,  # noqa: ANN401  click's own
    ) -> None:
        super().__init__(**settings)
        self.lines, self._package, self._shared = lines, package, shared or {}
        self.commands = {name: Command(name, help=line) for name, line in lines.items()}

    def resolve_command(
        self, ctx: Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Import the command that was named."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, self.load(str(name)), rest

    def load(self, name: str) -> click.Command:
        """Import the command of that name."""
        module = import_module(f"{self._package}.{self._shared.get(name, name)}")
        commands = (one for one in vars(module).values() if isinstance(one, click.Command))
        return next(one for one in commands if one.name == name)


_Kind = TypeVar("_Kind", bound=click.Command)
_TableKind = TypeVar("_TableKind", bound=Table)


def command(
    name: str | None = None,
    *,
    cls: type[Command] = Command,
    **settings: Any,  # noqa: ANN401  click's own
) -> Callable[[Callable[..., ExitStatus | None]], Command]:
    """Make a command of a function, which gets the `Cli` and returns its status, None for `OK`.

    The command has the name of the function unless one is given.
    """
    return lambda function: _built(
        cls, function, {"name": name or function.__name__, "help": function.__doc__, **settings}
    )


def show_help(ctx: Context) -> None:
    """Show the help of a table when no subcommand is named."""
    if ctx.invoked_subcommand is None:
        ctx.obj.streams.out(f"{ctx.get_help()}\n")


def table(
    kind: type[_TableKind],
    name: str,
    function: Callable[..., None] = show_help,
    **settings: Any,  # noqa: ANN401  click's own
) -> _TableKind:
    """A table of commands; the function gets click's context, also before a named command runs."""
    return _built(kind, function, {"name": name, "invoke_without_command": True, **settings})


def _built(kind: type[_Kind], function: Callable[..., Any], settings: Mapping[str, Any]) -> _Kind:
    groups = groups_of(function)

    def callback(**given: Any) -> Any:  # noqa: ANN401  click's own
        ctx = click.get_current_context()
        for name, group in groups.items():
            given[name] = group(**{one: given.pop(one) for one in group.__struct_fields__})
        return function(ctx if issubclass(kind, Table) else ctx.obj, **given)

    return kind(
        **{
            **settings,
            "context_settings": {"max_content_width": 100, **settings.get("context_settings", {})},
            "params": [*parameters_of(function), _help_option()],
            "add_help_option": False,
            "callback": callback,
        }
    )


def _help_option() -> click.Option:
    """The option that prints the help; click's own looks for translations, which takes 1 ms."""
    return click.Option(
        ["-h", "--help"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        help="Show this message and exit.",
        callback=_print_help,
    )


def _print_help(ctx: Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001  as click calls it
    if value and not ctx.resilient_parsing:
        ctx.obj.streams.out(f"{ctx.get_help()}\n")
        ctx.exit()
