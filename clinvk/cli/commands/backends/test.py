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
        str, typer.Argument(metavar="BACKEND", help="A backend from `clinvk backends`.")
    ],
    *,
    as_json: options.Json = False,
) -> None:
    """Test a backend against the contract, with real prompts.

    This sends a few short prompts to the agent, which can cost money. They use a temporary
    directory and history: your sessions and projects are not touched. Exit 1 if a check fails, else
    0. Checks of features that the backend lacks are skipped, with the reason.
    """
    from clinvk.cli.render.trial import render_trial
    from clinvk.services.config.settings import effective_settings
    from clinvk.services.trial.run import trial

    cli: Cli = ctx.obj
    verdicts = trial(name, effective_settings(cli.world), cli.world)
    kept = render_trial(name, verdicts, cli.streams, as_json=as_json)
    raise typer.Exit(ExitStatus.OK if kept else ExitStatus.FAILED)
