"""What every command is given: the terminal and the world."""

import sys
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from clinvk.cli.streams import Streams, streams_from
from clinvk.errors import UsageError
from clinvk.services.world import World, world_of_this_process


@dataclass(frozen=True, slots=True)
class Cli:
    """The terminal and the world of one command line."""

    streams: Streams
    world: World


def build_cli() -> Cli:
    """The terminal, environment, clock and ids of this process."""
    world = replace(world_of_this_process(), age=_age)
    return Cli(streams_from(world.environ, sys.stdin, sys.stdout, sys.stderr), world)


def _age(at: datetime, now: datetime) -> str:
    from clinvk.cli.render.layout import format_age

    return format_age(at, now)


def working_directory(cli: Cli, said: str | None) -> Path | None:
    """The directory of `-w`, absolute; an empty one is a mistake, not the current directory."""
    if said is None:
        return None
    if not said.strip():
        raise UsageError("`--workdir` is empty", hint="name a directory, or leave it out")
    return cli.world.cwd / expanded("--workdir", said)


def expanded(option: str, said: str) -> Path:
    """The path that an option names, with `~` and `~USER` resolved; `UsageError` if nobody is."""
    try:
        return Path(said).expanduser()
    except RuntimeError as error:
        raise UsageError(
            f"`{option}`: nobody has the home directory of `{said}`",
            hint="write `./~NAME` for a file whose name begins so",
        ) from error
