"""How options are spelled: `--wait` and `--wait=30s`, `-o json`, `-ojson` and `-o=json`.

Typer has no option with an optional value, so a value is added to each one before Typer parses the
words: only the `=` form has a value, so that `--wait fix this` keeps its prompt. An argument that
starts with a dash and has spaces (`"-5 degrees"`) is text and no option: it is refused, because
`"-m is broken"` would choose a model.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, takewhile
from typing import Any

from clinvk.errors import UsageError

LEFT_OUT = "\0"
"""The value of an option without a value; it cannot be typed."""

_TEXT = re.compile(r"--[^\s=]*\s|-[^-]?\s|-\d")
_PLAIN = re.compile(r"[\w@%+=:,./-]+")
_LONGEST = 200
_LIVE = re.compile(r'(["$`\\])')


def value_is_optional(param: Any) -> bool:  # noqa: ANN401  Typer's classes have no public names
    """Whether it is an option whose value is optional."""
    return param.param_type_name == "option" and str(param.metavar).startswith("[=")


def valued_options(params: Sequence[Any]) -> set[str]:
    """All names of the options whose value is the next word."""
    options = [param for param in params if param.param_type_name == "option"]
    return set(
        _names(param for param in options if not (param.is_flag or value_is_optional(param)))
    )


def all_options(params: Sequence[Any]) -> set[str]:
    """All names of the options."""
    return set(_names(param for param in params if param.param_type_name == "option"))


def as_typer_reads(words: Sequence[str], params: Sequence[Any]) -> Iterator[str]:
    """The words, with every option as Typer expects it.

    Raises `TextLikeOptionError`.
    """
    optional = set(_names(filter(value_is_optional, params)))
    valued = valued_options(params)
    rest = iter(words)
    for word in rest:
        if not word.startswith("-") or word == "-":
            yield word
            continue
        if is_text(word):
            raise TextLikeOptionError(word)
        yield from [f"{word}={LEFT_OUT}"] if word in optional else apart(word, valued)
        if word == "--":
            yield from rest
        elif takes_next(word, valued):
            yield from islice(rest, 1)


class TextLikeOptionError(UsageError):
    """An argument starts with a dash and is not an option."""

    def __init__(self, word: str) -> None:
        super().__init__(f"`{word}` starts with a dash, and is not an option")
        self.word = word


def is_text(word: str) -> bool:
    """Whether an argument that starts with a dash cannot be an option: `-5 degrees`, `--a b`."""
    return _TEXT.match(word) is not None


def takes_next(option: str, valued: Iterable[str]) -> bool:
    """Whether the option's value is the next word, as in `-qb`; not in `-bdemo`."""
    if option.startswith("--"):
        return option in valued
    return _letter(option, valued) == len(option) - 1


def apart(option: str, valued: Iterable[str]) -> list[str]:
    """The option and the value that is glued to its letter: `-ojson`, `-qo=json`."""
    at = None if option.startswith("--") else _letter(option, valued)
    if at is None or at == len(option) - 1:
        return [option]
    return [option[: at + 1], option[at + 1 :].removeprefix("=")]


def _letter(option: str, valued: Iterable[str]) -> int | None:
    """The place of the first letter that takes a value."""
    letters = takewhile(lambda at: option[at] != "=", range(1, len(option)))
    return next((at for at in letters if f"-{option[at]}" in valued), None)


def typed(words: Iterable[str]) -> str:
    """The words as a person types them in a shell; very long ones are cut."""
    short = (word if len(word) <= _LONGEST else f"{word[:_LONGEST]}…" for word in words)
    return " ".join(word if _PLAIN.fullmatch(word) else _quoted(word) for word in short)


def _quoted(word: str) -> str:
    if "!" in word and "'" not in word:  # bash replaces `!` between double quotes
        return f"'{word}'"
    return f'"{_LIVE.sub(_BACKSLASH, word)}"'


_BACKSLASH = r"\\\1"


def with_dashes(words: Sequence[str], params: Sequence[Any]) -> list[str]:
    """The same words, with the options first and everything else after `--`."""
    valued = valued_options(params)
    known = all_options(params)
    options: list[str] = []
    text: list[str] = []
    rest = iter(words)
    for word in rest:
        name = word.partition("=")[0] if word.startswith("--") else word[:2]
        if word == "--":
            text += rest
        elif word.startswith("-") and name in known and not is_text(word):
            options += [word, *islice(rest, 1 if takes_next(word, valued) else 0)]
        else:
            text.append(word)
    return [*options, "--", *text]


def _names(options: Iterable[Any]) -> Iterator[str]:
    return (name for option in options for name in option.opts)
