"""The base classes of all commands, with help on our streams and in the usual form.

Typer prints its help without our streams, which gives a traceback on a full disk. It also writes
required arguments as `{SESSION}` with `[required]` after the help; other programs write `SESSION`.
"""

import re
from typing import Any

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


class App(typer.Typer):
    """A Typer application with our base class for commands."""

    def command(self, *args: Any, **settings: Any) -> Any:  # noqa: ANN401  Typer's own signature
        """Register a command."""
        return super().command(*args, **{"cls": Command, **settings})


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
