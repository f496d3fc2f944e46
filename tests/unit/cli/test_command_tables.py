"""The tables that know every command without importing it."""

from importlib import import_module

import pytest
import typer

from clinvk.cli.app import Commands
from clinvk.cli.commands.backends import BackendCommands
from clinvk.cli.commands.config import ConfigCommands
from clinvk.cli.commands.sessions import SessionCommands
from clinvk.cli.lazy import CommandTable

TABLES = (Commands, BackendCommands, ConfigCommands, SessionCommands)
ROWS = [(table, name) for table in TABLES for name in table.lines]


@pytest.mark.parametrize(
    ("table", "name"), ROWS, ids=lambda value: getattr(value, "package", value)
)
def test_a_commands_line_is_the_first_line_of_its_own_help(
    table: type[CommandTable], name: str
) -> None:
    """What `--help` of the table says is what the command says of itself."""
    module = import_module(f"{table.package}.{name}")
    command = typer.main.get_command(module.app)
    own = (command.help or "").strip().splitlines()[0]
    assert own == table.lines[name]
    assert own.endswith(".")
