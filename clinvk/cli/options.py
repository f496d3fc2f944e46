"""Options that several commands share."""

from enum import StrEnum
from typing import Annotated

from clinvk.cli.command import Argument, Json, Option, OptionGroup
from clinvk.model.session import Status
from clinvk.services.agents.catalog import built_in

__all__ = ["Json"]


class OutputFormat(StrEnum):
    """Format of a run's output on stdout."""

    TEXT = "text"
    JSON = "json"
    STREAM_JSON = "stream-json"


Prompt = Annotated[
    list[str] | None,
    Argument(
        metavar="PROMPT...",
        help="The prompt; `-` reads it from stdin. Put `--` before a leading dash.",
    ),
]
Quiet = Annotated[
    bool, Option("--quiet", "-q", help="Print only errors: no progress and no result.")
]
Verbose = Annotated[bool, Option("--verbose", "-v", help="Print a line for each session.")]

SessionReference = Annotated[
    str,
    Argument(metavar="SESSION", help="Session id or unique prefix, name, @last or BACKEND:ID."),
]
SessionReferences = Annotated[
    list[str],
    Argument(
        metavar="SESSION...", help="Session ids or unique prefixes, names, @last or BACKEND:ID."
    ),
]
TurnNumber = Annotated[int | None, Option("--turn", metavar="N", min=1, help="Show only turn N.")]

Backend = Annotated[
    str | None,
    Option(
        "--backend",
        "-b",
        metavar="NAME",
        help=f"Only sessions of this backend (one of {', '.join(built_in())}).",
    ),
]
StatusFilter = Annotated[
    Status | None,
    Option(
        "--status",
        help="Only sessions with this status (active: the last turn ended well; completed:"
        " you closed it).",
    ),
]
Here = Annotated[bool, Option("--here", help="Only sessions in this directory or its repository.")]


class Filters(OptionGroup, frozen=True):
    """The options that filter sessions; `filters.session_filter` combines them into one value."""

    backend: Backend = None
    status: StatusFilter = None
    here: Here = False
    directory: Annotated[
        str | None,
        Option("--dir", metavar="DIR", help="Only sessions in or below DIR, or in its repository."),
    ] = None
    tag: Annotated[
        list[str] | None,
        Option("--tag", "-t", metavar="TAG", help="Only sessions with this tag (repeatable)."),
    ] = None
    since: Annotated[
        str | None,
        Option(
            "--since",
            metavar="DUR|DATE",
            help="Only sessions used since then (7d, 2025-01-27, 2025-01-27T10:00, today).",
        ),
    ] = None
    until: Annotated[
        str | None,
        Option(
            "--until",
            metavar="DUR|DATE",
            help="Only sessions used before then; a date includes that day.",
        ),
    ] = None


Touched = Annotated[
    str | None,
    Option("--touched", metavar="PATH", help="Only sessions that changed PATH or a file below it."),
]
Archived = Annotated[bool, Option("--archived", help="Only archived sessions (hidden by default).")]
Limit = Annotated[
    int | None,
    Option(
        "--limit",
        "-n",
        metavar="N",
        min=0,
        help="Maximum number of sessions, 0 for all (default: all that fit the screen).",
    ),
]
NoPager = Annotated[bool, Option("--no-pager", help="Show no pager, however long the page is.")]
IdsOnly = Annotated[bool, Option("--quiet", "-q", help="Print only ids, one per line.")]
