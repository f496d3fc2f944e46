"""`clinvk config validate`."""

from pathlib import Path
from typing import Annotated

import typer

from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app

app = new_app()


@app.command("validate")
def validate_(
    ctx: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", help="Check FILE instead of your file and the environment."
        ),
    ] = None,
) -> None:
    """Check the configuration, or another configuration file.

    Every error is printed on its own line, and the exit status is 3.
    """
    from clinvk.services.config.edit import validate

    cli: Cli = ctx.obj
    valid = validate(cli.world, file)
    if valid is None:
        cli.streams.err("there is no configuration file: the defaults apply")
    else:
        cli.streams.err_text(f"`{valid}` is valid")
