"""`clinvk sessions`: one file a subcommand."""

import typer

from clinvk.cli.lazy import CommandTable, new_app

LINES = {
    "list": "List sessions, most recently used first.",
    "show": "Show one session: what it is, what it cost, and its turns.",
}


class SessionCommands(CommandTable):
    """The commands of `clinvk sessions`."""

    package = "clinvk.cli.commands.sessions"
    lines = LINES


app = new_app(cls=SessionCommands, help="List and show sessions.")


@app.callback(invoke_without_command=True)
def sessions(ctx: typer.Context) -> None:
    """Show the help when no subcommand is named."""
    if ctx.invoked_subcommand is None:
        ctx.obj.streams.out(ctx.get_help() + "\n")
