"""`clinvk backends`."""

import typer

from clinvk.cli import options
from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app

app = new_app()


@app.command("backends")
def backends_(ctx: typer.Context, *, as_json: options.Json = False) -> None:
    """List the agents: installed or not, version, signed in, what they can do."""
    from clinvk.cli.render.backends import render_backends
    from clinvk.services.backends import backend_states
    from clinvk.services.catalog import catalog_of
    from clinvk.services.settings import effective_settings

    cli: Cli = ctx.obj
    settings = effective_settings(cli.world)
    states = backend_states(settings, cli.world)
    render_backends(states, cli.streams, as_json=as_json)
    for trouble in catalog_of(settings).troubles():
        cli.streams.talk(f"warning: {trouble}")
