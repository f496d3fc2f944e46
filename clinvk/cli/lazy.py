"""A table of commands that imports only the command that is called.

Start-up time is limited: `python -c pass` takes 10 ms, Typer 50, and each library adds to it. So a
table has only the name and one line of help for each command; a test compares these lines with the
help of the commands.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

import typer

from clinvk.cli.command import App, Command, Table


class CommandTable(Table):
    """Commands by name and one line of help, each in the module `PACKAGE.NAME` as `app`."""

    package: ClassVar[str]
    lines: ClassVar[Mapping[str, str]]

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401  Typer's own signature
        super().__init__(**settings)
        self.commands = {name: Command(name, help=line) for name, line in self.lines.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401  as above
        """Import the command that was named."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, self.load(str(name)), rest

    def load(self, name: str) -> Any:  # noqa: ANN401  as above
        """Import the command of that name."""
        command = typer.main.get_command(import_module(f"{self.package}.{name}").app)
        command.name = name
        return command


def new_app(**settings: Any) -> typer.Typer:  # noqa: ANN401  Typer's own settings
    """A Typer application with plain help, because rich costs 75 ms per start."""
    return App(
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        add_completion=False,
        **settings,
    )
