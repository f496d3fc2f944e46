"""`clinvk run`, and `clinvk PROMPT`, which is short for it."""

from typing import Annotated

import typer

from clinvk.cli import options
from clinvk.cli.context import Cli
from clinvk.cli.lazy import new_app
from clinvk.cli.optional_values import OptionalValues
from clinvk.errors import UsageError
from clinvk.model.request import Pick

app = new_app()


@app.command(cls=OptionalValues)
def run(  # noqa: PLR0913  one parameter an option
    ctx: typer.Context,
    prompt: options.Prompt = None,
    *,
    backend: options.Backend = None,
    model: options.Model = None,
    workdir: options.Workdir = None,
    go_on: Annotated[
        bool,
        typer.Option(
            "--continue", "-c", help="Go on with the most recent session, of this directory first."
        ),
    ] = False,
    session: options.SessionName = None,
    if_missing: options.WhenMissing = None,
    ephemeral: Annotated[
        bool, typer.Option("--ephemeral", help="Keep no session, here or at the agent.")
    ] = False,
    output_format: options.Format = None,
    access: options.AccessLevel = None,
    system_prompt: options.SystemPrompt = None,
    max_turns: options.MaxTurns = None,
    timeout: options.Timeout = None,
    idle_timeout: options.IdleTimeout = None,
    title: options.Title = None,
    tag: options.Tag = None,
    wait: options.Wait = None,
    dry_run: options.DryRun = False,
    editor: options.Editor = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    backend_arg: options.BackendArg = None,
    config: options.ConfigFile = None,
) -> None:
    """Send a prompt to an agent; `clinvk PROMPT` is short for it.

    Piped stdin is the prompt, or stands below it in a <stdin> block.
    """
    from clinvk.cli.turns import TurnOptions, run_turn
    from clinvk.model.names import checked_name, checked_tag, checked_title

    cli: Cli = ctx.obj
    if go_on and session is not None:
        raise UsageError(
            "`--continue` and `--session` name two sessions",
            hint="use `-c` for the most recent one, or `-s NAME` for that one",
        )
    if ephemeral and (go_on or session is not None):
        raise UsageError(
            "`--ephemeral` keeps no session, so there is none to go on with",
            hint="leave `--ephemeral` out",
        )
    if if_missing is not None and not go_on and session is None:
        raise UsageError(
            "`--if-missing` is for going on with a session", hint="use it with `-c` or `-s NAME`"
        )
    if go_on and (title is not None or tag):
        option, command = ("--title", "rename") if title is not None else ("--tag", "tag")
        raise UsageError(
            f"`{option}` is for a new session, and `--continue` goes on with one",
            hint=f"`clinvk sessions {command}` changes it",
        )
    said = TurnOptions(
        words=tuple(prompt or ()),
        editor=editor,
        backend=backend,
        model=model,
        workdir=workdir,
        access=access,
        system_prompt=system_prompt,
        max_turns=max_turns,
        timeout=timeout,
        idle_timeout=idle_timeout,
        wait=wait,
        backend_args=tuple(backend_arg or ()),
        output_format=output_format,
        quiet=quiet,
        verbose=verbose,
        config=config,
        dry_run=dry_run,
        if_missing=if_missing,
    )
    status = run_turn(
        cli,
        said,
        pick=Pick.CONTINUE if go_on else Pick.NEW,
        name=None if session is None else checked_name(session),
        title=None if title is None else checked_title(title),
        tags=tuple(checked_tag(one) for one in tag or ()),
        ephemeral=ephemeral,
    )
    raise typer.Exit(status)
