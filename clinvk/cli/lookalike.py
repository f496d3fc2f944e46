"""Words that were meant as a command: `clinvk sesions list`, `clinvk ls`, `clinvk -q doctor`.

Only separate words count: not a quoted sentence, and nothing after `--`.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from itertools import takewhile

_ELSEWHERE: Mapping[str, str] = {"ls": "sessions list", "version": "--version"}
"""The names that other programs use."""

_LIKELY_PROMPTS = frozenset({"run", "resume"})
"""After `-c`, these words are more likely a prompt."""

_CUTOFF = 0.75


def command_meant(words: Sequence[str], commands: Collection[str]) -> str | None:
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


def option_meant(words: Sequence[str], options: Collection[str]) -> str | None:
    """The global option (such as `--version`) that a single option resembles, else None."""
    if len(words) != 1 or not words[0].startswith("--") or words[0] == "--":
        return None
    return _closest(words[0], options)


def command_behind_options(words: Sequence[str], commands: Collection[str]) -> str | None:
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
    from importlib import import_module

    import typer

    if command == "completion":
        return ("bash", "zsh", "fish")
    module = import_module(f"clinvk.cli.commands.{command}")
    return frozenset(getattr(typer.main.get_command(module.app), "commands", ()))


def _without_options(words: Sequence[str]) -> list[str]:
    """The words before `--` without options and their values."""
    import typer

    from clinvk.cli.commands.run import app
    from clinvk.cli.optional_values import valued_options

    valued = valued_options(typer.main.get_command(app).params)
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
