"""`clinvk config path`."""

import typer

from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app

app = new_app()


@app.command()
def path(ctx: typer.Context) -> None:
    """Print the path of the configuration file.

    The file need not exist. `CLINVK_HOME` moves it together with all other files.
    """
    cli: Cli = ctx.obj
    cli.streams.out_text(f"{cli.world.home.config_file}\n")
