"""Remedies as lines for the shell."""

import shlex
from pathlib import Path


def command(*words: str | Path) -> str:
    """The words as one line that a shell takes apart again."""
    return shlex.join(map(str, words))


def set_aside(path: Path) -> str:
    """Move a file out of the way of clinvk, and keep it."""
    return command("mv", path, f"{path}.damaged")


FIX = "clinvk doctor --fix"
"""Does whatever is safe."""
