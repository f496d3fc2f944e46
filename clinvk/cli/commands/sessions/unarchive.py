"""`clinvk sessions unarchive`."""

import typer

from clinvk.cli import options
from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app

app = new_app()


@app.command()
def unarchive(
    ctx: typer.Context,
    sessions: options.SessionReferences,
    *,
    as_json: options.Json = False,
) -> None:
    """Restore archived sessions to the list."""
    from clinvk.cli.render.changed import render_each
    from clinvk.services.sessions import lifecycle

    cli: Cli = ctx.obj
    outcomes = lifecycle.change_each(cli.world, sessions, lifecycle.unarchive)
    raise typer.Exit(render_each(outcomes, "unarchived", cli.streams, as_json=as_json))
