"""`clinvk backends`: the list, and one file per subcommand."""

import typer

from clinvk.cli import options
from clinvk.cli.context import Cli
from clinvk.cli.lazy import CommandTable, new_app

LINES = {"test": "Test a backend against the contract, with real prompts."}


class BackendCommands(CommandTable):
    """The commands of `clinvk backends`."""

    package = "clinvk.cli.commands.backends"
    lines = LINES


HELP = "List the agents with version, sign-in and abilities."

app = new_app(cls=BackendCommands, help=HELP)


@app.callback(invoke_without_command=True)
def backends_(ctx: typer.Context, *, as_json: options.Json = False) -> None:
    """List the backends when no subcommand is named."""
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
    for message in unusable():
        cli.streams.err(safe_line(f"warning: {message}"))
