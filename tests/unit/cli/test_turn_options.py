"""An option of a run is declared once, and is wherever a run can be asked for."""

import io
import sys
from typing import Annotated, Any

import pytest

from clinvk.cli.command import command
from clinvk.cli.completion.tree import read_tree
from clinvk.cli.context import Cli, build_cli
from clinvk.cli.turn_options import TurnOptions, declared, with_turn_options
from clinvk.cli.turns import request_of
from clinvk.errors import ExitStatus, UsageError
from clinvk.model.request import Option, RunRequest

COMMANDS = ("run", "resume", "chat")


class ToyRequest(RunRequest, frozen=True, kw_only=True):
    """What may be asked once somebody has added an option, on one line."""

    seed: Annotated[int | None, Option("--seed", metavar="N", help="Repeat an answer.")] = None


def asked(name: str, *words: str, kind: type[RunRequest] = ToyRequest) -> Any:
    """The request that the words are, by a command that has a turn's options."""
    requests = []

    @command()
    @with_turn_options(name, kind=kind)
    def toy(cli: Cli, *, turn: TurnOptions) -> ExitStatus:
        """A command."""
        requests.append(request_of(cli, turn, "p"))
        return ExitStatus.OK

    toy(list(words), standalone_mode=False, obj=build_cli())
    return requests[0] if requests else None


@pytest.mark.parametrize("command", COMMANDS)
def test_a_new_option_reaches_the_request_and_the_help_of_every_command(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is declared is all that had to be written."""
    assert asked(command, "--seed", "7", "-m", "big").seed == 7
    assert asked(command, "--seed", "0").seed == 0
    assert asked(command).seed is None
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", out)
    asked(command, "--help")
    out.flush()
    assert "--seed N" in out.buffer.getvalue().decode()  # type: ignore[attr-defined]  a BytesIO


@pytest.mark.parametrize("command", COMMANDS)
def test_every_declared_option_is_in_the_command(command: str) -> None:
    """The real commands, as completion and the reference read them."""
    [found] = [one for one in read_tree().commands if one.path == (command,)]
    names = {name for option in found.options for name in option.names}
    kinds = (RunRequest, TurnOptions)
    wanted = [option.names for kind in kinds for _, (_, option) in declared(kind, command)]
    assert len(wanted) > 7
    assert names.issuperset(name for several in wanted for name in several)


def test_a_missing_option_has_the_default_of_the_request() -> None:
    """No default is defined a second time."""
    assert asked("run") == ToyRequest(prompt="p")


def test_values_are_read_as_the_fields_say() -> None:
    """Durations, repeated options, and one that may stand without a value."""
    request = asked("run", "--timeout", "2m", "--wait", "-t", " a ", "-t", "b", "--backend-arg=-x")
    assert (request.timeout_s, request.wait_s) == (120, float("inf"))
    assert (request.tags, request.backend_args) == (("a", "b"), ("-x",))
    assert asked("run", "--wait=3s").wait_s == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--timeout", "soon"), "`--timeout`: "),
        (("--wait=soon",), "`--wait`: "),
        (("--model", " "), "`--model` is empty"),
        (("--session", "-x"), "a session's name is"),
    ],
    ids=str,
)
def test_a_value_that_makes_no_sense_is_refused_by_name(
    words: tuple[str, ...], message: str
) -> None:
    """Before anything has begun."""
    with pytest.raises(UsageError, match=f"^{message}"):
        asked("run", *words)
