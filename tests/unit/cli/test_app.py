"""The boundary where a failure becomes an exit status."""

import io
import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from clinvk.cli.app import execute
from clinvk.cli.context import Cli, build_cli
from clinvk.cli.streams import Streams
from clinvk.store.home import home_from


def _broken() -> str:
    raise LookupError("broken")


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """A command line in an empty home, whose ids are broken."""
    world = replace(
        build_cli().world, environ={}, home=home_from({}, tmp_path), cwd=tmp_path, new_id=_broken
    )
    return Cli(Streams(stdin=None, stdout=io.StringIO(), stderr=io.StringIO()), world)


def test_a_bug_has_an_envelope_where_json_is_asked_for(cli: Cli) -> None:
    """Exit 70: the trace is on stderr, and a program reads an error as of any other kind."""
    assert execute(["-qojson", "-b", "demo", "hi"], cli) == 70
    envelope = json.loads(cli.streams.stdout.getvalue())  # type: ignore[union-attr]
    assert (envelope["exit_status"], envelope["error"]["code"]) == (70, "bug")
    assert "LookupError: broken" in cli.streams.stderr.getvalue()  # type: ignore[union-attr]


def test_a_bug_is_reported_as_a_bug(cli: Cli) -> None:
    """Below the traceback, a message says that it is a bug in clinvk."""
    assert execute(["-b", "demo", "hi"], cli) == 70
    said = cli.streams.stderr.getvalue()  # type: ignore[union-attr]
    assert "error: this is a bug in clinvk\nhint: please report it" in said
    assert cli.streams.stdout.getvalue() == ""  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("words", "sentence", "hint"),
    [
        (["sessions", "show", "x", "--turn", "y"], "`y` is not a whole number", "sessions show"),
        (["sessions", "list", "-n", "-1"], "`-1` is less than 0", "sessions list"),
        (["sessions", "nope"], "there is no command `nope`", "sessions"),
        (["--max-turns", "0", "hi"], "`0` is less than 1", "run"),
        (["resume", "--bogus"], "there is no option `--bogus`", "resume"),
        (["--bakend", "demo", "hi"], "did you mean `--backend` or `--backend-arg`?", "run"),
        (["sessions", "shw", "x"], "there is no command `shw`; did you mean `show`?", "sessions"),
        (["sessions", "reindex", "x"], "too many words: `x`", "sessions reindex"),
        (["completion"], "missing argument `SHELL`: one of bash, zsh, fish", "completion"),
    ],
    ids=str,
)
def test_a_mistake_leads_to_the_help_of_its_own_command(
    cli: Cli, words: list[str], sentence: str, hint: str
) -> None:
    """In the words of a person, not of the parser."""
    assert execute(words, cli) == 2
    said = cli.streams.stderr.getvalue()  # type: ignore[union-attr]
    assert sentence in said
    assert said.endswith(f"hint: see `clinvk {hint} --help`\n")


def test_a_long_word_is_not_read_back_in_full(cli: Cli) -> None:
    """Its beginning is enough to know it again."""
    assert execute(["sessions", "list", "--since", "x" * 5_000], cli) == 2
    said = cli.streams.stderr.getvalue()  # type: ignore[union-attr]
    assert f"`{'x' * 200}…` is neither a duration nor a date" in said


@pytest.mark.parametrize("words", [["--help"], ["sessions"], ["run", "--help"], ["-V"]], ids=str)
def test_a_help_that_cannot_be_written_is_an_error(cli: Cli, words: list[str]) -> None:
    """A full disk is not a bug in clinvk."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        assert execute(words, Cli(replace(cli.streams, stdout=full), cli.world)) == 1
    said = cli.streams.stderr.getvalue()  # type: ignore[union-attr]
    assert said == "error: the output cannot be written: no space left on device\n"


def test_a_required_argument_has_no_brackets_in_the_usage(cli: Cli) -> None:
    """As in other programs: only optional words have brackets."""
    assert execute(["sessions", "name", "--help"], cli) == 0
    said = cli.streams.stdout.getvalue()  # type: ignore[union-attr]
    assert said.startswith("Usage: clinvk sessions name [OPTIONS] SESSION [NAME]\n")
    assert "[required]" not in said


def test_the_first_line_of_the_help_says_that_a_prompt_will_do(cli: Cli) -> None:
    """No command has to be named."""
    assert execute(["--help"], cli) == 0
    said = cli.streams.stdout.getvalue()  # type: ignore[union-attr]
    assert said.startswith("Usage: clinvk [OPTIONS] PROMPT... | COMMAND [ARGS]...\n")
