"""The context of every command: the terminal and the world."""

import os
import sys
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from clinvk.cli.detect import streams_from
from clinvk.cli.streams import Streams
from clinvk.errors import ConfigError, UsageError

if TYPE_CHECKING:  # loaded by the commands that ask it, which `--help` does not
    from clinvk.services.world import World


class Cli:
    """The terminal and the world of one command line."""

    def __init__(self, streams: Streams, world: "World | None" = None) -> None:
        self.streams, self._given = streams, world
        self.typed: tuple[str, ...] = ()
        """The words of the command line."""

    @cached_property
    def world(self) -> "World":
        """The world that was given, else that of this process."""
        if self._given is not None:
            return self._given
        from msgspec.structs import replace

        from clinvk.services.world import world_of_this_process

        return replace(world_of_this_process(), age=_age)

    def use_config(self, file: str) -> None:
        """Read that file instead of the user's configuration, for `--config`; it must exist."""
        from msgspec.structs import replace

        path = self.world.cwd / expanded("--config", file, "a file")
        if not os.path.exists(path):
            raise ConfigError(f"there is no configuration file `{path}`")
        self.world = replace(self.world, config=path)


def build_cli() -> Cli:
    """The terminal, environment, clock and ids of this process."""
    return Cli(streams_from(os.environ, sys.stdin, sys.stdout, sys.stderr))


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
