"""`clinvk sessions show`."""

from typing import Annotated

import typer

from clinvk.cli import options
from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app

app = new_app()


@app.command()
def show(
    ctx: typer.Context,
    session: Annotated[
        str,
        typer.Argument(
            metavar="SESSION", help="An id, a unique prefix of one, a name, @last or BACKEND:ID."
        ),
    ],
    *,
    as_json: options.Json = False,
) -> None:
    """Show one session: what it is, what it cost, and its turns."""
    from clinvk.cli.render.show import render_show
    from clinvk.services.resolve import resolve_reference
    from clinvk.services.sessions import show_session
    from clinvk.store.sessions import SessionStore

    cli: Cli = ctx.obj
    store = SessionStore(cli.world.home)
    shown = show_session(store, resolve_reference(store, session))
    render_show(shown, cli.streams, now=cli.world.now(), as_json=as_json)
