"""`clinvk sessions list`."""

import shlex
from typing import Annotated

from clinvk.cli import options
from clinvk.cli.command import Option, command
from clinvk.cli.context import Cli
from clinvk.errors import UsageError
from clinvk.services.sessions.list import Order


@command("list")
def list_(  # noqa: PLR0913  one parameter an option
    cli: Cli,
    *,
    filters: options.Filters,
    archived: options.Archived = False,
    touched: options.Touched = None,
    sort: Annotated[Order, Option("--sort", help="Sort order.")] = Order.LAST,
    limit: options.Limit = None,
    ids: options.IdsOnly = False,
    as_json: options.Json = False,
) -> None:
    """List sessions, most recently used first."""
    from clinvk.cli.filters import given_options, say_missing_home, session_filter, that_touched
    from clinvk.cli.render.list import Rest, render_ids, render_list, rows_of_screen
    from clinvk.services.sessions.list import count_sessions, list_sessions

    if ids and as_json:
        raise UsageError("`--quiet` cannot be used with `--json`", hint="use one of them")
    only = session_filter(cli, filters, archived=archived)
    if touched is not None:
        only = that_touched(cli, only, touched)
    room = None if limit is not None or ids or as_json else rows_of_screen(cli.streams)
    # One more than fits shows that there are more. What must be read to be counted is read once.
    most = room + 1 if room is not None and only.keep is None else limit or None
    found = list_sessions(cli.world, only, limit=most, order=sort)
    if not found.sessions:
        say_missing_home(cli)
    if ids:
        render_ids(found, cli.streams)
        return

    def rest(shown: int) -> Rest:
        count = len(found.sessions) if most is None else count_sessions(cli.world, only)
        words = given_options(filters)
        words += ["--archived"] if archived else []
        words += [] if touched is None else ["--touched", touched]
        words += [] if sort is Order.LAST else ["--sort", sort.value]
        return Rest(
            count=count - shown,
            command=shlex.join(["clinvk", "sessions", "list", *words, "-n", "0"]),
        )

    render_list(
        found,
        cli.streams,
        now=cli.world.now(),
        as_json=as_json,
        filtered=only.narrows or bool(limit),
        user_home=cli.world.user_home,
        rest=rest if room is not None else None,
    )
