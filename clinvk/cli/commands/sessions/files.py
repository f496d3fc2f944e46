"""`clinvk sessions files`."""

import typer

from clinvk.cli import options
from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app

app = new_app()


@app.command()
def files(
    ctx: typer.Context,
    session: options.SessionReference,
    *,
    turn: options.TurnNumber = None,
    as_json: options.Json = False,
) -> None:
    """List the files that a session's turns changed.

    What the agent did not report itself was observed: the git work tree was compared before and
    after the turn.
    """
    from clinvk.cli.render.files import render_files
    from clinvk.services.sessions.resolve import resolve_reference
    from clinvk.services.sessions.turns import turn_of
    from clinvk.store.sessions.store import SessionStore

    cli: Cli = ctx.obj
    store = SessionStore(cli.world.home)
    found = resolve_reference(store, session, now=cli.world.now())
    turns = store.transcript(found.id).turns
    if turn is not None:
        turns = (turn_of(found, turns, turn),)
    render_files(turns, cli.streams, cwd=found.cwd, as_json=as_json)
