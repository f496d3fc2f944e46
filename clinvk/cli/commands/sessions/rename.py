"""`clinvk sessions rename`."""

from typing import Annotated

import typer

from clinvk.cli import options
from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app

app = new_app()


@app.command()
def rename(
    ctx: typer.Context,
    session: options.SessionReference,
    words: Annotated[
        list[str],
        typer.Argument(metavar="TITLE...", help="New title; put `--` before a leading dash."),
    ],
    *,
    as_json: options.Json = False,
) -> None:
    """Set the title of a session.

    The agent's own title never replaces it. The order of the list does not change.
    """
    from clinvk.cli.render.changed import render_changed
    from clinvk.services.sessions import labels

    cli: Cli = ctx.obj
    changed = labels.rename(cli.world, session, " ".join(words))
    sentence = f"session {changed.session.id} is now titled: {changed.session.title}"
    render_changed(changed, sentence, cli.streams, as_json=as_json)
