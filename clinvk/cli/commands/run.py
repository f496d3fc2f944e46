"""`clinvk run`, its short form `clinvk PROMPT`, and `clinvk chat`."""

from typing import Annotated

from msgspec.structs import replace

from clinvk.cli import options
from clinvk.cli.command import Option, command
from clinvk.cli.context import Cli
from clinvk.cli.turn_options import TurnOptions, with_turn_options
from clinvk.errors import ExitStatus, UsageError
from clinvk.model.request import Pick


@command()
@with_turn_options("run", before={"continue_last": "name"})
def run(
    cli: Cli,
    prompt: options.Prompt = None,
    *,
    continue_last: Annotated[
        bool,
        Option(
            "--continue",
            "-c",
            help="Continue the last session of this directory or repository; if there is none here,"
            " the last of all, in its own directory.",
        ),
    ] = False,
    turn: TurnOptions,
) -> ExitStatus:
    """Send a prompt to an agent (same as `clinvk PROMPT`).

    Piped input is the prompt, or is appended to it in a <stdin> block. With -c or -s and without a
    prompt, the agent's interactive screen opens.
    """
    from clinvk.cli.turns import run_turn

    given = turn.asked
    if continue_last and "name" in given:
        raise UsageError(
            "`--continue` cannot be used with `--session`",
            hint="use `-c` for the most recent session, or `-s NAME` for a named one",
        )
    if "ephemeral" in given and (continue_last or "name" in given):
        raise UsageError(
            "`--ephemeral` saves no session, and cannot continue one",
            hint="leave `--ephemeral` out",
        )
    if "if_missing" in given and not continue_last and "name" not in given:
        raise UsageError(
            "`--if-missing` needs a session to continue", hint="use it with `-c` or `-s NAME`"
        )
    if continue_last and not given.keys().isdisjoint(("title", "tags")):
        option, command = ("--title", "rename") if "title" in given else ("--tag", "tag")
        raise UsageError(
            f"`{option}` is for a new session, and `--continue` uses an existing one",
            hint=f"`clinvk sessions {command}` changes it",
        )
    turn = replace(turn, words=tuple(prompt or ()))
    pick = Pick.CONTINUE if continue_last else Pick.NEW
    if not prompt and (continue_last or "name" in given):
        from clinvk.cli.screens import open_screen, wants_screen

        if wants_screen(cli, turn):
            return open_screen(cli, turn, pick=pick)
    return run_turn(cli, turn, pick=pick)


@command()
@with_turn_options("chat")
def chat(cli: Cli, *, turn: TurnOptions) -> ExitStatus:
    """Open an agent's interactive screen and record the session."""
    from clinvk.cli.screens import open_screen

    return open_screen(cli, turn)
