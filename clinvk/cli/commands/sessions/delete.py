"""`clinvk sessions delete`."""

from typing import Annotated

from clinvk.cli import options
from clinvk.cli.command import Option, command
from clinvk.cli.context import Cli
from clinvk.errors import ExitStatus, UsageError


@command()
def delete(
    cli: Cli,
    sessions: options.SessionReferences,
    *,
    yes: Annotated[bool, Option("--yes", "-y", help="Delete without asking.")] = False,
    as_json: options.Json = False,
) -> ExitStatus:
    """Delete sessions permanently.

    Deletes the record and the transcript, but not the agent's own transcript. A damaged record must
    be named by its full id. A running session is not deleted.
    """
    from clinvk.cli.render.deleted import deletion_line, render_deleted
    from clinvk.services.sessions import lifecycle

    targets = lifecycle.find_deletion_targets(cli.world, sessions)
    if not yes:
        if not (cli.streams.stdin_is_tty and cli.streams.stderr_is_tty):
            raise UsageError(
                "there is no terminal to ask for confirmation", hint="`-y` deletes without asking"
            )
        for one in targets:
            cli.streams.err(deletion_line(one, cli.world.now()))
        these = "this session" if len(targets) == 1 else f"these {len(targets)} sessions"
        answer = cli.streams.ask(f"delete {these} permanently? [y/N]") or ""
        if answer.lower() not in ("y", "yes"):
            cli.streams.err("nothing was deleted")
            return ExitStatus.FAILED
    outcomes = lifecycle.apply_each(targets, lambda one: lifecycle.delete(cli.world, one))
    return render_deleted(outcomes, cli.streams, as_json=as_json)
