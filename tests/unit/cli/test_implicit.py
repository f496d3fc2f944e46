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
        (["show", "me", "the", "logs"], ["run", "show", "me", "the", "logs"]),
        (["list", "files"], ["run", "list", "files"]),
        (["what", "now"], ["run", "what", "now"]),
        (["-c", "run", "the", "tests"], ["run", "-c", "run", "the", "tests"]),
        (["-c", "resume"], ["run", "-c", "resume"]),
        (["-c", "config", "is", "broken"], ["run", "-c", "config", "is", "broken"]),
        (["-b", "doctor", "hi"], ["run", "-b", "doctor", "hi"]),
        (["-bdemo", "sessions list"], ["run", "-bdemo", "sessions list"]),
        (["-q", "--", "sessions", "list"], ["run", "-q", "--", "sessions", "list"]),
        (["-V"], ["-V"]),
    ],
)
def test_words_that_are_not_a_command_are_a_prompt(words: list[str], args: list[str]) -> None:
    """`clinvk PROMPT` is `clinvk run PROMPT`."""
    assert with_command(words, COMMANDS, _streams(tty=True)) == args


@pytest.mark.parametrize("word", ["sesions", "session", "resum", "Sessions", "runn"])
def test_a_single_bare_word_close_to_a_command_is_refused(word: str) -> None:
    """A typing error is not sent to an agent, and the way to send it anyway is said."""
    with pytest.raises(UsageError) as refused:
        with_command([word], COMMANDS, _streams(tty=True))
    assert "did you mean" in refused.value.message
    assert f"clinvk run {word}" in str(refused.value.hint)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["sesions", "list"], "sessions list"),
        (["session", "lst", "--json"], "sessions list"),
        (["confg", "show"], "config show"),
        (["doctr", "--fix"], "doctor"),
        (["resme", "7f3a", "and the tests"], "resume"),
        (["list"], "sessions list"),
        (["ls"], "sessions list"),
        (["show", "7f3a"], "sessions show"),
        (["delete", "@last"], "sessions delete"),
        (["version"], "--version"),
        (["--verison"], "--version"),
    ],
    ids=str,
)
def test_words_that_were_meant_as_a_command_are_refused(words: list[str], meant: str) -> None:
    """An agent would be paid to guess at them, and may change files."""
    with pytest.raises(UsageError) as refused:
        with_command(words, COMMANDS, _streams(tty=True))
    assert f"did you mean `{meant}`?" in refused.value.message


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["-b", "demo", "sessions", "list"], "sessions list"),
        (["-qb", "demo", "config", "show"], "config show"),
        (["-o=json", "doctor"], "doctor"),
        (["--wait", "-bdemo", "resume", "7f3a", "hi"], "resume"),
        (["-w", "..", "chat"], "chat"),
    ],
    ids=str,
)
def test_a_command_behind_options_is_not_sent(words: list[str], command: str) -> None:
    """`clinvk -b demo sessions list` would be a prompt: options of a command stand behind it."""
    with pytest.raises(UsageError, match="must come before its options") as refused:
        with_command(words, COMMANDS, _streams(tty=True))
    assert f"`{command}`" in refused.value.message
    assert f"clinvk run {' '.join(words)}" in str(refused.value.hint)


def test_nothing_at_all_is_help_on_a_terminal_and_a_prompt_from_a_pipe() -> None:
    """`clinvk` alone shows the help; `echo hi | clinvk` is a prompt."""
    assert with_command([], COMMANDS, _streams(tty=True)) == []
    assert with_command([], COMMANDS, _streams(tty=False)) == ["run"]
