"""A command line without a command."""

import io

import pytest

from clinvk.cli.app import COMMANDS
from clinvk.cli.implicit import with_command
from clinvk.cli.streams import Streams
from clinvk.errors import UsageError


def _streams(*, tty: bool) -> Streams:
    return Streams(
        stdin=io.StringIO(), stdout=io.StringIO(), stderr=io.StringIO(), stdin_is_tty=tty
    )


@pytest.mark.parametrize(
    ("words", "args"),
    [
        (["fix the bug"], ["run", "fix the bug"]),
        (["fix", "the", "bug"], ["run", "fix", "the", "bug"]),
        (["-c", "go on"], ["run", "-c", "go on"]),
        (["-"], ["run", "-"]),
        (["--", "--help me"], ["run", "--", "--help me"]),
        (["run", "x"], ["run", "x"]),
        (["sessions", "list"], ["sessions", "list"]),
        (["--help"], ["--help"]),
        (["hello"], ["run", "hello"]),
        (["help"], ["--help"]),
        (["help", "sessions"], ["sessions", "--help"]),
        (["help", "me"], ["run", "help", "me"]),
        (["help", "run", "the tests"], ["run", "help", "run", "the tests"]),
        (["sesions of the group"], ["run", "sesions of the group"]),
    ],
)
def test_what_names_no_command_is_a_prompt(words: list[str], args: list[str]) -> None:
    """`clinvk PROMPT` is `clinvk run PROMPT`."""
    assert with_command(words, COMMANDS, _streams(tty=True)) == args


@pytest.mark.parametrize("word", ["sesions", "session", "resum", "Sessions", "runn"])
def test_a_single_bare_word_close_to_a_command_is_refused(word: str) -> None:
    """A typing error is not sent to an agent, and the way to send it anyway is said."""
    with pytest.raises(UsageError) as refused:
        with_command([word], COMMANDS, _streams(tty=True))
    assert "did you mean" in refused.value.message
    assert f"clinvk run {word}" in str(refused.value.hint)


def test_nothing_at_all_is_help_on_a_terminal_and_a_prompt_from_a_pipe() -> None:
    """`clinvk` alone shows the help; `echo hi | clinvk` is a prompt."""
    assert with_command([], COMMANDS, _streams(tty=True)) == []
    assert with_command([], COMMANDS, _streams(tty=False)) == ["run"]
