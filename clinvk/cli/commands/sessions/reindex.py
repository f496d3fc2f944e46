"""`clinvk sessions reindex`."""

from typing import Annotated

import typer

from clinvk.cli import options
from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app
from clinvk.errors import ExitStatus

app = new_app()


@app.command()
def reindex(
    ctx: typer.Context,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Only compare; exit 1 if there is any difference.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Make the index of the sessions anew, from their files.

    Nothing has to be done by hand: the index looks after itself, and may be deleted at any time.
    """
    from clinvk.cli.render.drift import render_drift
    from clinvk.services.sessions.reindex import reindex

    cli: Cli = ctx.obj
    drift = reindex(cli.world.home, only_check=check)
    render_drift(drift, cli.streams, as_json=as_json)
    raise typer.Exit(ExitStatus.FAILED if check and drift.any else ExitStatus.OK)
