"""`clinvk config show`."""

from typing import Annotated

import typer

from clinvk.cli import options
from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app

app = new_app()


@app.command()
def show(
    ctx: typer.Context,
    *,
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value is from.")] = False,
    as_json: options.Json = False,
) -> None:
    """Show every setting as it is now.

    What the environment says stands over the file, which stands over the defaults.
    """
    from clinvk.cli.render.config import render_settings
    from clinvk.services.config.edit import all_settings

    cli: Cli = ctx.obj
    render_settings(all_settings(cli.world), cli.streams, origin=origin, as_json=as_json)
