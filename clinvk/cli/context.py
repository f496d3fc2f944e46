"""What every command is given: the terminal and the world; built here, from this process."""

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from clinvk.cli.streams import Streams, streams_from
from clinvk.errors import UsageError
from clinvk.services.world import World
from clinvk.store.home import home_from


@dataclass(frozen=True, slots=True)
class Cli:
    """The terminal and the world of one command line."""

    streams: Streams
    world: World


def build_cli() -> Cli:
    """The terminal, environment, clock and ids of this process."""
    environ = dict(os.environ)
    user_home = _user_home(environ)
    return Cli(
        streams=streams_from(environ, sys.stdin, sys.stdout, sys.stderr),
        world=World(
            home=home_from(environ, user_home),
            environ=environ,
            cwd=_here(),
            user_home=user_home,
            python=sys.executable,
            now=lambda: datetime.now(UTC),
            monotonic=time.monotonic,
            sleep=time.sleep,
            new_id=lambda: os.urandom(6).hex(),
            new_uuid=_new_uuid,
            pid=os.getpid(),
            hostname=os.uname().nodename,
        ),
    )


def _user_home(environ: Mapping[str, str]) -> Path:
    """The person's home; an empty `HOME` (cron, `env -i`) is none, and not the root folder."""
    if home := environ.get("HOME"):
        return Path(home)
    from pwd import getpwuid

    try:
        return Path(getpwuid(os.getuid()).pw_dir)
    except KeyError:
        # A container's user without a name: what is to be kept there is said to be impossible.
        return Path("/nonexistent")


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:
        # The shell stands in a folder that was removed; whoever needs one will say so.
        said = Path(os.environ.get("PWD", ""))
        return said if said.is_absolute() else Path("/nonexistent")


def _new_uuid() -> str:
    from uuid import uuid4

    return str(uuid4())


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
