"""`clinvk config set`."""

from typing import Annotated

import typer

from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app

app = new_app()


# A value may start with `-`: an argument for the agent, or a negative number, which is refused.
@app.command("set", context_settings={"ignore_unknown_options": True})
def set_(
    ctx: typer.Context,
    key: Annotated[
        str, typer.Argument(metavar="KEY", help="Name of the key, such as `run.timeout`.")
    ],
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="New value; `[a, b]` is a list, `null` is none.")
    ],
) -> None:
    """Set a key in the configuration file.

    The key and the value are checked first. Comments and order in the file are kept.
    """
    from clinvk.cli.render.errors import say_warning
    from clinvk.services.config.edit import set_key

    cli: Cli = ctx.obj
    if stronger := set_key(cli.world, key, value):
        say_warning(cli.streams, f"`{stronger}` is set in the environment and overrides the file")
