"""`clinvk doctor`."""

from typing import Annotated

import typer

from clinvk.cli import options
from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app
from clinvk.errors import ExitStatus

app = new_app()


@app.command("doctor")
def doctor_(
    ctx: typer.Context,
    *,
    fix: Annotated[
        bool, typer.Option("--fix", help="First put right what is safe to, and say what was done.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Look for everything that could go wrong, each with its remedy.

    Exit 0 if all is well, notes aside; exit 1 if there is a warning or a problem. Nothing is
    written, and nobody is asked over the network; only the agents' `--version` is run.

    --fix closes what is open to others, removes temporary files and locks that nobody holds, and
    makes lost records and the index anew. It deletes no session, and touches nothing of an agent's.
    """
    from clinvk.cli.render.doctor import render_examination
    from clinvk.services.doctor.examination import examine

    cli: Cli = ctx.obj
    examination = examine(cli.world, encoding=cli.streams.encoding, fix=fix)
    render_examination(examination, cli.streams, as_json=as_json)
    raise typer.Exit(ExitStatus.OK if examination.ok else ExitStatus.FAILED)
