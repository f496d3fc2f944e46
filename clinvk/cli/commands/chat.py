"""`clinvk chat`: a new session in an agent's interactive screen."""

import typer

from clinvk.cli.command import new_app
from clinvk.cli.context import Cli
from clinvk.cli.turn_options import TurnOptions, with_turn_options

app = new_app()


@app.command()
@with_turn_options("chat")
def chat(ctx: typer.Context, *, turn: TurnOptions) -> None:
    """Open an agent's interactive screen and record the session."""
    from clinvk.cli.screens import open_screen

    cli: Cli = ctx.obj
    raise typer.Exit(open_screen(cli, turn))
