"""The base of all commands: help on our streams, and tables that import only what is called.

Click prints its help without our streams, which gives a traceback on a full disk, and its help does
not list the arguments.

Start-up time is limited: `python -c pass` takes 10 ms, click 20 (Typer 16 more, so we do without),
and each library adds to it. So a large table has only the name and one line of help for each
command; a test compares these lines with the help of the commands.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, ClassVar, TypeVar

import click
from click import Context

from clinvk.cli.parameters import Argument, Option, parameters_of

__all__ = ["App", "Argument", "Command", "CommandTable", "Option", "Table"]


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
    """Commands by name and one line of help, each in the module `PACKAGE.NAME` as `app`.

    Commands that share a module are named in `shared`, with the name of the module.
    """

    package: ClassVar[str]
    lines: ClassVar[Mapping[str, str]]
    shared: ClassVar[Mapping[str, str]] = {}

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401  click's own
        super().__init__(**settings)
        self.commands = {name: Command(name, help=line) for name, line in self.lines.items()}

    def resolve_command(
        self, ctx: Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Import the command that was named."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, self.load(str(name)), rest

    def load(self, name: str) -> click.Command:
        """Import the command of that name."""
        app: App = import_module(f"{self.package}.{self.shared.get(name, name)}").app
        command = app.built()
        if name in self.shared and isinstance(command, Table):
            return command.load(name)
        command.name = name
        return command


_Function = TypeVar("_Function", bound=Callable[..., Any])


class App:
    """A command, or a table of commands, that functions declare.

    The function of a command gets the `Cli` and returns its exit status, None for `OK`. That of a
    table gets click's context.
    """

    def __init__(self, *, cls: type[Table] = Table, **settings: Any) -> None:  # noqa: ANN401  click's own
        self._cls, self._settings = cls, settings
        self._table: Callable[..., Any] | None = None
        self._commands: list[tuple[type[Command], Callable[..., Any], dict[str, Any]]] = []

    def command(
        self,
        name: str | None = None,
        *,
        cls: type[Command] = Command,
        **settings: Any,  # noqa: ANN401  click's own
    ) -> Callable[[_Function], _Function]:
        """Register the function of a command, which has its name unless one is given."""

        def register(function: _Function) -> _Function:
            settings["name"] = name or function.__name__
            self._commands.append((cls, function, settings))
            return function

        return register

    def callback(self) -> Callable[[_Function], _Function]:
        """Register the function of a table, if it does more than show its help.

        It is called before the command that was named, and when none was named.
        """

        def register(function: _Function) -> _Function:
            self._table = function
            return function

        return register

    def built(self) -> click.Command:
        """The table, or the only command."""
        commands = [_built(*each) for each in self._commands]
        if self._table is None and len(commands) == 1:
            return commands[0]
        settings = {**self._settings, "invoke_without_command": True}
        table = _built(self._cls, self._table or _show_help, settings)
        for command in commands:
            table.add_command(command)
        return table


_Kind = TypeVar("_Kind", bound=click.Command)


def _built(kind: type[_Kind], function: Callable[..., Any], settings: Mapping[str, Any]) -> _Kind:
    def callback(**given: Any) -> Any:  # noqa: ANN401  click's own
        ctx = click.get_current_context()
        return function(ctx if issubclass(kind, Table) else ctx.obj, **given)

    return kind(
        **{
            "name": None,
            "help": function.__doc__,
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


def _show_help(ctx: Context) -> None:
    """Show the help of a table when no subcommand is named."""
    if ctx.invoked_subcommand is None:
        ctx.obj.streams.out(f"{ctx.get_help()}\n")
