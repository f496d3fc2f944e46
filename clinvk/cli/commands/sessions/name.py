"""`clinvk sessions name`."""

from typing import Annotated

import typer

from clinvk.cli import options
from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app
from clinvk.errors import UsageError

app = new_app()


@app.command()
def name(
    ctx: typer.Context,
    session: options.SessionReference,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]", help="A unique name of 1 to 64 letters, digits and `._-/#@:`."
        ),
    ] = None,
    *,
    clear: Annotated[bool, typer.Option("--clear", help="Remove the name.")] = False,
    as_json: options.Json = False,
) -> None:
    """Set the name of a session.

    `-s NAME` continues the session. Two sessions cannot have the same name.
    """
    from clinvk.cli.render.changed import render_changed
    from clinvk.services.sessions import labels

    cli: Cli = ctx.obj
    if (name is None) is not clear:
        raise UsageError(
            "give either a name or `--clear`",
            hint="`clinvk sessions name SESSION NAME` sets a name, `--clear` removes it",
        )
    if name is None:
        changed = labels.clear_name(cli.world, session)
        sentence = f"session {changed.session.id} has no name"
    else:
        changed = labels.give_name(cli.world, session, name)
        sentence = f"session {changed.session.id} is now named {changed.session.name}"
    render_changed(changed, sentence, cli.streams, as_json=as_json)
