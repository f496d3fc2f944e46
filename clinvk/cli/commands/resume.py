"""`clinvk resume`: go on with a session from anywhere."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from clinvk.cli import options
from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app
from clinvk.cli.optional_values import OptionalValues
from clinvk.cli.turn_options import TurnOptions, with_turn_options
from clinvk.errors import NothingToResumeError, SessionNotFoundError, UsageError
from clinvk.model.request import Pick

app = new_app()


@app.command(cls=OptionalValues)
@with_turn_options("resume", first=("if_missing",))
def resume(  # noqa: PLR0913  one parameter an option
    ctx: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SESSION] [PROMPT]...",
            help="An id, a unique prefix of one, a name, @last or BACKEND:ID; then the prompt.",
        ),
    ] = None,
    *,
    last: Annotated[
        bool, typer.Option("--last", help="The most recent session; every word is prompt.")
    ] = False,
    interactive: Annotated[
        bool,
        typer.Option(
            "--interactive", "-i", help="Pick from a list (type to filter); every word is prompt."
        ),
    ] = False,
    here: options.Here = False,
    turn: TurnOptions,
) -> None:
    """Go on with a session.

    It runs in its own directory, with its own backend, model, access and system prompt. Without a
    SESSION a list to pick from is shown, without a PROMPT the agent's own screen is opened.
    """
    from clinvk.cli.screens import open_screen, wants_screen
    from clinvk.cli.turns import run_turn

    cli: Cli = ctx.obj
    said, backend = list(words or ()), turn.asked.get("backend")
    if last and interactive:
        raise UsageError("`--last` and `--interactive` are two ways to choose", hint="use one")
    which: dict[str, Any] = {"pick": Pick.LAST, "here": here}
    if interactive or not (last or said):
        which = {"session": _picked(cli, here=here, backend=backend, config=turn.config)}
    elif not last:
        which = {"session": _named(cli, said.pop(0), here=here, backend=backend)}
    turn = replace(turn, words=tuple(said))
    proceed = open_screen if wants_screen(cli, turn) else run_turn
    raise typer.Exit(proceed(cli, turn, **which))


def _picked(cli: Cli, *, here: bool, backend: str | None, config: Path | None) -> str:
    """The id of the session that the person picks from those that may be continued."""
    from clinvk.cli.filters import known_backend
    from clinvk.services.sessions.pick import offered_sessions
    from clinvk.services.sessions.resolve import narrowed_to

    if backend is not None:
        known_backend(cli, backend, config)
    offered = offered_sessions(cli.world, here=here, backend=backend)
    streams = cli.streams
    if offered.damaged:
        from clinvk.cli.render.list import say_damaged

        say_damaged(offered.damaged, streams)
    if not (streams.stdin_is_tty and streams.cursor):
        from clinvk.cli.render.choices import offer

        raise UsageError(
            "which session? there is no terminal to pick one in",
            hint=offer(offered, cli.world.now(), cli.world.user_home),
        )
    if not offered.count:
        raise NothingToResumeError(
            f"there is no session{narrowed_to(here=here, backend=backend)} to pick",
            hint="`clinvk sessions list` shows all, and with `--archived` what is put away",
        )
    from clinvk.cli.picker import pick_session

    return pick_session(cli, offered).id


def _named(cli: Cli, reference: str, *, here: bool, backend: str | None) -> str:
    """The reference, or with `--here` the id that it means, which must be of here then."""
    from clinvk.services.sessions.pick import named_session, of_here

    if not here and backend is None:
        return reference
    try:
        found = named_session(cli.world, reference)
    except SessionNotFoundError as error:
        way_out = "with `--last` or `-i` every word is prompt"
        raise SessionNotFoundError(
            error.message, hint="\n".join(filter(None, (error.hint, way_out)))
        ) from error
    if here and not of_here(cli.world)(found):
        raise UsageError(
            f"session `{found.id}` is not of this directory, but of `{found.cwd}`",
            hint="leave `--here` out to go on with it",
        )
    return found.id
