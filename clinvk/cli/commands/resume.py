"""`clinvk resume`: continue a session from any directory."""

from typing import Annotated, Any

from msgspec.structs import replace

from clinvk.cli import options
from clinvk.cli.command import Argument, Option, command
from clinvk.cli.context import Cli
from clinvk.cli.turn_options import TurnOptions, with_turn_options
from clinvk.errors import ExitStatus, NothingToResumeError, SessionNotFoundError, UsageError
from clinvk.model.request import Pick


@command()
@with_turn_options("resume", first=("if_missing",))
def resume(  # noqa: PLR0913  one parameter an option
    cli: Cli,
    words: Annotated[
        list[str] | None,
        Argument(
            metavar="[SESSION] [PROMPT]...",
            help="Session id or unique prefix, name, @last or BACKEND:ID; then the prompt.",
        ),
    ] = None,
    *,
    last: Annotated[
        bool, Option("--last", help="Continue the most recent session; all words are the prompt.")
    ] = False,
    interactive: Annotated[
        bool,
        Option(
            "--interactive",
            "-i",
            help="Pick from a list (type to filter); all words are the prompt.",
        ),
    ] = False,
    here: options.Here = False,
    turn: TurnOptions,
) -> ExitStatus:
    """Continue a session.

    It runs in the session's directory, with its backend, model, access and system prompt. Without
    SESSION, you pick one from a list. Without PROMPT, the agent's interactive screen opens.
    """
    from clinvk.cli.screens import open_screen, wants_screen
    from clinvk.cli.turns import run_turn

    rest, backend = list(words or ()), turn.asked.get("backend")
    if last and interactive:
        raise UsageError("`--last` cannot be used with `--interactive`", hint="use one of them")
    which: dict[str, Any] = {"pick": Pick.LAST, "here": here}
    if interactive or not (last or rest):
        which = {"session": _picked(cli, here=here, backend=backend)}
    elif not last:
        which = {"session": _named(cli, rest.pop(0), here=here, backend=backend)}
    turn = replace(turn, words=tuple(rest))
    proceed = open_screen if wants_screen(cli, turn) else run_turn
    return proceed(cli, turn, **which)


def _picked(cli: Cli, *, here: bool, backend: str | None) -> str:
    """The id of the session that the user picks from those that can be continued."""
    from clinvk.cli.filters import refuse_unknown_backend
    from clinvk.services.sessions.list import offered_sessions
    from clinvk.services.sessions.resolve import narrowed_to

    refuse_unknown_backend(cli, backend)
    offered = offered_sessions(cli.world, here=here, backend=backend)
    streams = cli.streams
    if offered.damaged:
        from clinvk.cli.render.list import say_damaged

        say_damaged(offered.damaged, streams)
    if not (streams.stdin_is_tty and streams.cursor):
        from clinvk.cli.render.choices import OFFERED_COLUMNS, offer

        why, columns = "there is no terminal to pick one", OFFERED_COLUMNS
        if streams.stdin_is_tty and streams.stderr_is_tty:
            term = cli.world.environ.get("TERM", "")
            why = f"this terminal (TERM={term}) cannot show the list to pick from"
            columns = min(streams.columns() - len("hint: "), columns)
        raise UsageError(
            f"no session was named, and {why}",
            hint=offer(offered, cli.world.now(), cli.world.user_home, columns),
        )
    if not offered.count:
        raise NothingToResumeError(
            f"there is no session{narrowed_to(here=here, backend=backend)} to pick",
            hint="`clinvk sessions list` shows all, `--archived` the archived ones",
        )
    from clinvk.cli.picker import pick_session

    return pick_session(cli, offered).id


def _named(cli: Cli, reference: str, *, here: bool, backend: str | None) -> str:
    """The reference; with `--here` or a backend its id. With `--here` it must be in this place."""
    from clinvk.services.sessions.list import named_session
    from clinvk.services.sessions.places import here_in

    if not here and backend is None:
        return reference
    try:
        found = named_session(cli.world, reference)
    except SessionNotFoundError as error:
        way_out = "with `--last` or `-i`, all words are the prompt"
        raise SessionNotFoundError(
            error.message, hint="\n".join(filter(None, (error.hint, way_out)))
        ) from error
    if here and not here_in(cli.world).holds(found.cwd):
        raise UsageError(
            f"session `{found.id}` belongs to `{found.cwd}`, not to this directory",
            hint="leave `--here` out to continue it",
        )
    return found.id
