"""Finds git repositories and their work trees by git's own files.

It does not start git, because every `clinvk -c` needs the result. An agent may have written these
files, so nothing in them is run, and paths in them are only compared.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

_CEILINGS = "GIT_CEILING_DIRECTORIES"
_LARGEST = 1 << 16
_WORKTREE = re.compile(r"^\s*worktree\s*=\s*(.+?)\s*$", re.MULTILINE)


class Repository(Struct, frozen=True):
    """A work tree at `root`, and the git directory shared by all its work trees."""

    root: Path
    shared: Path


class Bounds(Struct, frozen=True):
    """Where the search for a repository ends: at git's ceilings, and at the user's home.

    A repository of the whole home directory, or of a parent, contains settings, not a project.
    """

    user_home: Path | None = None
    ceilings: frozenset[Path] = frozenset()


def bounds_of(user_home: Path, environ: Mapping[str, str]) -> Bounds:
    """The bounds for a user with this home and environment."""
    ceilings = environ.get(_CEILINGS, "").split(":")
    return Bounds(
        user_home=_real(user_home),
        ceilings=frozenset(_real(Path(one)) for one in ceilings if one.startswith("/")),
    )


def repository_root(directory: Path) -> Path | None:
    """The nearest folder at or above `directory` with a `.git`; None outside a repository."""
    for folder in (directory, *directory.parents):
        if os.path.exists(folder / ".git"):
            return folder
    return None


def repository_of(directory: Path, bounds: Bounds) -> Repository | None:
    """The repository that contains `directory`, or None.

    A directory that does not exist belongs to the repository of its nearest parent.
    """
    for folder in (directory, *directory.parents):
        if folder != directory and folder in bounds.ceilings:
            return None
        shared = _shared(folder)
        if shared is not None:
            whole_home = bounds.user_home is not None and bounds.user_home.is_relative_to(folder)
            return None if whole_home else Repository(root=folder, shared=shared)
    return None


def work_trees(repository: Repository) -> tuple[Path, ...]:
    """The roots of all work trees of the repository, its own first; some may not exist."""
    shared = repository.shared
    found = [repository.root, *([shared.parent] if shared.name == ".git" else [])]
    if found_root := _WORKTREE.search(_read(shared / "config")):  # a submodule
        found.append(_real(shared / found_root[1].strip('"')))
    return tuple(dict.fromkeys([*found, *_linked(shared)]))


def _linked(shared: Path) -> Iterator[Path]:
    with suppress(OSError), os.scandir(shared / "worktrees") as entries:
        for entry in entries:
            if git_file := _read(Path(entry.path, "gitdir")).strip():
                yield _real(Path(entry.path, git_file)).parent


def git_directory(root: Path) -> Path:
    """The git directory of the work tree: its `.git`, or the folder that a `.git` file names."""
    inside = root / ".git"
    own = inside if os.path.isdir(inside) else root / _read(inside).removeprefix("gitdir:").strip()
    return _real(own)


def git_directories(root: Path) -> frozenset[Path]:
    """The git directory of the work tree, and the one shared by all work trees."""
    own = git_directory(root)
    return frozenset((own, _shared(root) or own))


def _shared(folder: Path) -> Path | None:
    """The shared git directory of the work tree or bare repository at `folder`."""
    inside = folder / ".git"
    try:
        if not os.path.lexists(inside):
            bare = all(os.path.exists(folder / name) for name in ("HEAD", "objects", "refs"))
            return _real(folder) if bare else None
    except ValueError:  # a path that no system call accepts
        return None
    own = git_directory(folder)
    common = _read(own / "commondir").strip()
    return _real(own / common) if common else _real(own)


def _read(path: Path) -> str:
    """The text of a small file; empty if it cannot be read."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123  limited by the read
            return os.fsdecode(file.read(_LARGEST))
    except (OSError, ValueError):
        return ""


def _real(path: Path) -> Path:
    try:
        return Path(os.path.realpath(path))
    except ValueError:
        return path
