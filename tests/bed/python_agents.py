"""The agents' CLIs that are Python packages, at the versions of `tests/e2e/python-agents.txt`.

Each needs a newer Python than clinvk. It is looked for on this machine and never downloaded.
"""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

PINS = Path(__file__).resolve().parents[1] / "e2e" / "python-agents.txt"
"""The pinned versions."""

OLDEST = (3, 12)
"""The oldest Python that all of them take."""

MISSING = f"there is no Python {OLDEST[0]}.{OLDEST[1]} or newer on this machine"

UV = str(Path(sys.executable).with_name("uv"))
"""The installer, which the `dev` extra has."""

_NEWEST_MINOR = 14


def find_python(environ: Mapping[str, str]) -> Path | None:
    """The oldest Python on this machine that is new enough, None if there is none."""
    return next((found for found in _candidates(environ) if _is_new_enough(found)), None)


def installation(python: Path, folder: Path, pins: Path) -> Iterator[list[str]]:
    """The commands that install what `pins` has into `folder`; it may be moved afterwards."""
    yield [UV, "venv", "--quiet", "--relocatable", "--python", str(python), str(folder)]
    # Compiled now: else every run in a fresh home would compile what it imports.
    install = [UV, "pip", "install", "--quiet", "--compile-bytecode", "--requirements", str(pins)]
    yield [*install, "--python", str(folder / "bin" / "python")]


def _candidates(environ: Mapping[str, str]) -> Iterator[Path]:
    minors = range(OLDEST[1], _NEWEST_MINOR + 1)
    for minor in minors:
        if found := shutil.which(f"python3.{minor}", path=environ.get("PATH")):
            yield Path(found)
    yield Path(sys.executable)
    # The person's own home: a test's HOME has no pyenv.
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    root = Path(environ.get("PYENV_ROOT") or home / ".pyenv")
    for minor in minors:
        yield from sorted(root.glob(f"versions/3.{minor}.*/bin/python"))


def _is_new_enough(python: Path) -> bool:
    """Whether it starts: a shim of pyenv may name a version that is not chosen."""
    asked = "import sys; print(*sys.version_info[:2])"
    try:
        ran = subprocess.run(
            [python, "-c", asked], check=False, capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    numbers = ran.stdout.split()
    return ran.returncode == 0 and tuple(map(int, numbers)) >= OLDEST
