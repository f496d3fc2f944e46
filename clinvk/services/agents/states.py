"""The state of every backend on this machine."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from enum import StrEnum
from pathlib import Path

from msgspec import Struct
from msgspec.structs import asdict, replace

from clinvk.agents.base import WITHOUT_OPTION, Backend, Capability
from clinvk.errors import BackendError, BackendStartError, BackendUnknownError
from clinvk.model.config import Settings
from clinvk.model.request import Invocation
from clinvk.model.versions import VersionMatch, match_version
from clinvk.process.child import Child, start
from clinvk.process.ending import EndReason
from clinvk.process.limits import Limits
from clinvk.process.signals import SignalInbox
from clinvk.services.agents.catalog import Catalog
from clinvk.services.agents.known_versions import (
    confirmed_version,
    is_too_old,
    remember_versions,
)
from clinvk.services.agents.programs import default_backend, find_program
from clinvk.services.world import World
from clinvk.text.sanitize import safe_line

PATIENCE_S = 10.0
"""How long a program may take to print its version; the slowest needs 1.5 s."""

_VERSION = re.compile(r"(?<![\w.])v?(\d+(?:\.\d+)*(?:[\w.+-]*\w)?)")
_FIGURE = re.compile(r"\d")
_LONGEST_LINE = 1000


class SignedIn(StrEnum):
    """Whether the user has signed in with an agent, as far as clinvk can know."""

    YES = "yes"
    NOT_NEEDED = "not_needed"
    UNKNOWN = "unknown"


class BackendState(Struct, frozen=True, kw_only=True):
    """One backend. `program` is the start of its argv, and `version` the version that it prints.

    Both are None if it is not installed. If the program prints no version, `version` is None and
    `fault` is the reason; `broken` means that the program failed. `lacks` has the reason for each
    unsupported capability, `supports` has the other ones, and `ways` has other ways to use
    unsupported ones.
    """

    name: str
    title: str
    program: tuple[str, ...] | None
    version: str | None
    fault: str | None
    broken: bool
    tested_versions: tuple[str, ...]
    oldest_version: str | None
    signed_in: SignedIn
    supports: tuple[str, ...]
    lacks: Mapping[str, str]
    ways: Mapping[str, str]
    install_hint: str
    enabled: bool
    is_default: bool

    @property
    def installed(self) -> bool:
        """Whether its program is installed."""
        return self.program is not None

    @property
    def version_match(self) -> VersionMatch:
        """How the installed version compares with the tested ones, and with the oldest."""
        if self.oldest_version is not None and is_too_old(self.version, self.oldest_version):
            return VersionMatch.TOO_OLD
        return match_version(self.version, self.tested_versions)


def backend_states(
    settings: Settings,
    world: World,
    *,
    only: str | None = None,
    patience_s: float = PATIENCE_S,
    confirmed: bool = False,
) -> list[BackendState]:
    """Every backend by name, or `only` this one; runs `--version` of all of them in parallel.

    With `confirmed`, those with a `confirmed_version` are not run. What the others print is kept.
    A program that takes longer than `patience_s` is stopped and has no version. A signal raises
    `KeyboardInterrupt`, after the programs have ended.
    """
    world = replace(world, settings=settings)
    known = [one for one in _loadable(world.agents) if only in (None, one.name)]
    programs = {one.name: find_program(one, settings, world) for one in known}
    installed = {name: found for name, found in programs.items() if found}
    answers = {
        name: _Answer(version)
        for name, found in installed.items()
        if confirmed and (version := confirmed_version(found[0], world)) is not None
    }
    asked = {name: found for name, found in installed.items() if name not in answers}
    answers |= _answers(asked, world, patience_s)
    if confirmed:
        _remember(asked, answers, world)
    try:
        default = default_backend(settings, world).name
    except BackendError:
        default = None
    return [
        BackendState(
            name=backend.name,
            title=backend.title,
            program=programs[backend.name],
            **asdict(answers.get(backend.name, _Answer())),
            tested_versions=backend.tested_versions,
            oldest_version=backend.oldest_version,
            signed_in=_signed_in(backend, world),
            supports=tuple(
                one.value for one in Capability if one not in {*backend.lacks, *WITHOUT_OPTION}
            ),
            lacks={capability.value: why for capability, why in backend.lacks.items()},
            ways={capability.value: way for capability, way in backend.ways.items()},
            install_hint=backend.install_hint,
            enabled=bool(settings.backend(backend.name, "enabled")),
            is_default=backend.name == default,
        )
        for backend in known
    ]


def _remember(
    programs: Mapping[str, tuple[str, ...]], answers: "Mapping[str, _Answer]", world: World
) -> None:
    """Keep the versions of programs of one word: of a longer command it is not that of a file."""
    said = {
        program[0]: version
        for name, program in programs.items()
        if len(program) == 1 and (version := answers[name].version) is not None
    }
    remember_versions(said, world)


def _loadable(catalog: Catalog) -> Iterator[Backend]:
    """All backends without those that cannot be loaded."""
    for name in catalog.names():
        with suppress(BackendUnknownError):
            yield catalog.get(name)


def _signed_in(backend: Backend, world: World) -> SignedIn:
    signs = backend.sign_in(world.user_home, world.environ)
    if signs is None:
        return SignedIn.UNKNOWN
    if not signs.needed:
        return SignedIn.NOT_NEEDED
    seen = any(world.environ.get(name) for name in signs.variables) or any(
        os.path.isfile(path) for path in signs.files
    )
    return SignedIn.YES if seen else SignedIn.UNKNOWN


class _Answer(Struct, frozen=True):
    """The result of `--version`, or why there is none."""

    version: str | None = None
    fault: str | None = None
    broken: bool = False


def _answers(
    programs: Mapping[str, tuple[str, ...]], world: World, patience_s: float
) -> dict[str, _Answer]:
    """Run `--version` of all programs in parallel, with a time limit."""
    found: dict[str, _Answer] = {}
    with SignalInbox() as signals, ExitStack() as running:
        children: dict[str, Child] = {}
        for name, program in programs.items():
            try:
                child = _asked(program, world, signals, patience_s)
            except BackendStartError as error:
                found[name] = _Answer(fault=error.message, broken=True)
                continue
            children[name] = running.enter_context(child)
        for name, child in children.items():
            found[name] = _answer(child, patience_s)
        if signals.received:
            raise KeyboardInterrupt
    return found


def version_of(program: tuple[str, ...], world: World, signals: SignalInbox) -> str | None:
    """The version that the program prints; None if it prints none in time."""
    try:
        with _asked(program, world, signals, PATIENCE_S) as child:
            return _answer(child, PATIENCE_S).version
    except BackendStartError:
        return None


def _asked(
    program: tuple[str, ...], world: World, signals: SignalInbox, patience_s: float
) -> Child:
    """Start the program with `--version`, in a directory without a project."""
    return start(
        Invocation(
            argv=(*program, "--version"),
            stdin=b"",
            cwd=world.user_home if os.path.isdir(world.user_home) else Path("/"),
        ),
        environ=world.environ,
        limits=Limits(
            timeout_s=patience_s,
            idle_timeout_s=None,
            settle_s=1.0,
            int_grace_s=0.2,
            term_grace_s=0.2,
        ),
        signals=signals,
        clock=world.monotonic,
    )


def _answer(child: Child, patience_s: float) -> _Answer:
    """The first text in the program's output that looks like a version, if it succeeded."""
    version: str | None = None
    for line in child.lines():
        # Some programs print many lines before it, and most of them need no search.
        if version is None and _FIGURE.search(line, 0, _LONGEST_LINE):
            match = _VERSION.search(safe_line(line[:_LONGEST_LINE]))
            version = match[1] if match else None
    ending = child.ending
    if ending.reason is EndReason.EXITED and ending.exit_code == 0:
        return _Answer(version, None if version else "`--version` prints none")
    if ending.reason is EndReason.EXITED:
        return _Answer(fault=f"`--version` ended with {ending.exit_code}", broken=True)
    fault = f"it did not answer `--version` within {patience_s:g} s"
    return _Answer(fault=fault, broken=True)
