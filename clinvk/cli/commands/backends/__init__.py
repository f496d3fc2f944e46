"""`clinvk backends`: the list, and one file a subcommand."""

import typer

from clinvk.cli import options
from clinvk.cli.context import Cli
from clinvk.cli.lazy import CommandTable, new_app

LINES = {"test": "Try a backend for real, and say what of the contract holds."}


class BackendCommands(CommandTable):
    """The commands of `clinvk backends`."""

    package = "clinvk.cli.commands.backends"
    lines = LINES


HELP = "List the agents: installed, version, signed in, abilities."

app = new_app(cls=BackendCommands, help=HELP)


@app.callback(invoke_without_command=True)
def backends_(ctx: typer.Context, *, as_json: options.Json = False) -> None:
    """List them when no subcommand is named."""
    if ctx.invoked_subcommand is not None:
        return
    from clinvk.cli.render.backends import render_backends
    from clinvk.services.agents.catalog import unusable
    from clinvk.services.agents.states import backend_states
    from clinvk.services.config.settings import effective_settings
    from clinvk.text.sanitize import safe_line

    cli: Cli = ctx.obj
    states = backend_states(effective_settings(cli.world), cli.world)
    render_backends(states, cli.streams, as_json=as_json)
    for trouble in unusable():
        cli.streams.talk(safe_line(f"warning: {trouble}"))
