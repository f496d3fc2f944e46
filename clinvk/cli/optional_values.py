"""Options whose value may be left out: `--wait` and `--wait=30s`.

Only the `=` form has a value, so that `--wait fix this` keeps its prompt. Typer knows no such
option; its commands are given every word with its value.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from clinvk.cli.command import Command

LEFT_OUT = "\0"
"""The value of an option that was said without one: nobody can type it."""


class OptionalValues(Command):
    """A command with options whose metavar is in brackets, as `[=DUR]`: they may have a value."""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401  Typer's own signature
        """Parse the words, each such option with a value."""
        return super().parse_args(ctx, list(_with_values(args, self.params)))


def value_is_optional(param: Any) -> bool:  # noqa: ANN401  Typer's classes have no public names
    """Whether it is an option that may stand without a value."""
    return param.param_type_name == "option" and str(param.metavar).startswith("[=")


def valued_options(params: Sequence[Any]) -> set[str]:
    """The options, by all their names, whose value is the next word."""
    options = [param for param in params if param.param_type_name == "option"]
    return set(
        _names(param for param in options if not (param.is_flag or value_is_optional(param)))
    )


def _with_values(words: Sequence[str], params: Sequence[Any]) -> Iterator[str]:
    optional = set(_names(filter(value_is_optional, params)))
    valued = valued_options(params)
    rest = iter(words)
    for word in rest:
        yield f"{word}={LEFT_OUT}" if word in optional else word
        if word == "--":
            yield from rest
        elif word in valued:
            yield from _first(rest)


def _first(words: Iterator[str]) -> Iterator[str]:
    for word in words:
        yield word
        return


def _names(options: Iterable[Any]) -> Iterator[str]:
    return (name for option in options for name in option.opts)
