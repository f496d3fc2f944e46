"""`clinvk sessions search`."""

import re
from collections.abc import Collection, Sequence
from itertools import islice
from typing import Annotated, Any

from clinvk.cli import options
from clinvk.cli.command import Argument, Command, Option, command
from clinvk.cli.context import Cli
from clinvk.cli.optional_values import valued_options
from clinvk.errors import ExitStatus, UsageError

_OPTION = re.compile(r"-[A-Za-z]|-n\d+|--.+", re.DOTALL)


def with_words_last(args: Sequence[str], valued: Collection[str]) -> list[str]:
    """The options, then `--`, then the words of the query, including `-word`.

    A value cannot follow a one-letter option directly (`-b NAME`; only `-n5` is allowed), so that
    `-bug` excludes a word and does not mean the backend `ug`. `valued` are the options that take a
    value.
    """
    flags: list[str] = []
    words: list[str] = []
    rest = iter(args)
    for arg in rest:
        if arg == "--":
            words += rest
        elif arg in valued:
            flags += [arg, *islice(rest, 1)]
        elif _OPTION.fullmatch(arg):
            flags.append(arg)
        else:
            words.append(arg)
    return [*flags, "--", *words]


class _SearchCommand(Command):
    """A command whose words may start with a dash."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  Typer's own
        """Separate the options from the words."""
        return super().parse_args(ctx, with_words_last(args, valued_options(self.params)))


@command(cls=_SearchCommand)
def search(  # noqa: PLR0913  one parameter an option
    cli: Cli,
    words: Annotated[
        list[str] | None,
        Argument(
            metavar="QUERY...",
            help="Words that must all match; '\"a phrase\"'; -word excludes.",
        ),
    ] = None,
    *,
    filters: options.Filters,
    archived: Annotated[bool, Option("--archived", help="Only archived sessions.")] = False,
    limit: options.Limit = None,
    ids: options.IdsOnly = False,
    as_json: options.Json = False,
) -> ExitStatus:
    """Search titles, names, tags, prompts, answers and files.

    Best matches first. Archived sessions are searched too. Exit status 1 if nothing matches.
    """
    from clinvk.cli.filters import session_filter
    from clinvk.cli.render.hits import render_hits
    from clinvk.process.fork_map import processors
    from clinvk.services.search.query import parse_query
    from clinvk.services.search.search import search_sessions

    if ids and as_json:
        raise UsageError("`--quiet` cannot be used with `--json`", hint="use one of them")
    query = parse_query(" ".join(words or ()))
    only = session_filter(cli, filters, archived=True if archived else None)
    found = search_sessions(cli.world, query, only, limit=limit, processors=processors())
    render_hits(found, cli.streams, now=cli.world.now(), as_json=as_json, ids=ids)
    return ExitStatus.OK if found.hits else ExitStatus.FAILED
