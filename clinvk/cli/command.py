"""What all commands have: help that goes where all data goes, in the form that people know.

Typer prints its help past our streams, which is a traceback where the disk is full. And it writes
`{SESSION}` in the usage for what must be there, with `[required]` behind its help; everybody else
just leaves the brackets out.
"""

import re
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


class Command(TyperCommand):
    """A command."""

    def get_help_option(self, ctx: Any) -> Any:  # noqa: ANN401  Typer's own signature
        """The option that says the help."""
        return _said_by_us(super().get_help_option(ctx))

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ANN401  as above
        """The words of the usage line."""
        return [_BRACES.sub(r"\1", piece) for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401  as above
        """Write what each argument and each option is."""
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
    """A command of commands; it has no arguments of its own."""

    def get_help_option(self, ctx: Any) -> Any:  # noqa: ANN401  Typer's own signature
        """The option that says the help."""
        return _said_by_us(super().get_help_option(ctx))


class App(typer.Typer):
    """A Typer application whose commands are ours."""

    def command(self, *args: Any, **settings: Any) -> Any:  # noqa: ANN401  Typer's own signature
        """Register a command."""
        return super().command(*args, **{"cls": Command, **settings})


_BRACES = re.compile(r"^\{(.+)\}$")
_REQUIRED = re.compile(r" *\[required\]$")


def _said_by_us(option: Any) -> Any:  # noqa: ANN401  Typer's classes have no public names
    if option is not None:
        option.callback = _say_help
    return option


def _say_help(ctx: Any, _param: Any, value: bool) -> None:  # noqa: ANN401, FBT001  as above
    if value and not ctx.resilient_parsing:
        ctx.obj.streams.out(f"{ctx.get_help()}\n")
        ctx.exit()
