"""`clinvk config unset`."""

from typing import Annotated

import typer

from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app

app = new_app()


@app.command()
def unset(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="Such as `run.timeout`.")],
) -> None:
    """Take a key out of the configuration file.

    Its default holds then; a key that the file does not say is no mistake.
    """
    from clinvk.services.config.edit import unset_key

    cli: Cli = ctx.obj
    if not unset_key(cli.world, key):
        cli.streams.talk(f"`{key}` is not in the configuration file")
