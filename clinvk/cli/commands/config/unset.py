"""`clinvk config unset`."""

from typing import Annotated

import typer

from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app

app = new_app()


@app.command()
def unset(
    ctx: typer.Context,
    key: Annotated[
        str, typer.Argument(metavar="KEY", help="Name of the key, such as `run.timeout`.")
    ],
) -> None:
    """Remove a key from the configuration file.

    Its default applies again. It is not an error if the key is not in the file.
    """
    from clinvk.services.config.edit import unset_key

    cli: Cli = ctx.obj
    if not unset_key(cli.world, key):
        cli.streams.err(f"`{key}` is not in the configuration file")
