"""`clinvk sessions search`."""

import re
import shlex
from collections.abc import Collection, Sequence
from itertools import islice
from typing import Annotated, Any

from typer.exceptions import TyperException

from clinvk.cli import options
from clinvk.cli.command import Argument, Command, Option, command
from clinvk.cli.context import Cli
from clinvk.cli.failures import in_our_words, told_by
from clinvk.cli.spelling import valued_options
from clinvk.errors import ExitStatus, UsageError

_OPTION = re.compile(r"-[A-Za-z]|-n\d+|--[^\s=]+(=.*)?", re.DOTALL)


def with_words_last(args: Sequence[str], valued: Collection[str]) -> list[str]:
    """The options, then `--`, then the words of the query, including `-word`.

    A value cannot follow a one-letter option directly (`-b NAME`; only `-n5` is allowed), so that
    `-bug` excludes a word and does not mean the backend `ug`. `valued` are the options that take a
    value. `"--no-verify is new"`, in one argument, are words.
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
        told = with_words_last(args, valued_options(self.params))
        try:
            parsed: list[str] = super().parse_args(ctx, [*told])
        except TyperException as error:
            # Typer does not publish the kinds of its errors; this one alone has both fields.
            if not (hasattr(error, "option_name") and hasattr(error, "possibilities")):
                raise
            words = _with_unknown_as_word(args, told, str(error.option_name))
            raise UsageError(
                in_our_words(told_by(error)),
                hint=f"to find it as a word, run `{ctx.command_path} {words}`",
            ) from error
        return parsed


def _with_unknown_as_word(args: Sequence[str], told: Sequence[str], unknown: str) -> str:
    """The arguments for a shell, with the unknown option among the words of the query."""
    at = told.index("--")
    flags = [flag for flag in told[:at] if flag.partition("=")[0] != unknown]
    kept = {*told[at + 1 :]}
    words = [arg for arg in args if arg in kept or arg.partition("=")[0] == unknown]
    # After `--`, `--flag` is a word, but `-x` would still exclude `x`.
    words = [word if word.startswith("--") or word in kept else f'"{word}"' for word in words]
    dashes = ["--"] if any(word.startswith("--") for word in words) else []
    return shlex.join([*flags, *dashes, *words])


def _hint_about_dash(words: Sequence[str], *, hit: bool) -> str | None:
    """How to find text that starts with a dash, if that was probably meant: `"-5 degrees"`."""
    from clinvk.services.search.query import how_to_find

    for word in words:
        if not re.match(r"-[^\s\">-]", word):
            continue
        text, *others = word.split()
        if others or (not hit and text[1:2].isdigit()):
            return f"`{text}` excludes `{text[1:]}`; {how_to_find(word)}"
    return None


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
    from clinvk.cli.filters import given_options, say_missing_home, session_filter
    from clinvk.cli.render.errors import say_hint
    from clinvk.cli.render.hits import render_hits
    from clinvk.cli.render.list import Rest
    from clinvk.process.fork_map import processors
    from clinvk.services.search.query import parse_query
    from clinvk.services.search.search import search_sessions

    if ids and as_json:
        raise UsageError("`--quiet` cannot be used with `--json`", hint="use one of them")
    query = parse_query(" ".join(words or ()))
    only = session_filter(cli, filters, archived=True if archived else None)
    found = search_sessions(cli.world, query, only, limit=limit or None, processors=processors())

    def rest(shown: int) -> Rest:
        options = [*given_options(filters), *(["--archived"] if archived else []), "-n", "0"]
        # After `--` an option is a word, and a word may start with a dash.
        dashes = ["--"] if any(word.startswith("--") for word in words or ()) else []
        command = shlex.join(["clinvk", "sessions", "search", *options, *dashes, *(words or ())])
        return Rest(count=len(found.hits) - shown, command=command)

    if not found.hits:
        say_missing_home(cli)
    render_hits(
        found,
        cli.streams,
        now=cli.world.now(),
        as_json=as_json,
        ids=ids,
        selected=only.narrows,
        rest=None if limit is not None else rest,
    )
    if hint := _hint_about_dash(words or (), hit=bool(found.hits)):
        say_hint(cli.streams, hint)
    return ExitStatus.OK if found.hits else ExitStatus.FAILED
