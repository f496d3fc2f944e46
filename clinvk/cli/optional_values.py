"""Options with an optional value: `--wait` and `--wait=30s`.

Only the `=` form has a value, so that `--wait fix this` keeps its prompt. Typer has no such option,
so a value is added to each one before Typer parses the words.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from clinvk.cli.command import Command

LEFT_OUT = "\0"
"""The value of an option without a value; it cannot be typed."""


class OptionalValues(Command):
    """A command with options whose value is optional: their metavar is in brackets (`[=DUR]`)."""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401  Typer's own signature
        """Parse the words, after adding a value to each such option."""
        return super().parse_args(ctx, list(_with_values(args, self.params)))


def value_is_optional(param: Any) -> bool:  # noqa: ANN401  Typer's classes have no public names
    """Whether it is an option whose value is optional."""
    return param.param_type_name == "option" and str(param.metavar).startswith("[=")


def valued_options(params: Sequence[Any]) -> set[str]:
    """All names of the options whose value is the next word."""
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
            yield from islice(rest, 1)


def _names(options: Iterable[Any]) -> Iterator[str]:
    return (name for option in options for name in option.opts)
