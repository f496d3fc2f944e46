"""Remedies as shell commands."""

import shlex
from pathlib import Path


def command(*words: str | Path) -> str:
    """The words as one line for a shell, quoted."""
    return shlex.join(map(str, words))


def set_aside(path: Path) -> str:
    """The command that moves a file aside, so that clinvk no longer reads it."""
    return command("mv", path, f"{path}.damaged")


FIX = "clinvk doctor --fix"
"""The command that makes all safe repairs."""
