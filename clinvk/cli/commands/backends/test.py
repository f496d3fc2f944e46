"""`clinvk backends test`."""

from typing import Annotated

import typer

from clinvk.cli import options
from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app
from clinvk.errors import ExitStatus

app = new_app()


@app.command("test")
def try_backend(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="BACKEND", help="One that `clinvk backends` lists.")
    ],
    *,
    as_json: options.Json = False,
) -> None:
    """Try a backend for real, and say what of the contract holds.

    The agent is sent a few short prompts, which may cost something, in a directory and with a
    history of their own: your sessions and projects are not touched. Exit 0 if nothing fails, 1 if
    something does. What the backend lacks is not tried, with the reason.
    """
    from clinvk.cli.render.trial import render_trial
    from clinvk.services.config.settings import effective_settings
    from clinvk.services.trial.conduct import trial

    cli: Cli = ctx.obj
    verdicts = trial(name, effective_settings(cli.world), cli.world)
    kept = render_trial(name, verdicts, cli.streams, as_json=as_json)
    raise typer.Exit(ExitStatus.OK if kept else ExitStatus.FAILED)
