"""`clinvk sessions tag`."""

from typing import Annotated

import typer

from clinvk.cli import options
from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app

app = new_app()


@app.command()
def tag(
    ctx: typer.Context,
    session: options.SessionReference,
    tags: Annotated[
        list[str], typer.Argument(metavar="TAG...", help="Tags of 1 to 64 printable characters.")
    ],
    *,
    as_json: options.Json = False,
) -> None:
    """Add tags to a session.

    Tags that it already has are ignored.
    """
    from clinvk.cli.render.changed import render_tagged
    from clinvk.services.sessions import labels

    cli: Cli = ctx.obj
    render_tagged(labels.add_tags(cli.world, session, tags), cli.streams, as_json=as_json)
