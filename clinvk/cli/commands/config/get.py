"""`clinvk config get`."""

from typing import Annotated

import typer

from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app

app = new_app()


@app.command()
def get(
    ctx: typer.Context,
    key: Annotated[
        str, typer.Argument(metavar="KEY", help="Name of the key, such as `run.timeout`.")
    ],
) -> None:
    """Print one setting.

    Text is printed unchanged, a list as JSON, and an unset key as `null`.
    """
    from clinvk.services.config.edit import setting_text

    cli: Cli = ctx.obj
    cli.streams.out_text(f"{setting_text(cli.world, key)}\n")
