"""`clinvk sessions untag`."""

from typing import Annotated

import typer

from clinvk.cli import options
from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app

app = new_app()


@app.command()
def untag(
    ctx: typer.Context,
    session: options.SessionReference,
    tags: Annotated[
        list[str], typer.Argument(metavar="TAG...", help="1 to 64 printable characters each.")
    ],
    *,
    as_json: options.Json = False,
) -> None:
    """Take tags off a session.

    All of them must be there, else none is taken off.
    """
    from clinvk.cli.render.changed import render_changed
    from clinvk.services.sessions import labels
    from clinvk.services.sessions.resolve import resolve_reference
    from clinvk.store.sessions.store import SessionStore

    cli: Cli = ctx.obj
    store = SessionStore(cli.world.home)
    found = resolve_reference(store, session, now=cli.world.now())
    changed = labels.remove_tags(store, cli.world, found.id, tags)
    tagged = f"is tagged {', '.join(changed.tags)}" if changed.tags else "has no tags"
    render_changed(store, changed, f"session {changed.id} {tagged}", cli.streams, as_json=as_json)
