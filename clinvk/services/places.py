"""Where somebody stands: a directory, and the git repository around it."""

import os
from pathlib import Path


def repository_root(directory: Path) -> Path | None:
    """The nearest folder at or above `directory` that holds a `.git`, None outside a repository."""
    for folder in (directory, *directory.parents):
        if os.path.exists(folder / ".git"):
            return folder
    return None


def stands_in(directory: str, root: Path) -> bool:
    """Whether `directory` is `root` or below it, by the letters of both."""
    return Path(directory).is_relative_to(root)


def scope_of(directory: Path) -> Path:
    """What "here" means in `directory`: its git repository, or itself outside of one."""
    return repository_root(directory) or directory
