"""`clinvk config`: one file a subcommand."""

import typer

from clinvk.cli.lazy import CommandTable, new_app

LINES = {
    "show": "Show the current settings.",
    "get": "Print one setting.",
    "set": "Set a key in the configuration file.",
    "unset": "Remove a key from the configuration file.",
    "path": "Print the path of the configuration file.",
    "edit": "Open the configuration file in your editor, then check it.",
    "validate": "Check the configuration, or another configuration file.",
}


class ConfigCommands(CommandTable):
    """The commands of `clinvk config`."""

    package = "clinvk.cli.commands.config"
    lines = LINES


app = new_app(cls=ConfigCommands, help="Show, check and change the configuration.")


@app.callback(invoke_without_command=True)
def config(ctx: typer.Context) -> None:
    """Show the help when no subcommand is named."""
    if ctx.invoked_subcommand is None:
        ctx.obj.streams.out(ctx.get_help() + "\n")
