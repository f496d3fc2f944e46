"""The README's sentences, as far as a machine can hold them against the program."""

import re
import shlex
from pathlib import Path

import pytest

from clinvk.errors import ExitStatus

README = Path(__file__).parents[2] / "README.md"
TEXT = README.read_text(encoding="utf-8")


def _commands() -> list[str]:
    """Every `clinvk …` command line of the code blocks, without prompt sign and remark."""
    blocks = re.findall(r"```(?:sh|console)\n(.*?)```", TEXT, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    found = [
        re.search(r"(?:^\$ |\| |^)(clinvk .*?)(?:\s{2,}#.*|\s+\| jq.*)?$", line) for line in lines
    ]
    return [match[1] for match in found if match]


def test_there_are_exactly_two_set_up_commands_of_one_line() -> None:
    """One to try, one to test; the gate runs both as they stand."""
    found = re.findall(r"<!-- set-up: (\w+) -->\n```sh\n(.*?)\n```\n", TEXT)
    assert [name for name, _ in found] == ["try", "test"]
    assert TEXT.count("<!-- set-up:") == 2


def test_every_exit_code_is_in_the_table() -> None:
    """The table has the codes of the program, no more and no fewer."""
    rows = re.findall(r"^\| (\d+(?:, \d+)*) \|", TEXT, re.MULTILINE)
    told = {int(code) for row in rows for code in row.split(", ")}
    assert told == {int(status) for status in ExitStatus}


@pytest.mark.parametrize("line", _commands())
def test_every_command_line_is_valid(line: str) -> None:
    """Each option and command that the README shows exists."""
    from clinvk.cli.app import COMMANDS, app
    from clinvk.cli.implicit import with_command
    from clinvk.cli.streams import Streams

    words = shlex.split(line, comments=True)[1:]
    streams = Streams(stdin=None, stdout=None, stderr=None)
    command, args = app, with_command(words, COMMANDS, streams)
    context = None
    while hasattr(command, "resolve_command"):
        context = command.make_context("clinvk", args[:1], parent=context, resilient_parsing=True)
        _, command, args = command.resolve_command(context, args)
    command.make_context("clinvk", list(args), parent=context)
