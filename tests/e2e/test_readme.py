"""The README's sentences, as far as a machine can hold them against the program."""

import re
import shlex
from pathlib import Path

import pytest

from clinvk.errors import ExitStatus
from e2e.docs_session import Page, blocks, home_of_a_reader

README = Path(__file__).parents[2] / "README.md"
TEXT = README.read_text(encoding="utf-8")


SCRIPTS = [
    block.body for block in blocks(README) if not block.remark and "REPOSITORY" not in block.body
]


def _commands() -> list[str]:
    """Every `clinvk …` command line of blocks and sentences, without prompt sign and remark."""
    lines = [line for block in blocks(README) for line in block.body.splitlines()]
    lines += re.findall(r"(?<!`)`(clinvk [^`]+)`", TEXT)
    found = [
        re.search(r"(?:^\$ |\| |^)(clinvk .*?)(?:\s{2,}#.*|\s+\| jq.*| > \S+.*)?$", line)
        for line in lines
    ]
    return sorted({match[1] for match in found if match})


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
    while args and hasattr(command, "resolve_command"):
        context = command.make_context("clinvk", args[:1], parent=context, resilient_parsing=True)
        _, command, args = command.resolve_command(context, args)
    command.make_context("clinvk", list(args), parent=context)


def test_every_block_is_run() -> None:
    """The set-up by the gate, the installation by `test_packaging.py`, the rest below."""
    every = blocks(README)
    assert TEXT.count("\n```") == 2 * len(every)
    assert {block.kind for block in every} == {"sh"}
    elsewhere = [one for one in every if one.remark or "REPOSITORY" in one.body]
    assert len(elsewhere) == 4
    assert len(SCRIPTS) == len(every) - 4


@pytest.mark.parametrize("number", range(len(SCRIPTS)))
def test_a_script_runs_as_it_stands(number: int) -> None:
    """Every line of it succeeds, in a project in a git repository, with the demo agent."""
    with home_of_a_reader() as clinvk:
        Page(clinvk).run(SCRIPTS[number])
        assert clinvk("sessions", "list", "--json").json(), "no session was recorded"
