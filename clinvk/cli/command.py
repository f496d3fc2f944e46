"""The base of all commands: help on our streams, and tables that import only what is called.

Typer prints its help without our streams, which gives a traceback on a full disk. It also writes
required arguments as `{SESSION}` with `[required]` after the help; other programs write `SESSION`.

Start-up time is limited: `python -c pass` takes 10 ms, Typer 50, and each library adds to it. So a
large table has only the name and one line of help for each command; a test compares these lines
with the help of the commands.
"""

import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup


class Command(TyperCommand):
    """A command."""

    def get_help_option(self, ctx: Any) -> Any:  # noqa: ANN401  Typer's own signature
        """The option that prints the help."""
        return _with_our_help(super().get_help_option(ctx))

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


class Table(TyperGroup):
    """A group of commands, without arguments of its own."""

    def get_help_option(self, ctx: Any) -> Any:  # noqa: ANN401  Typer's own signature
        """The option that prints the help."""
        return _with_our_help(super().get_help_option(ctx))

    def load(self, name: str) -> Any:  # noqa: ANN401  as above
        """The command of that name."""
        return self.commands[name]


class CommandTable(Table):
    """Commands by name and one line of help, each in the module `PACKAGE.NAME` as `app`.

    Commands that share a module are named in `shared`, with the name of the module.
    """

    package: ClassVar[str]
    lines: ClassVar[Mapping[str, str]]
    shared: ClassVar[Mapping[str, str]] = {}

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401  Typer's own signature
        super().__init__(**settings)
        self.commands = {name: Command(name, help=line) for name, line in self.lines.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401  as above
        """Import the command that was named."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, self.load(str(name)), rest

    def load(self, name: str) -> Any:  # noqa: ANN401  as above
        """Import the command of that name."""
        module = import_module(f"{self.package}.{self.shared.get(name, name)}")
        command: Any = typer.main.get_command(module.app)
        if name in self.shared:
            return command.commands[name]
        command.name = name
        return command


class App(typer.Typer):
    """A Typer application with our base class for commands, and our settings for each."""

    def command(self, *args: Any, **settings: Any) -> Any:  # noqa: ANN401  Typer's own signature
        """Register a command."""
        settings["context_settings"] = _CONTEXT | settings.get("context_settings", {})
        return super().command(*args, **{"cls": Command, **settings})


_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_BRACES = re.compile(r"^\{(.+)\}$")
_REQUIRED = re.compile(r" *\[required\]$")


def _with_our_help(option: Any) -> Any:  # noqa: ANN401  Typer's classes have no public names
    if option is not None:
        option.callback = _print_help
    return option


def _print_help(ctx: Any, _param: Any, value: bool) -> None:  # noqa: ANN401, FBT001  as above
    if value and not ctx.resilient_parsing:
        ctx.obj.streams.out(f"{ctx.get_help()}\n")
        ctx.exit()


def new_app(**settings: Any) -> typer.Typer:  # noqa: ANN401  Typer's own settings
    """A Typer application with plain help, because rich costs 75 ms per start."""
    return App(
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=_CONTEXT,
        add_completion=False,
        **settings,
    )


def show_help(ctx: typer.Context) -> None:
    """Show the help of a table when no subcommand is named."""
    if ctx.invoked_subcommand is None:
        ctx.obj.streams.out(f"{ctx.get_help()}\n")
