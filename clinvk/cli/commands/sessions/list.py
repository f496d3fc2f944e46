"""`clinvk sessions list`."""

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
    from clinvk.cli.filters import session_filter, that_touched
    from clinvk.cli.render.list import render_ids, render_list
    from clinvk.services.sessions.list import list_sessions

    if ids and as_json:
        raise UsageError("`--quiet` cannot be used with `--json`", hint="use one of them")
    only = session_filter(cli, filters, archived=archived)
    if touched is not None:
        only = that_touched(cli, only, touched)
    found = list_sessions(cli.world, only, limit=limit, order=sort)
    if ids:
        render_ids(found, cli.streams)
        return
    render_list(
        found,
        cli.streams,
        now=cli.world.now(),
        as_json=as_json,
        filtered=only.narrows or limit is not None,
    )
