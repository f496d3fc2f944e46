"""`clinvk chat`: a new session in an agent's interactive screen."""

from clinvk.cli.command import App, Context, Exit
from clinvk.cli.context import Cli
from clinvk.cli.turn_options import TurnOptions, with_turn_options

app = App()


@app.command()
@with_turn_options("chat")
def chat(ctx: Context, *, turn: TurnOptions) -> None:
    """Open an agent's interactive screen and record the session."""
    from clinvk.cli.screens import open_screen

    cli: Cli = ctx.obj
    raise Exit(open_screen(cli, turn))
