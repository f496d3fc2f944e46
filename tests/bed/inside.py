"""Whole command lines run inside this process, on a home and a terminal made for one input."""

import io
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from bed.raw_terminal import not_our_own_text
from clinvk.cli.app import app, execute
from clinvk.cli.context import Cli
from clinvk.cli.streams import Streams
from clinvk.errors import ExitStatus
from clinvk.services.world import World
from clinvk.store.home import Home

ID, OTHER = "0123456789ab", "0123fedcba98"
"""The two sessions of every home; the second has a name, tags and a title of its own."""

NOW = datetime(2025, 1, 27, 12, 0, 0, tzinfo=UTC)
_MEMORY = Path("/dev/shm")
STATUSES = frozenset(ExitStatus) - {ExitStatus.BUG}


@dataclass(frozen=True, slots=True)
class Place:
    """A home of clinvk's with two sessions in it, and a directory to stand in beside it."""

    root: Path

    @property
    def home(self) -> Home:
        """The home."""
        return Home(self.root / "a/b/home")

    @property
    def project(self) -> Path:
        """The directory."""
        return self.root / "a/b/project"

    def files(self) -> Mapping[Path, bytes]:
        """Everything that is neither in the home nor in the directory."""
        within = (self.home.root, self.project)
        return {
            path: path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file() and not any(path.is_relative_to(one) for one in within)
        }


@contextmanager
def place() -> Iterator[Place]:
    """A place of its own, gone afterwards."""
    at = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    made = Place(Path(tempfile.mkdtemp(prefix="clinvk-fuzz-", dir=at)))
    try:
        made.project.mkdir(parents=True)
        for name, content in _template().items():
            path = made.root / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(0o600)
        yield made
    finally:
        shutil.rmtree(made.root, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Said:
    """What a command line said and how it ended."""

    status: int
    out: str
    err: str


def command(where: Place, argv: Sequence[str], *, stdin: str = "", terminal: bool = False) -> Said:
    """Run it; asserts what holds for every command line whatever.

    The exit status is a published one, no traceback is shown, and a terminal is sent nothing that
    would drive it.
    """
    out, err = io.StringIO(), io.StringIO()
    streams = Streams(
        stdin=io.StringIO(stdin),
        stdout=out,
        stderr=err,
        stdout_is_tty=terminal,
        stderr_is_tty=terminal,
    )
    world = _world(where)
    status = execute(list(argv), Cli(streams, world))
    said = Said(status, out.getvalue(), err.getvalue())
    assert status in STATUSES, f"exit {status} of {list(argv)!r}\n{said.err}"
    assert "Traceback" not in said.err, said.err
    if terminal:
        assert not not_our_own_text(said.out + said.err), list(argv)
    return said


def _world(where: Place, ids: Sequence[str] = ()) -> World:
    left = list(ids)
    return World(
        home=where.home,
        environ={
            "HOME": str(where.root),
            "PATH": "/nonexistent",
            "EDITOR": "/bin/true",
            "CLINVK_DEMO_HOME": str(where.root / "demo"),
            "CLINVK_DEMO_DELAY_MS": "0",
        },
        cwd=where.project,
        user_home=where.root,
        python=sys.executable,
        now=lambda: NOW,
        monotonic=time.monotonic,
        sleep=time.sleep,
        new_id=lambda: left.pop(0) if left else os.urandom(6).hex(),
        new_uuid=lambda: str(uuid4()),
        pid=os.getpid(),
        hostname="here",
    )


@cache
def _template() -> Mapping[str, bytes]:
    """The files of a home and of the demo agent, made by two runs of it and a list."""
    with tempfile.TemporaryDirectory(prefix="clinvk-fuzz-") as folder:
        where = Place(Path(folder))
        where.project.mkdir(parents=True)
        for number, argv in enumerate(
            (
                ["run", "-b", "demo", "hello world\n/think hard\n/say done"],
                ["run", "-b", "demo", "-s", "pr-1", "-t", "work", "--title", "a title", "fix it"],
                ["sessions", "list"],
            )
        ):
            streams = Streams(stdin=None, stdout=io.StringIO(), stderr=io.StringIO())
            world = _world(where, ids=(ID, OTHER)[number : number + 1])
            assert execute(argv, Cli(streams, world)) == 0, streams.stderr.getvalue()
        return {
            str(path.relative_to(where.root)): path.read_bytes()
            for path in sorted(where.root.rglob("*"))
            if path.is_file()
        }


@cache
def commands() -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """Every command as its words and its options; nothing at all is a prompt."""
    found: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
    pending: list[tuple[tuple[str, ...], Any]] = [((), app)]
    while pending:
        words, command = pending.pop()
        options = (one for each in command.params for one in each.opts if one[:1] == "-")
        found.append((words, tuple(options)))
        pending += [
            ((*words, name), command.load(name)) for name in getattr(command, "commands", {})
        ]
    run = next(options for words, options in found if words == ("run",))
    return (*found, ((), run))
