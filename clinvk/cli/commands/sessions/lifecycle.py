"""`clinvk sessions close`, `archive` and `unarchive`."""

from collections.abc import Callable, Sequence

from clinvk.cli import options
from clinvk.cli.command import command
from clinvk.cli.context import Cli
from clinvk.errors import ExitStatus


@command()
def close(
    cli: Cli, sessions: options.SessionReferences, *, as_json: options.Json = False
) -> ExitStatus:
    """Close sessions (skipped by `-c` and `--last`).

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


def _change(
    cli: Cli, sessions: Sequence[str], change: Callable[..., bool], done: str, *, as_json: bool
) -> ExitStatus:
    """Change each session, show the results, and exit with the status of the first error."""
    from clinvk.cli.render.changed import render_each
    from clinvk.services.sessions.lifecycle import change_each

    outcomes = change_each(cli.world, sessions, change)
    return render_each(outcomes, done, cli.streams, as_json=as_json)
