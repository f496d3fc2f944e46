"""The options that several commands share, each said once."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from clinvk.model.access import Access
from clinvk.model.request import IfMissing
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
Backend = Annotated[
    str | None,
    typer.Option("--backend", "-b", metavar="NAME", help=f"One of: {', '.join(built_in())}."),
]
Model = Annotated[str | None, typer.Option("--model", "-m", metavar="NAME", help="The model.")]
Workdir = Annotated[
    str | None,
    typer.Option(
        "--workdir",
        "-w",
        metavar="DIR",
        help="Where the agent works; default: here, or the session's own.",
    ),
]
Format = Annotated[
    OutputFormat | None,
    typer.Option("--output-format", "-o", help="How the result is written to stdout."),
]
AccessLevel = Annotated[
    Access | None,
    typer.Option(
        "--access", help="What the agent may do; default: the session's, else the agent's own."
    ),
]
SystemPrompt = Annotated[
    str | None,
    typer.Option("--system-prompt", metavar="TEXT", help="Appended to the agent's own."),
]
MaxTurns = Annotated[
    int | None, typer.Option("--max-turns", metavar="N", min=1, help="The agent's steps at most.")
]
Timeout = Annotated[
    str | None,
    typer.Option("--timeout", metavar="DUR", help="Stop the turn after so long: 30s, 15m, 2h."),
]
IdleTimeout = Annotated[
    str | None,
    typer.Option(
        "--idle-timeout",
        metavar="DUR",
        help="Stop it after so long a silence; default: run.idle_timeout.",
    ),
]
Wait = Annotated[
    str | None,
    typer.Option(
        "--wait",
        metavar="[=DUR]",
        help="Wait for a session that another run holds; without it exit 75.",
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print the command that would run; start nothing.")
]
Editor = Annotated[
    bool, typer.Option("--editor", "-e", help="Write the prompt in $VISUAL or $EDITOR.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only the answer.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="The agent's thinking as well.")]
BackendArg = Annotated[
    list[str] | None,
    typer.Option(
        "--backend-arg", metavar="ARG", help="Passed to the agent's CLI as it is (repeatable)."
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="A configuration file in place of your own."),
]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]

SessionName = Annotated[
    str | None,
    typer.Option(
        "--session", "-s", metavar="NAME", help="Go on with the session NAME, or create it."
    ),
]
Title = Annotated[
    str | None,
    typer.Option(
        "--title", metavar="TEXT", help="The title of a new session; an old one keeps its own."
    ),
]
Tag = Annotated[
    list[str] | None,
    typer.Option("--tag", "-t", metavar="TAG", help="A tag of a new session (repeatable)."),
]

WhenMissing = Annotated[
    IfMissing | None,
    typer.Option(
        "--if-missing",
        help="When the agent no longer has the conversation: fail (the default), begin a new one"
        " that is told the earlier turns, or an empty new one.",
    ),
]
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
