"""The options of a turn: the fields of a request, and how the prompt and the output are treated.

No command lists them. A command is made from a signature, so one is built from the declarations.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Annotated, Any, get_args, get_origin

from msgspec import Struct
from msgspec.structs import fields

from clinvk.cli.command import Option as CommandOption
from clinvk.cli.command import json_is_asked
from clinvk.cli.context import Cli
from clinvk.cli.options import OutputFormat
from clinvk.cli.spelling import LEFT_OUT
from clinvk.errors import ExitStatus, UsageError
from clinvk.model.request import PROMPTED, Option, RunRequest
from clinvk.services.agents.catalog import built_in
from clinvk.text.units import parse_duration


class TurnOptions(Struct, frozen=True, kw_only=True):
    """What was typed: `asked` has the given fields of the request, which has the class `kind`."""

    asked: Mapping[str, Any]
    kind: type[RunRequest] = RunRequest
    words: tuple[str, ...] = ()
    output_format: Annotated[
        OutputFormat | None,
        Option(
            "--output-format", "-o", before="access",
            help="Format of the output on stdout.",
        ),
    ] = None  # fmt: skip
    as_json: Annotated[
        bool, Option("--json", before="access", help="Print JSON (same as `-o json`).")
    ] = False
    dry_run: Annotated[
        bool,
        Option(
            "--dry-run", before="backend_args",
            help="Print the command without running it.",
        ),
    ] = False  # fmt: skip
    editor: Annotated[
        bool,
        Option(
            "--editor", "-e", commands=PROMPTED, before="backend_args",
            help="Write the prompt in $VISUAL or $EDITOR.",
        ),
    ] = False  # fmt: skip
    quiet: Annotated[
        bool,
        Option(
            "--quiet", "-q", commands=PROMPTED, before="backend_args", help="Print only the answer."
        ),
    ] = False
    verbose: Annotated[
        bool,
        Option(
            "--verbose", "-v", commands=PROMPTED, before="backend_args",
            help="Also show the agent's thinking, and the activity where stderr is no terminal.",
        ),
    ] = False  # fmt: skip


def with_turn_options(
    command: str,
    *,
    kind: type[RunRequest] = RunRequest,
    first: tuple[str, ...] = (),
    before: Mapping[str, str] | None = None,
) -> Callable[[Callable[..., ExitStatus]], Callable[..., ExitStatus]]:
    """Add the options declared for a command; it receives them as its argument `turn`.

    In the help, the command's own parameters come first, then the options of the fields `first`.
    `before` maps a parameter of the command to the field whose option it precedes.
    """
    asked, ours = dict(declared(kind, command)), dict(declared(TurnOptions, command))
    places = {name: option.before for name, (_, option) in ours.items() if option.before}

    def decorate(function: Callable[..., ExitStatus]) -> Callable[..., ExitStatus]:
        own = dict(inspect.signature(function).parameters)
        del own["cli"], own["turn"]
        shared = {name: _parameter(name, *found) for name, found in (asked | ours).items()}
        order = [*own, *first, *(name for name in shared if name not in first)]
        for name, place in {**places, **(before or {})}.items():
            order.remove(name)
            order.insert(order.index(place), name)

        @wraps(function)
        def command_function(cli: Cli, **given: Any) -> ExitStatus:  # noqa: ANN401  as they were read
            asked_values = {
                name: _value(given[name], option)
                for name, (_, option) in asked.items()
                if given[name] is not None and given[name] is not False and given[name] != []
            }
            values = {name: given[name] for name in ours}
            if json_is_asked(values["output_format"], as_json=values["as_json"]):
                values["output_format"] = OutputFormat.JSON
            turn = TurnOptions(asked=asked_values, kind=kind, **values)
            return function(cli, **{name: given[name] for name in own}, turn=turn)

        parameters = [inspect.Parameter("cli", _KEYWORD)]
        parameters += [(own | shared)[name].replace(kind=_KEYWORD) for name in order]
        vars(command_function).update(__signature__=inspect.Signature(parameters))
        return command_function

    return decorate


_KEYWORD = inspect.Parameter.KEYWORD_ONLY


def declared(kind: type, command: str = "") -> Iterator[tuple[str, tuple[Any, Option]]]:
    """The fields of a class that are options of the command, each with its type and option."""
    for one in fields(kind):
        if get_origin(one.type) is Annotated:
            taken, option, *_ = get_args(one.type)
            if isinstance(option, Option) and command in (*option.commands, ""):
                yield one.name, (taken, option)


def _parameter(name: str, taken: Any, option: Option) -> inspect.Parameter:  # noqa: ANN401  a type
    if get_origin(taken) is tuple:
        taken = list[str]
    elif option.reads is not None:
        taken = str
    flag = taken is bool
    command_option = CommandOption(
        *option.names,
        metavar=option.metavar,
        min=option.least,
        help=option.help.replace("{backends}", ", ".join(built_in())),
    )
    annotation: Any = Annotated[taken if flag else taken | None, command_option]
    default = False if flag else None
    return inspect.Parameter(name, _KEYWORD, default=default, annotation=annotation)


def _value(given: Any, option: Option) -> Any:  # noqa: ANN401  of any type
    """The value of an option that was given. Raises `UsageError`."""
    if isinstance(given, list):
        return tuple(_value(one, option) for one in given)
    if given == LEFT_OUT:
        return option.alone
    name, reads = option.names[0], option.reads
    if reads is None:
        if isinstance(given, str) and not given.strip():
            raise UsageError(f"`{name}` is empty", hint="leave it out")
        return given
    try:
        return reads(given)
    except UsageError as error:
        if reads is not parse_duration:  # the others name their option
            raise
        raise UsageError(f"`{name}`: {error.message}", hint=error.hint) from error
