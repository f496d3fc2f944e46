"""Combines the options that filter sessions into one value, and refuses invalid ones."""

from datetime import datetime
from typing import get_args

from msgspec.structs import fields, replace

from clinvk.cli.context import Cli, expanded
from clinvk.cli.options import Filters
from clinvk.errors import UsageError
from clinvk.model.names import checked_tag, nearest
from clinvk.services.sessions.list import Selection
from clinvk.services.sessions.places import Here, here_in
from clinvk.text.units import parse_moment


def session_filter(cli: Cli, filters: Filters, *, archived: bool | None = False) -> Selection:
    """The filter for these options.

    `archived` is as in `Selection`: None includes archived sessions. Raises `UsageError`.
    """
    refuse_unknown_backend(cli, filters.backend)
    place = _place(cli, filters.directory, here=filters.here)
    first = _moment(cli, "--since", filters.since)
    end = _moment(cli, "--until", filters.until, end=True)
    if first is not None and end is not None and first >= end:
        raise UsageError(
            "`--since` is not before `--until`", hint="swap them: `--since` is the earlier time"
        )
    only = Selection(
        backend=filters.backend,
        status=filters.status,
        tags=tuple(dict.fromkeys(checked_tag(tag) for tag in filters.tag or ())),
        since=first,
        until=end,
        archived=archived,
    )
    return only if place is None else place.narrowed(only)


def given_options(filters: Filters) -> list[str]:
    """The options as words of a command line."""
    words: list[str] = []
    for field in fields(Filters):
        value = getattr(filters, field.name)
        name = str(get_args(field.type)[-1].default)  # where Typer keeps the first name
        if value is True:
            words.append(name)
        elif value:
            for one in [value] if isinstance(value, str) else value:
                words += [name, str(one)]
    return words


def that_touched(cli: Cli, only: Selection, path: str) -> Selection:
    """The selection, limited to sessions that changed `path` or a file below it."""
    from clinvk.services.sessions.list import has_touched

    place = cli.world.cwd / expanded("--touched", path, "a file or a folder")
    touches, keep = has_touched(cli.world, place), only.keep
    return replace(
        only,
        keep=lambda session: (keep is None or keep(session)) and touches(session),
    )


def refuse_unknown_backend(cli: Cli, name: str | None) -> None:
    """Raise `UsageError` if there is no backend with that name; None names none."""
    agents = cli.world.agents
    if name is not None and name not in agents:
        raise UsageError(f"there is no backend `{name}`", hint=nearest(name, agents.names()))


def _place(cli: Cli, directory: str | None, *, here: bool) -> Here | None:
    """The place to filter by. Outside a repository, `--dir` includes the directories below it."""
    if directory is None:
        return here_in(cli.world) if here else None
    if here:
        raise UsageError("`--here` cannot be used with `--dir`", hint="use one of them")
    place = cli.world.cwd / expanded("--dir", directory, "a directory")
    return here_in(cli.world, place, below=True)


def _moment(cli: Cli, option: str, text: str | None, *, end: bool = False) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_moment(text, now=cli.world.now(), local=datetime.astimezone, end=end)
    except UsageError as error:
        raise UsageError(f"`{option}`: {error.message}", hint=error.hint) from error


def say_missing_home(cli: Cli) -> None:
    """Warn, before an empty answer, if a home was named that does not exist."""
    from clinvk.cli.render.errors import say_warning
    from clinvk.services.world import missing_home

    if missing := missing_home(cli.world):
        say_warning(cli.streams, missing)
