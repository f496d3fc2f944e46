"""`clinvk chat`: a new session in an agent's interactive screen."""

from clinvk.cli.command import command
from clinvk.cli.context import Cli
from clinvk.cli.turn_options import TurnOptions, with_turn_options
from clinvk.errors import ExitStatus


@command()
@with_turn_options("chat")
def chat(cli: Cli, *, turn: TurnOptions) -> ExitStatus:
    """Open an agent's interactive screen and record the session."""
    from clinvk.cli.screens import open_screen

    return open_screen(cli, turn)
