"""The options and arguments of a command, from the signature of its function.

A function declares them as `Annotated[TYPE, Option(…)]` and `Annotated[TYPE, Argument(…)]`.
"""

import inspect
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

import click
from msgspec import Struct
from msgspec.structs import fields


class OptionGroup(Struct, frozen=True):
    """Options that several commands share: each field declares one, as a parameter does."""


class Argument(NamedTuple):
    """Declares words without a name; a metavar in brackets says itself what can be left out."""

    metavar: str
    help: str


class Option:
    """Declares an option with all its names; `min` is the least value of a number."""

    def __init__(
        self,
        *names: str,
        help: str,  # noqa: A002  the usual name
        metavar: str | None = None,
        min: int | None = None,  # noqa: A002  as above
    ) -> None:
        self.names, self.help, self.metavar, self.min = names, help, metavar, min


def parameters_of(function: Callable[..., Any]) -> Iterator[click.Parameter]:
    """What the function declares, in its order. A parameter without a default is required."""
    groups = groups_of(function)
    for name, parameter in inspect.signature(function).parameters.items():
        if name in groups:
            for one in fields(groups[name]):
                yield from _declared(one.name, one.type, one.default)
        else:
            yield from _declared(name, parameter.annotation, parameter.default)


def groups_of(function: Callable[..., Any]) -> dict[str, type[OptionGroup]]:
    """The parameters that are a group of options."""
    declared = inspect.signature(function).parameters.values()
    return {
        one.name: one.annotation
        for one in declared
        if OptionGroup in getattr(one.annotation, "__bases__", ())
    }


def _declared(name: str, annotation: Any, default: Any) -> Iterator[click.Parameter]:  # noqa: ANN401  of any type
    if get_origin(annotation) is not Annotated:
        return
    kind, declared, *_ = get_args(annotation)
    required = default is inspect.Parameter.empty
    one, many = _one_of(kind)
    callback = _list_or_none if many else None
    if isinstance(declared, Argument):
        yield _Words(
            name,
            declared,
            type=_read_as(one, None),
            nargs=-1 if many else 1,
            required=required,
            callback=callback,
        )
    elif isinstance(declared, Option):
        yield click.Option(
            [name, *declared.names],
            type=None if one is bool else _read_as(one, declared.min),
            is_flag=one is bool,
            multiple=many,
            required=required,
            default=None if required else getattr(default, "value", default),
            show_default=not required and default is not None,
            metavar=declared.metavar,
            help=declared.help,
            callback=callback,
        )


class _Words(click.Argument):
    """An argument with its help, which click's own has not in all versions."""

    def __init__(self, name: str, declared: Argument, **settings: Any) -> None:  # noqa: ANN401  click's own
        super().__init__([name], metavar=declared.metavar, **settings)
        self._declared = declared

    def get_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Its word in the usage line."""
        del ctx
        metavar = self._declared.metavar
        return [metavar if self.required or metavar.startswith("[") else f"[{metavar}]"]

    def get_help_record(self, ctx: click.Context) -> tuple[str, str]:
        """Its word and its help."""
        del ctx
        return self._declared.metavar, self._declared.help


def _one_of(kind: Any) -> tuple[Any, bool]:  # noqa: ANN401  a type
    """The type of one value, and whether there can be several."""
    if get_origin(kind) in {UnionType, Union}:
        [kind] = (one for one in get_args(kind) if one is not NoneType)
    return (get_args(kind)[0], True) if get_origin(kind) is list else (kind, False)


def _read_as(kind: Any, least: int | None) -> "click.ParamType[Any]":  # noqa: ANN401  a type
    if kind is int:
        return click.INT if least is None else click.IntRange(min=least)
    if kind is Path:
        # Not `click.Path`, which looks for a translation of its name: that takes 1 ms.
        return click.types.FuncParamType(Path)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _Member(kind)
    if kind is not str:
        raise TypeError(f"no command line has a {kind}")
    return click.STRING


class _Member(click.Choice[Any]):
    """Reads a member of an enumeration by its value."""

    def normalize_choice(self, choice: Any, ctx: click.Context | None) -> str:  # noqa: ANN401  as above
        """The value of a member; click's own takes the name."""
        return super().normalize_choice(getattr(choice, "value", choice), ctx)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """The values to choose from; brackets would say that they can be left out."""
        del param, ctx
        return f"<{'|'.join(self.choices)}>"


def _list_or_none(_ctx: click.Context, _param: click.Parameter, given: Any) -> list[Any] | None:  # noqa: ANN401  a tuple
    return list(given) or None
