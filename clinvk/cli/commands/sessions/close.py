"""`clinvk sessions close`."""

import typer

from clinvk.cli import options
from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app

app = new_app()


@app.command()
def close(
    ctx: typer.Context,
    sessions: options.SessionReferences,
    *,
    as_json: options.Json = False,
) -> None:
    """Close sessions (skipped by `-c` and `--last`).

    `clinvk resume` with an id or a name reopens a session.
    """
    from clinvk.cli.render.changed import render_each
    from clinvk.services.sessions import lifecycle

    cli: Cli = ctx.obj
    outcomes = lifecycle.change_each(cli.world, sessions, lifecycle.close)
    raise typer.Exit(render_each(outcomes, "closed", cli.streams, as_json=as_json))
