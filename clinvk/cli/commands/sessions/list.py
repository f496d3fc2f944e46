"""`clinvk sessions list`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from clinvk.cli import options
from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app
from clinvk.errors import UsageError
from clinvk.model.session import Status

app = new_app()


@app.command("list")
def list_(  # noqa: PLR0913  one parameter an option
    ctx: typer.Context,
    *,
    backend: options.Backend = None,
    status: Annotated[
        Status | None, typer.Option("--status", help="Only sessions that stand so.")
    ] = None,
    here: Annotated[
        bool, typer.Option("--here", help="Only those of this directory or its repository.")
    ] = False,
    directory: Annotated[
        Path | None, typer.Option("--dir", metavar="DIR", help="As --here, but of DIR.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", metavar="N", min=1, help="At most so many.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """List sessions, most recently used first."""
    from clinvk import backends
    from clinvk.cli.render.list import render_list
    from clinvk.services.places import scope_of, stands_in
    from clinvk.services.sessions import SessionFilter, list_sessions
    from clinvk.store.sessions import SessionStore

    cli: Cli = ctx.obj
    if backend is not None and backend not in backends.names():
        raise UsageError(
            f"there is no backend `{backend}`", hint=f"one of: {', '.join(backends.names())}"
        )
    if here and directory is not None:
        raise UsageError("`--here` and `--dir` say the same thing twice", hint="use one of them")
    where = cli.world.cwd if here else directory
    scope = scope_of(Path(os.path.realpath(where))) if where is not None else None
    only = SessionFilter(
        backend=backend,
        status=status,
        keep=(lambda session: stands_in(session.cwd, scope)) if scope is not None else None,
    )
    found = list_sessions(SessionStore(cli.world.home), only, limit=limit)
    render_list(
        found,
        cli.streams,
        now=cli.world.now(),
        as_json=as_json,
        filtered=bool(backend or status or scope),
    )
