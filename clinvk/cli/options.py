"""The options that several commands share, each said once."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from clinvk import backends
from clinvk.model.access import Access


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
    typer.Option("--backend", "-b", metavar="NAME", help=f"One of: {', '.join(backends.names())}."),
]
Model = Annotated[str | None, typer.Option("--model", "-m", metavar="NAME", help="The model.")]
Workdir = Annotated[
    str | None,
    typer.Option("--workdir", "-w", metavar="DIR", help="Where the agent works; default: here."),
]
Format = Annotated[
    OutputFormat | None,
    typer.Option("--output-format", "-o", help="How the result is written to stdout."),
]
AccessLevel = Annotated[
    Access | None,
    typer.Option("--access", help="What the agent may do; default: the agent's own."),
]
SystemPrompt = Annotated[
    str | None,
    typer.Option("--system-prompt", metavar="TEXT", help="Appended to the agent's own."),
]
MaxTurns = Annotated[
    int | None, typer.Option("--max-turns", metavar="N", min=1, help="The agent's steps at most.")
]
Timeout = Annotated[
    str | None, typer.Option("--timeout", metavar="DUR", help="For the whole turn: 30s, 15m, 2h.")
]
IdleTimeout = Annotated[
    str | None,
    typer.Option("--idle-timeout", metavar="DUR", help="Without any output from the agent."),
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
    typer.Option("--config", metavar="FILE", help="In place of ~/.clinvk/config.yaml."),
]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]
