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
        typer.Argument(metavar="TITLE...", help="Words, joined by spaces; `--` before a dash."),
    ],
    *,
    as_json: options.Json = False,
) -> None:
    """Give a session a title.

    The agent's own title never replaces it, and the order of the list stays as it is.
    """
    from clinvk.cli.render.changed import render_changed
    from clinvk.services.sessions import labels

    cli: Cli = ctx.obj
    changed = labels.rename(cli.world, session, " ".join(words))
    sentence = f"session {changed.session.id} is now titled: {changed.session.title}"
    render_changed(changed, sentence, cli.streams, as_json=as_json)
