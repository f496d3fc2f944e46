"""The CLIs of `docs/examples`, at exact versions, installed once into the tests' cache folder.

One test run installs while others wait; what was not completed is made anew.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bed.agents import AgentsMissingError

INSTALLS: Mapping[str, tuple[str, str]] = {
    "aider": ("pip", "aider-chat==0.86.2"),
    "pi": ("npm", "@mariozechner/pi-coding-agent@0.73.1"),
}
"""By what each is installed (about 690 MB and 200 MB), and as what."""

_INSTALL_S = 900


def install_example(name: str, environ: Mapping[str, str]) -> Path:
    """The program of that example, installed if it is not there yet.

    Raises `AgentsMissingError` if that fails.
    """
    by, what = INSTALLS[name]
    cache = environ.get("XDG_CACHE_HOME") or Path(environ["HOME"]) / ".cache"
    place = Path(cache) / "clinvk-tests" / what.rpartition("/")[2].replace("@", "==")
    program = place / ("bin" if by == "pip" else "node_modules/.bin") / name
    place.parent.mkdir(parents=True, exist_ok=True)
    with (place.parent / f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "complete").exists():
            _install(by, what, place)
    return program


def _install(by: str, what: str, place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as scratch:
        # A virtual environment holds its own path: it is made where it stays.
        (_install_by_pip if by == "pip" else _install_by_npm)(what, place, Path(scratch))
    (place / "complete").touch()


def _install_by_pip(what: str, place: Path, scratch: Path) -> None:
    _run([sys.executable, "-m", "venv", str(place)], scratch)
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    _run([*pip, "--disable-pip-version-check", what], scratch)


def _install_by_npm(what: str, place: Path, scratch: Path) -> None:
    (scratch / "package.json").write_text("{}")
    _run(["npm", "install", "--no-progress", "--no-audit", "--ignore-scripts", what], scratch)
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
