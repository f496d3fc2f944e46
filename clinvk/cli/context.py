"""The context of every command: the terminal and the world."""

import sys
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from clinvk.cli.streams import Streams, streams_from
from clinvk.errors import UsageError
from clinvk.services.world import World, world_of_this_process


class Cli(Struct, frozen=True):
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


def working_directory(cli: Cli, directory: str | None) -> Path | None:
    """The absolute directory of `-w`."""
    if directory is None:
        return None
    return cli.world.cwd / expanded("--workdir", directory, "a directory")


def expanded(option: str, path: str, what: str) -> Path:
    """The path of an option with `~` and `~USER` resolved.

    `UsageError` for an unknown user, and for an empty path, which is not the current directory.
    `what` is what the option names.
    """
    if not path.strip():
        raise UsageError(f"`{option}` is empty", hint=f"name {what}, or leave it out")
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise UsageError(
            f"`{option}`: unknown user in `{path}`",
            hint="write `./~NAME` for a file whose name starts with `~`",
        ) from error
