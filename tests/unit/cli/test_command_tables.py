"""The tables that know every command without importing it."""

import pytest

from clinvk.cli.app import app
from clinvk.cli.command import CommandTable
from clinvk.cli.commands.sessions import sessions
from clinvk.cli.completion.tree import first_line, read_tree

TABLES = (app, sessions)
ROWS = [(table, name) for table in TABLES for name in table.lines]


@pytest.mark.parametrize(("table", "name"), ROWS, ids=lambda value: getattr(value, "name", value))
def test_a_commands_line_is_the_first_line_of_its_own_help(table: CommandTable, name: str) -> None:
    """What `--help` of the table says is what the command says of itself."""
    own = first_line(table.load(name).help)
    assert own == table.lines[name]
    assert own.endswith(".")


def test_every_command_says_in_one_sentence_what_it_does() -> None:
    """Also those that are not in a table of lines."""
    commands = [command for command in read_tree().walk() if len(command.path) == 2]
    assert {("config", "get"), ("backends", "test"), ("sessions", "tag")} <= {
        command.path for command in commands
    }
    assert [command.path for command in commands if not command.line.endswith(".")] == []


def test_a_further_turn_has_the_options_that_make_sense_for_it() -> None:
    """Those of a prompt, except options for a new session or for choosing one."""

    def options(name: str) -> set[str]:
        command = app.load(name)
        return {max(param.opts, key=len) for param in command.params if param.opts[0][0] == "-"}

    only_new = {"--continue", "--session", "--ephemeral", "--title", "--tag"}
    only_further = {"--last", "--interactive", "--here", "--if-missing"}
    assert options("resume") == options("run") - only_new | only_further
