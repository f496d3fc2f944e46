"""`clinvk sessions files`."""

from clinvk.cli import options
from clinvk.cli.command import command
from clinvk.cli.context import Cli


@command()
def files(
    cli: Cli,
    session: options.SessionReference,
    *,
    turn: options.TurnNumber = None,
    as_json: options.Json = False,
) -> None:
    """List the files that a session's turns changed.

    Files marked as observed were not reported by the agent: the git work tree was compared before
    and after the turn.
    """
    from clinvk.cli.render.files import render_files
    from clinvk.services.sessions.list import show_session, turn_of

    shown = show_session(cli.world, session, outlined=True)
    turns = shown.transcript.turns
    if turn is not None:
        turns = (turn_of(shown.session, turns, turn),)
    render_files(turns, cli.streams, cwd=shown.session.cwd, as_json=as_json)
