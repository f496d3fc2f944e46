"""`clinvk chat`: a new session in the agent's own screen."""

import typer

from clinvk.cli import options
from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app

app = new_app()


@app.command()
def chat(  # noqa: PLR0913  one parameter an option
    ctx: typer.Context,
    *,
    backend: options.Backend = None,
    model: options.Model = None,
    workdir: options.Workdir = None,
    session: options.SessionName = None,
    access: options.AccessLevel = None,
    system_prompt: options.SystemPrompt = None,
    title: options.Title = None,
    tag: options.Tag = None,
    dry_run: options.DryRun = False,
    backend_arg: options.BackendArg = None,
    config: options.ConfigFile = None,
) -> None:
    """Open an agent's own screen, and record what is said there."""
    from clinvk.cli.screens import open_screen
    from clinvk.cli.turns import TurnOptions
    from clinvk.model.names import checked_name, checked_tag, checked_title

    cli: Cli = ctx.obj
    said = TurnOptions(
        words=(),
        editor=False,
        backend=backend,
        model=model,
        workdir=workdir,
        access=access,
        system_prompt=system_prompt,
        max_turns=None,
        timeout=None,
        idle_timeout=None,
        backend_args=tuple(backend_arg or ()),
        output_format=None,
        quiet=False,
        verbose=False,
        config=config,
        dry_run=dry_run,
    )
    status = open_screen(
        cli,
        said,
        name=None if session is None else checked_name(session),
        title=None if title is None else checked_title(title),
        tags=tuple(checked_tag(one) for one in tag or ()),
    )
    raise typer.Exit(status)
