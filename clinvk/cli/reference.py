"""`docs/commands.md`: every command's `--help`, as the program prints it."""

from collections.abc import Iterator
from typing import Any

import typer

from clinvk.cli.lazy import CommandTable

COLUMNS = 100

_TOP = """# Commands

What `--help` says, command by command. This page is written by `python -m clinvk.cli.generated`.
"""


def render_reference() -> str:
    """The page."""
    from clinvk.cli.app import app

    command = typer.main.get_command(app)
    helps = "\n".join(
        f"## {name}\n\n```text\n{text}\n```\n" for name, text in _helps(command, "clinvk", None)
    )
    return f"{_TOP}\n{helps}"


def _helps(
    command: Any,  # noqa: ANN401  Typer's classes have no public names
    name: str,
    above: typer.Context | None,
) -> Iterator[tuple[str, str]]:
    ctx = typer.Context(
        command,
        info_name=name,
        parent=above,
        terminal_width=COLUMNS,
        **command.context_settings,
    )
    lines = (line.rstrip() for line in command.get_help(ctx).splitlines())
    yield ctx.command_path, "\n".join(lines).strip()
    if isinstance(command, CommandTable):
        for below in command.lines:
            yield from _helps(command.load(below), below, ctx)
