"""Selects the default agent, and finds an agent's program."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from clinvk.agents.base import Backend
from clinvk.errors import BackendError, BackendNotInstalledError, BackendUnsupportedError
from clinvk.model.config import Settings
from clinvk.services.agents.catalog import built_in
from clinvk.services.world import World

TRY_WITHOUT = 'try clinvk without any agent: `clinvk -b demo "hello"`'
_TRY_SCREEN = "try it without any agent: `clinvk chat -b demo`"


def default_backend(settings: Settings, world: World, *, screen: bool = False) -> Backend:
    """The configured backend, else the first preference of the installed built-in ones.

    Raises `BackendNotInstalledError` with install instructions if none is installed; `screen` is
    for the command that opens an interactive screen.
    """
    if configured := settings.get("default_backend"):
        return world.agents.get(configured)
    if (chosen := next(preferred_backends(settings, world), None)) is not None:
        return chosen
    way_out = [
        install_hint(_by_preference(built_in(), world)),
        _TRY_SCREEN if screen else TRY_WITHOUT,
    ]
    raise BackendNotInstalledError("no coding agent is installed", hint="\n".join(way_out))


def preferred_backends(settings: Settings, world: World) -> Iterator[Backend]:
    """The installed ones that can be the default, the default first.

    Only those are imported whose program may be installed: importing one takes 1 ms.
    """
    names = filter(lambda name: _may_be_installed(name, settings, world), built_in())
    for backend in _by_preference(names, world):
        if settings.backend(backend.name, "enabled") and find_program(backend, settings, world):
            yield backend


def _may_be_installed(name: str, settings: Settings, world: World) -> bool:
    """A built-in agent that can be the default has the name of its program."""
    return bool(settings.backend(name, "binary")) or which(name, world.environ) is not None


def _by_preference(names: Iterable[str], world: World) -> list[Backend]:
    return sorted(
        (backend for backend in map(world.agents.get, names) if backend.preference),
        key=lambda backend: backend.preference or 0,
    )


def default_name(world: World) -> str | None:
    """The name of the backend that a new session uses, None if there is none."""
    from clinvk.services.config.settings import effective_settings

    try:
        return default_backend(effective_settings(world), world).name
    except BackendError:
        return None


def install_hint(agents: Sequence[Backend]) -> str:
    """How to install any of the agents: a command per line, which a shell can read as it is."""
    width = max((len(one.install_hint) for one in agents), default=0)
    return "\n".join(
        (
            "install one of these, and sign in; each needs an account with its maker",
            *(f"{one.install_hint:<{width}}  # {one.title}" for one in agents),
        )
    )


def program_of(backend: Backend, settings: Settings, world: World) -> tuple[str, ...]:
    """The start of the argv that runs the agent.

    Raises `BackendNotInstalledError` if the program does not exist, `BackendUnsupportedError` if
    the configuration disables the backend.
    """
    if not settings.backend(backend.name, "enabled"):
        raise BackendUnsupportedError(
            f"backend `{backend.name}` is disabled in the configuration",
            hint=f"set `backends.{backend.name}.enabled` to true",
        )
    program = find_program(backend, settings, world)
    if program is None:
        if binary := settings.backend(backend.name, "binary"):
            # No install hint: the configuration would still name another program.
            raise BackendNotInstalledError(
                f"{backend.title} was not found: the configured `{binary}` does not exist",
                hint=f"correct `backends.{backend.name}.binary`, or remove it",
            )
        raise BackendNotInstalledError(
            f"{backend.title} is not installed: there is no `{backend.executable}` on PATH",
            hint=f"{backend.install_hint}\n{TRY_WITHOUT}",
        )
    return program


def find_program(backend: Backend, settings: Settings, world: World) -> tuple[str, ...] | None:
    """Like `program_of`, but None if the program does not exist."""
    if binary := settings.backend(backend.name, "binary"):
        found = which(_without_tilde(binary, world.user_home), world.environ)
        return (found,) if found else None
    program = backend.locate_program(world.python)
    found = which(program[0], world.environ)
    return (found, *program[1:]) if found else None


def started_program(
    backend: Backend, program: tuple[str, ...], name: str, world: World
) -> tuple[str, ...]:
    """The start of the argv for an invocation of `name`; `program` is the agent's.

    One of its other programs is beside it, also if it is a link, or on PATH.

    Raises `BackendNotInstalledError` if it is nowhere.
    """
    if name not in backend.other_programs:
        return program
    beside = (Path(program[0]), Path(os.path.realpath(program[0])))
    found = (which(str(path.with_name(name)), world.environ) for path in beside)
    other = next(filter(None, found), None) or which(name, world.environ)
    if other is None:
        raise BackendNotInstalledError(
            f"{backend.title} is not complete: there is no `{name}` beside `{program[0]}`",
            hint=backend.install_hint,
        )
    return (other,)


def which(program: str, environ: Mapping[str, str]) -> str | None:
    """The program's absolute path, or None.

    Relative folders in PATH are skipped: the working directory must not decide what runs.
    """
    # Not `shutil`: it loads every way to compress a file, which takes 2 ms of a run's start.
    if "/" in program:
        paths = [program] if program.startswith("/") else []
    else:
        folders = environ.get("PATH", "").split(":")
        paths = [
            f"{folder.removesuffix('/')}/{program}" for folder in folders if folder.startswith("/")
        ]
    return next((path for path in paths if _is_executable(path)), None)


def _is_executable(path: str) -> bool:
    return os.path.exists(path) and os.access(path, os.X_OK) and not os.path.isdir(path)


def _without_tilde(path: str, user_home: Path) -> str:
    """The path with `~/` replaced by the user's home; `~name` is not supported."""
    return str(user_home / path[2:]) if path.startswith("~/") else path
