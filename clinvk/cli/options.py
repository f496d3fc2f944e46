"""The options that several commands share, each said once."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from clinvk.model.session import Status
from clinvk.services.agents.catalog import built_in


class OutputFormat(StrEnum):
    """How a run's result is written to stdout."""

    TEXT = "text"
    JSON = "json"
    STREAM_JSON = "stream-json"


Prompt = Annotated[
    list[str] | None,
    typer.Argument(metavar="PROMPT...", help="Words, joined by spaces; `-` reads stdin."),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="A configuration file in place of your own."),
]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]


SessionReference = Annotated[
    str,
    typer.Argument(
        metavar="SESSION", help="An id, a unique prefix of one, a name, @last or BACKEND:ID."
    ),
]
SessionReferences = Annotated[
    list[str],
    typer.Argument(
        metavar="SESSION...", help="Ids, unique prefixes of one, names, @last or BACKEND:ID."
    ),
]
TurnNumber = Annotated[int | None, typer.Option("--turn", metavar="N", min=1, help="Only turn N.")]

# Which sessions: `filters.session_filter` makes one value of these.
Backend = Annotated[
    str | None,
    typer.Option("--backend", "-b", metavar="NAME", help=f"One of: {', '.join(built_in())}."),
]
StatusFilter = Annotated[
    Status | None, typer.Option("--status", help="Only sessions with this status.")
]
Here = Annotated[
    bool, typer.Option("--here", help="Only sessions of this directory or its repository.")
]
Directory = Annotated[
    str | None,
    typer.Option(
        "--dir", metavar="DIR", help="Only sessions of DIR or below it, or of its repository."
    ),
]
TagFilter = Annotated[
    list[str] | None,
    typer.Option("--tag", "-t", metavar="TAG", help="Only sessions with this tag (repeatable)."),
]
Since = Annotated[
    str | None,
    typer.Option(
        "--since", metavar="DUR|DATE", help="Used since: 7d, 2025-01-27, 2025-01-27T10:00, today."
    ),
]
Until = Annotated[
    str | None,
    typer.Option("--until", metavar="DUR|DATE", help="Used before; a day counts as a whole."),
]
Touched = Annotated[
    str | None,
    typer.Option("--touched", metavar="PATH", help="Only sessions that changed PATH, or below it."),
]
Archived = Annotated[
    bool, typer.Option("--archived", help="Only archived ones; else they are hidden.")
]
Limit = Annotated[
    int | None, typer.Option("--limit", "-n", metavar="N", min=1, help="At most so many.")
]
IdsOnly = Annotated[bool, typer.Option("--quiet", "-q", help="Ids alone, one a line.")]
