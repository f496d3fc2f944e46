"""`clinvk sessions close`, `archive`, `unarchive` and `delete`."""

from collections.abc import Callable, Sequence
from typing import Annotated

from clinvk.cli import options
from clinvk.cli.command import Option, command
from clinvk.cli.context import Cli
from clinvk.errors import ExitStatus, UsageError

SHOWN_BEFORE = 20
"""More sessions to delete are only counted in the question."""


@command()
def close(
    cli: Cli, sessions: options.SessionReferences, *, as_json: options.Json = False
) -> ExitStatus:
    """Close sessions: `completed`, skipped by `-c` and `--last`.

    `clinvk resume` with an id or a name reopens a session.
    """
    from clinvk.services.sessions import lifecycle

    return _change(cli, sessions, lifecycle.close, "closed", as_json=as_json)


@command()
def archive(
    cli: Cli, sessions: options.SessionReferences, *, as_json: options.Json = False
) -> ExitStatus:
    """Archive sessions (hidden from lists).

    `search` and `list --archived` include them. Continuing a session restores it.
    """
    from clinvk.services.sessions import lifecycle

    return _change(cli, sessions, lifecycle.archive, "archived", as_json=as_json)


@command()
def unarchive(
    cli: Cli, sessions: options.SessionReferences, *, as_json: options.Json = False
) -> ExitStatus:
    """Restore archived sessions to the list."""
    from clinvk.services.sessions import lifecycle

    return _change(cli, sessions, lifecycle.unarchive, "unarchived", as_json=as_json)


@command()
def delete(  # noqa: PLR0913  one parameter an option
    cli: Cli,
    sessions: options.SessionReferences,
    *,
    yes: Annotated[bool, Option("--yes", "-y", help="Delete without asking.")] = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    as_json: options.Json = False,
) -> ExitStatus:
    """Delete sessions permanently.

    Deletes the record and the transcript, but not the agent's own transcript. A damaged record must
    be named by its full id. A running session is not deleted.
    """
    from clinvk.cli.render.changed import deletion_line, form_of, render_deleted
    from clinvk.cli.render.progress import ShownProgress
    from clinvk.services.sessions import lifecycle

    targets = lifecycle.find_deletion_targets(cli.world, sessions)
    if not yes:
        if not (cli.streams.stdin_is_tty and cli.streams.stderr_is_tty):
            raise UsageError(
                "there is no terminal to ask for confirmation", hint="`-y` deletes without asking"
            )
        for one in targets[:SHOWN_BEFORE]:
            cli.streams.err(deletion_line(one, cli.world.now()))
        if more := len(targets[SHOWN_BEFORE:]):
            cli.streams.err(f"… and {more:,} more")
        these = "this session" if len(targets) == 1 else f"these {len(targets):,} sessions"
        answer = cli.streams.ask(f"delete {these} permanently? [y/N]") or ""
        if answer.lower() not in ("y", "yes"):
            cli.streams.err("nothing was deleted")
            return ExitStatus.FAILED
    words = ("deleting sessions", "sessions deleted")
    with ShownProgress(cli.streams, cli.world.monotonic, words, quiet=quiet) as told:
        outcomes = lifecycle.delete_each(cli.world, targets, told)
    form = form_of(quiet=quiet, verbose=verbose, as_json=as_json)
    return render_deleted(outcomes, cli.streams, form)


def _change(
    cli: Cli, sessions: Sequence[str], change: Callable[..., bool], done: str, *, as_json: bool
) -> ExitStatus:
    """Change each session, show the results, and exit with the status of the first error."""
    from clinvk.cli.render.changed import render_each
    from clinvk.services.sessions.lifecycle import change_each

    outcomes = change_each(cli.world, sessions, change)
    return render_each(outcomes, done, cli.streams, as_json=as_json)
