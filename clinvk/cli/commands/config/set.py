"""`clinvk config set`."""

from typing import Annotated

import typer

from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app

app = new_app()


# A value may begin with `-`: an argument for the agent, or a number that is then refused.
@app.command("set", context_settings={"ignore_unknown_options": True})
def set_(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="Such as `run.timeout`.")],
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="A list is `[a, b]`; `null` is none.")
    ],
) -> None:
    """Set a key in the configuration file.

    Key and value are checked first; comments and order of the file stay.
    """
    from clinvk.cli.render.errors import say_warning
    from clinvk.services.config.edit import set_key

    cli: Cli = ctx.obj
    if stronger := set_key(cli.world, key, value):
        say_warning(cli.streams, f"`{stronger}` is set in the environment and wins over the file")
