"""Options that several commands share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from clinvk.model.session import Status
from clinvk.services.agents.catalog import built_in


class OutputFormat(StrEnum):
    """Format of a run's output on stdout."""

    TEXT = "text"
    JSON = "json"
    STREAM_JSON = "stream-json"


Prompt = Annotated[
    list[str] | None,
    typer.Argument(metavar="PROMPT...", help="The prompt; `-` reads it from stdin."),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Use FILE instead of your configuration file."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


SessionReference = Annotated[
    str,
    typer.Argument(
        metavar="SESSION", help="Session id or unique prefix, name, @last or BACKEND:ID."
    ),
]
SessionReferences = Annotated[
    list[str],
    typer.Argument(
        metavar="SESSION...", help="Session ids or unique prefixes, names, @last or BACKEND:ID."
    ),
]
TurnNumber = Annotated[
    int | None, typer.Option("--turn", metavar="N", min=1, help="Show only turn N.")
]

# Filters: `filters.session_filter` combines them into one value.
Backend = Annotated[
    str | None,
    typer.Option(
        "--backend",
        "-b",
        metavar="NAME",
        help=f"Only sessions of this backend (one of {', '.join(built_in())}).",
    ),
]
StatusFilter = Annotated[
    Status | None, typer.Option("--status", help="Only sessions with this status.")
]
Here = Annotated[
    bool, typer.Option("--here", help="Only sessions in this directory or its repository.")
]
Directory = Annotated[
    str | None,
    typer.Option(
        "--dir", metavar="DIR", help="Only sessions in or below DIR, or in its repository."
    ),
]
TagFilter = Annotated[
    list[str] | None,
    typer.Option("--tag", "-t", metavar="TAG", help="Only sessions with this tag (repeatable)."),
]
Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="DUR|DATE",
        help="Only sessions used since then (7d, 2025-01-27, 2025-01-27T10:00, today).",
    ),
]
Until = Annotated[
    str | None,
    typer.Option(
        "--until",
        metavar="DUR|DATE",
        help="Only sessions used before then; a date includes that day.",
    ),
]
Touched = Annotated[
    str | None,
    typer.Option(
        "--touched", metavar="PATH", help="Only sessions that changed PATH or a file below it."
    ),
]
Archived = Annotated[
    bool, typer.Option("--archived", help="Only archived sessions (hidden by default).")
]
Limit = Annotated[
    int | None,
    typer.Option("--limit", "-n", metavar="N", min=1, help="Maximum number of sessions."),
]
IdsOnly = Annotated[bool, typer.Option("--quiet", "-q", help="Print only ids, one per line.")]
