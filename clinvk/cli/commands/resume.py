"""`clinvk resume`: go on with a session from anywhere."""

from typing import Annotated

import typer

from clinvk.cli import options
from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app
from clinvk.errors import UsageError
from clinvk.model.request import Pick

app = new_app()


@app.command()
def resume(  # noqa: PLR0913  one parameter an option
    ctx: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SESSION] [PROMPT]...",
            help="An id, a unique prefix of one, a name, @last or BACKEND:ID; then the prompt.",
        ),
    ] = None,
    *,
    last: Annotated[
        bool, typer.Option("--last", help="The most recent session; every word is prompt.")
    ] = False,
    here: Annotated[
        bool, typer.Option("--here", help="Of this directory or its repository only.")
    ] = False,
    backend: options.Backend = None,
    model: options.Model = None,
    workdir: options.Workdir = None,
    output_format: options.Format = None,
    access: options.AccessLevel = None,
    system_prompt: options.SystemPrompt = None,
    max_turns: options.MaxTurns = None,
    timeout: options.Timeout = None,
    idle_timeout: options.IdleTimeout = None,
    dry_run: options.DryRun = False,
    editor: options.Editor = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    backend_arg: options.BackendArg = None,
    config: options.ConfigFile = None,
) -> None:
    """Go on with a session.

    It runs in its own directory, with its own backend, model, access and system prompt.
    """
    from clinvk.cli.turns import TurnOptions, run_turn

    cli: Cli = ctx.obj
    said = list(words or ())
    chosen_by_rule = last or here
    if not chosen_by_rule and not said:
        raise UsageError(
            "which session?", hint="name one (`clinvk sessions list`), or use `--last` or `--here`"
        )
    turn = TurnOptions(
        words=tuple(said if chosen_by_rule else said[1:]),
        editor=editor,
        backend=backend,
        model=model,
        workdir=workdir,
        access=access,
        system_prompt=system_prompt,
        max_turns=max_turns,
        timeout=timeout,
        idle_timeout=idle_timeout,
        backend_args=tuple(backend_arg or ()),
        output_format=output_format,
        quiet=quiet,
        verbose=verbose,
        config=config,
        dry_run=dry_run,
    )
    status = run_turn(
        cli,
        turn,
        pick=Pick.LAST if chosen_by_rule else Pick.NEW,
        session=None if chosen_by_rule else said[0],
        here=here,
    )
    raise typer.Exit(status)
