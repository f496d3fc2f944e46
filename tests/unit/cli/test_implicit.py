"""Which command the words mean: the first word that is no option decides."""

import io
from collections.abc import Iterator
from typing import Any

import pytest

from clinvk.cli.app import COMMANDS, app
from clinvk.cli.implicit import with_command
from clinvk.cli.spelling import all_options, value_is_optional, valued_options
from clinvk.cli.streams import Streams
from clinvk.errors import UsageError


def _streams(*, tty: bool) -> Streams:
    return Streams(
        stdin=io.StringIO(), stdout=io.StringIO(), stderr=io.StringIO(), stdin_is_tty=tty
    )


def _arranged(words: list[str]) -> list[str]:
    return with_command(words, COMMANDS, _streams(tty=True))


@pytest.mark.parametrize(
    "words",
    [
        ["fix the bug"],
        ["fix", "the", "bug"],
        ["-c", "go on"],
        ["-"],
        ["--", "--help me"],
        ["hello"],
        ["test"],
        ["help", "me"],
        ["help", "run", "the tests"],
        ["sesions of the group"],
        ["show", "me", "the", "logs"],
        ["list", "files"],
        ["what", "now"],
        ["update", "the", "docs"],
        ["update", "docs"],
        ["log", "out", "the", "user"],
        ["login", "fails", "with", "404"],
        ["exec", "the", "query"],
        ["status", "of", "the", "build"],
        ["new", "page", "for", "users"],
        ["continue", "with", "the", "tests"],
        ["check", "login", "flow"],
        ["clear", "all", "logs"],
        ["find", "all", "users", "of", "main.py"],
        ["codex", "is", "slow"],
        ["pr-842", "fails", "in", "CI"],
        ["404", "errors"],
        ["/review"],
        ["/write", "f.txt", "hello"],
        ["import", "the", "users"],
        ["serve", "the", "page"],
        ["e2e", "tests"],
        ["delete", "2024", "reports"],
        ["init", "the", "repository"],
        ["configure", "the", "linter"],
        ["-c", "continue"],
        ["-s", "pr-842", "status"],
        ["--session=pr-842", "login"],
        ["-b", "doctor", "hi"],
        ["-bdemo", "sessions list"],
        ["-q", "--", "sessions", "list"],
        ["-w", "sessions", "list the files"],
        ["--backend=demo", "-m", "resume", "hi"],
        ["--timeout", "5m", "fix"],
    ],
    ids=str,
)
def test_words_that_are_not_a_command_are_a_prompt(words: list[str]) -> None:
    """`clinvk PROMPT` is `clinvk run PROMPT`; nothing is a command behind `--` or as a value."""
    assert _arranged(words) == ["run", *words]


@pytest.mark.parametrize(
    ("words", "args"),
    [
        (["run", "x"], ["run", "x"]),
        (["run", "sesions"], ["run", "sesions"]),
        (["run", "-c", "history"], ["run", "-c", "history"]),
        (["sessions", "list"], ["sessions", "list"]),
        (["-o", "json", "resume", "pr-842", "hi"], ["resume", "-o", "json", "pr-842", "hi"]),
        (["--json", "resume", "pr-842", "hi"], ["resume", "--json", "pr-842", "hi"]),
        (["-b", "demo", "sessions", "list"], ["sessions", "list", "-b", "demo"]),
        (["-bdemo", "sessions", "list"], ["sessions", "list", "-b", "demo"]),
        (["-b=demo", "sessions", "list"], ["sessions", "list", "-b", "demo"]),
        (["--backend=demo", "sessions", "list"], ["sessions", "list", "--backend=demo"]),
        (["-n", "3", "sessions", "list"], ["sessions", "list", "-n", "3"]),
        (["--since", "7d", "sessions", "list"], ["sessions", "list", "--since", "7d"]),
        (["sessions", "-o", "json", "list"], ["sessions", "list", "-o", "json"]),
        (["-o", "json", "sessions", "-n", "3", "list", "--here"],
         ["sessions", "list", "-o", "json", "-n", "3", "--here"]),
        (["--config", "F", "sessions", "list"], ["sessions", "list", "--config", "F"]),
        (["--config=F", "doctor"], ["doctor", "--config=F"]),
        (["-qb", "demo", "config", "show"], ["config", "show", "-qb", "demo"]),
        (["-qojson", "doctor"], ["doctor", "-qo", "json"]),
        (["-o=json", "doctor"], ["doctor", "-o", "json"]),
        (["-ojson", "sessions", "search", "-bug"], ["sessions", "search", "-o", "json", "-bug"]),
        (["--wait", "-bdemo", "resume", "7f3a", "hi"],
         ["resume", "--wait", "-b", "demo", "7f3a", "hi"]),
        (["--wait=5s", "resume", "7f3a"], ["resume", "--wait=5s", "7f3a"]),
        (["-w", "..", "chat"], ["chat", "-w", ".."]),
        (["-b", "demo", "run", "hello"], ["run", "-b", "demo", "hello"]),
        (["-c", "run", "the", "tests"], ["run", "-c", "the", "tests"]),
        (["-c", "resume"], ["resume", "-c"]),
        (["-c", "config", "is", "broken"], ["config", "-c", "is", "broken"]),
        (["--json", "config", "set", "run.timeout", "2h"],
         ["config", "set", "--json", "run.timeout", "2h"]),
        (["-y", "sessions", "delete", "7f3a"], ["sessions", "delete", "-y", "7f3a"]),
        (["--older-than", "30d", "sessions", "clean"],
         ["sessions", "clean", "--older-than", "30d"]),
        (["--no-such-option", "sessions", "list"], ["sessions", "list", "--no-such-option"]),
        (["--help"], ["--help"]),
        (["-h"], ["--help"]),
        (["--help", "sessions"], ["sessions", "--help"]),
        (["--help", "sessions", "list"], ["sessions", "list", "--help"]),
        (["help"], ["--help"]),
        (["help", "sessions"], ["sessions", "--help"]),
        (["help", "sessions", "list"], ["sessions", "list", "--help"]),
        (["-V"], ["--version"]),
        (["-q", "--version"], ["--version"]),
        (["--version", "-o", "json"], ["--version", "--json"]),
        (["--json", "--version"], ["--version", "--json"]),
    ],
    ids=str,
)  # fmt: skip
def test_the_first_word_that_is_no_option_decides(words: list[str], args: list[str]) -> None:
    """Options may stand before or after it, with and without `=`; its command gets them all."""
    assert _arranged(words) == args


def _commands(table: Any) -> Iterator[Any]:
    yield table
    for name in getattr(table, "commands", ()):
        yield from _commands(table.load(name))


def test_an_option_takes_a_value_in_every_command_or_in_none() -> None:
    """Else the first word could not be found before the command is known."""
    valued: set[str] = set()
    flags: set[str] = set()
    for command in _commands(app):
        taken = valued_options(command.params)
        valued |= taken
        flags |= all_options(command.params) - taken
        assert all(opt.startswith("--") for p in command.params if value_is_optional(p)
                   for opt in p.opts)  # fmt: skip
    assert len(valued) > 20
    assert valued.isdisjoint(flags)


@pytest.mark.parametrize("word", ["sesions", "session", "resum", "Sessions", "runn"])
def test_a_single_bare_word_close_to_a_command_is_refused(word: str) -> None:
    """A typing error is not sent to an agent, and the way to send it anyway is said."""
    with pytest.raises(UsageError) as refused:
        _arranged([word])
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
        (["-q", "sesions", "list"], "sessions list"),
        (["-b", "demo", "history"], "sessions list"),
    ],
    ids=str,
)
def test_words_that_were_meant_as_a_command_are_refused(words: list[str], meant: str) -> None:
    """An agent would be paid to guess at them, and may change files."""
    with pytest.raises(UsageError) as refused:
        _arranged(words)
    assert f"did you mean `{meant}`?" in refused.value.message


def test_nothing_at_all_is_help_on_a_terminal_and_a_prompt_from_a_pipe() -> None:
    """`clinvk` alone shows the help; `echo hi | clinvk` is a prompt."""
    assert with_command([], COMMANDS, _streams(tty=True)) == []
    assert with_command([], COMMANDS, _streams(tty=False)) == ["run"]
