"""A command line without a command: `clinvk "fix it"` is `clinvk run "fix it"`.

Words that were meant as a command are not a prompt: `clinvk sesions list`, `clinvk ls`, `clinvk -q
doctor`. Only separate words count: not a quoted sentence, and nothing after `--`.
"""

import shlex
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from itertools import takewhile

from clinvk.cli.streams import Streams
from clinvk.errors import UsageError

_OF_THE_TABLE = frozenset({"--help", "-h", "--version", "-V"})

_ELSEWHERE: Mapping[str, str] = {"ls": "sessions list", "version": "--version"}
"""The names that other programs use."""

_LIKELY_PROMPTS = frozenset({"run", "resume"})
"""After `-c`, these words are more likely a prompt."""

_CUTOFF = 0.75


def with_command(argv: Sequence[str], commands: Collection[str], streams: Streams) -> list[str]:
    """Return the words with their command in front.

    A bare `clinvk` on a terminal stays empty (it shows the help); piped stdin is a prompt. Words
    that look like a command are refused: a prompt costs money, and the agent may change files.
    `help` and `help COMMAND` show the help.
    """
    words = list(argv)
    if any("\0" in word for word in words):  # no shell passes them, and no path contains them
        raise UsageError("an argument contains a NUL character", hint="leave it out")
    if not words:
        return [] if streams.stdin_is_tty or streams.stdin is None else ["run"]
    if words[0] == "help" and (len(words) == 1 or (len(words) == 2 and words[1] in commands)):
        return [*words[1:], "--help"]
    if words[0] in commands or words[0] in _OF_THE_TABLE:
        return words
    _refuse_lookalike(words, commands)
    return ["run", *words]


def _refuse_lookalike(words: list[str], commands: Collection[str]) -> None:
    if words[0].startswith("-"):
        alone = len(words) == 1 and words[0].startswith("--") and words[0] != "--"
        if alone and (meant := _closest(words[0], _OF_THE_TABLE)):
            raise UsageError(
                f"there is no option `{words[0]}`; did you mean `{meant}`?",
                hint="see `clinvk --help`",
            )
        if command := _command_behind_options(words, commands):
            raise UsageError(
                f"`{command}` is a command, and must come before its options",
                hint=_as_prompt(words),
            )
    elif meant := _command_meant(words, commands):
        raise UsageError(
            f"there is no command `{words[0]}`; did you mean `{meant}`?", hint=_as_prompt(words)
        )


def _as_prompt(words: list[str]) -> str:
    return f"to send it as a prompt: `clinvk run {shlex.join(words)}`"


def _command_meant(words: Sequence[str], commands: Collection[str]) -> str | None:
    """The command that the words probably mean; None if they look like a prompt."""
    bare = list(takewhile(lambda word: not word.startswith("-"), words))
    if not bare or not _is_plain(bare[0]):
        return None
    first, second = bare[0].lower(), bare[1] if len(bare) > 1 else ""
    if len(bare) == 1 or _is_plain(second) or _names_session(second):
        if close := _closest(first, commands):
            return _with_second(close, second)
        if len(bare) == 1 or (len(bare) == 2 and _names_session(second)):
            below = f"sessions {first}" if first in _below("sessions") else None
            return _ELSEWHERE.get(first, below)
    return None


def _command_behind_options(words: Sequence[str], commands: Collection[str]) -> str | None:
    """The command that follows options of a prompt (`-q sessions list`), else None."""
    if not any(word in commands for word in words):
        return None
    bare = _without_options(words)
    if not bare or bare[0] not in commands:
        return None
    if len(bare) == 1:
        return None if bare[0] in _LIKELY_PROMPTS else bare[0]
    return _with_second(bare[0], bare[1], exact=True)


def _with_second(command: str, word: str, *, exact: bool = False) -> str | None:
    """The command with its second word, if that can be a subcommand or an argument of it."""
    if not word:
        return command
    if command == "resume":
        return command if _names_session(word) else None
    below = word if word in _below(command) else None
    if below is None and not exact:
        below = _closest(word.lower(), _below(command))
    return f"{command} {below}" if below else None


def _closest(word: str, names: Collection[str]) -> str | None:
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, names, n=1, cutoff=_CUTOFF)), None)


def _is_plain(word: str) -> bool:
    """Whether it can be the name of a command: one short ASCII word."""
    return word.isascii() and word.isalpha() and len(word) <= 12


def _names_session(word: str) -> bool:
    """Whether it looks like an id, the start of an id, or `@last`."""
    return word == "@last" or (
        len(word) >= 4 and word.isalnum() and any(sign.isdigit() for sign in word)
    )


@cache
def _below(command: str) -> Collection[str]:
    from clinvk.cli.app import app

    if command == "completion":
        return ("bash", "zsh", "fish")
    return frozenset(getattr(app.load(command), "commands", ()))


def _without_options(words: Sequence[str]) -> list[str]:
    """The words before `--` without options and their values."""
    from clinvk.cli.commands.run import run
    from clinvk.cli.optional_values import valued_options

    valued = valued_options(run.params)
    bare: list[str] = []
    rest = iter(takewhile(lambda word: word != "--", words))
    for word in rest:
        if not word.startswith("-") or word == "-":
            bare.append(word)
        elif _wants_next(word, valued):
            next(rest, None)
    return bare


def _wants_next(option: str, valued: Collection[str]) -> bool:
    """Whether the option's value is the next word, as in `-qb`; not in `-bdemo`."""
    if option.startswith("--"):
        return option in valued
    at = next((at for at, letter in enumerate(option) if f"-{letter}" in valued), None)
    return at == len(option) - 1
