"""`clinvk sessions archive`."""

import typer

from clinvk.cli import options
from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app

app = new_app()


@app.command()
def archive(
    ctx: typer.Context,
    sessions: options.SessionReferences,
    *,
    as_json: options.Json = False,
) -> None:
    """Archive sessions (hidden from lists).

    `search` and `list --archived` include them. Continuing a session restores it.
    """
    from clinvk.cli.render.changed import render_each
    from clinvk.services.sessions import lifecycle

    cli: Cli = ctx.obj
    outcomes = lifecycle.change_each(cli.world, sessions, lifecycle.archive)
    raise typer.Exit(render_each(outcomes, "archived", cli.streams, as_json=as_json))
