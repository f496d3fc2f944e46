"""`clinvk config path`."""

import typer

from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app

app = new_app()


@app.command()
def path(ctx: typer.Context) -> None:
    """Print where the configuration file is.

    Whether or not there is one; `CLINVK_HOME` moves it with everything else.
    """
    cli: Cli = ctx.obj
    cli.streams.out_text(f"{cli.world.home.config_file}\n")
