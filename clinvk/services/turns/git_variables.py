"""What an agent inherits of git's variables.

A git hook has variables that say which repository, index and directory git works in
(`git rev-parse --local-env-vars`). An agent that works there goes on with them; one that works
elsewhere would change the wrong repository, or commit the wrong index.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from clinvk.services.files.repositories import git_directory, repository_root

_PLACE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_PREFIX", "GIT_IMPLICIT_WORK_TREE")
"""Which repository it is, and where in it; git finds both by itself from a directory."""

_PATHS = ("GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_GRAFT_FILE", "GIT_SHALLOW_FILE")
_REST = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_NAMESPACE",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_REPLACE_REF_BASE",
)

_TAME = (("core.fsmonitor", "false"), ("core.hooksPath", os.devnull))
"""What keeps `git status` from running programs that a repository's configuration names.

An agent may ask for the status at its start, in a read-only turn too (seen in November 2026).
"""


class GitVariables(NamedTuple):
    """What an agent is given in place of what clinvk itself was given."""

    set: Mapping[str, str]
    unset: tuple[str, ...]


def git_variables(environ: Mapping[str, str], here: Path, there: Path) -> GitVariables:
    """Those for an agent that works `there`, if clinvk was started `here`.

    In the same directory all stay as they are. In another of the same work tree only those stay
    that a directory does not tell (the index of the commit that is being made), as absolute paths.
    """
    said = [name for name in (*_PLACE, *_PATHS, *_REST) if name in environ]
    if not said or os.path.realpath(here) == os.path.realpath(there):
        return GitVariables({}, ())
    if _work_tree(environ, here) != repository_root(Path(os.path.realpath(there))):
        return GitVariables({}, tuple(said))
    paths = {name: str(here / environ[name]) for name in _PATHS if environ.get(name)}
    return GitVariables(paths, tuple(name for name in said if name in _PLACE))


def tame_git(environ: Mapping[str, str]) -> dict[str, str]:
    """Further settings for every git below, after those that the person gives it the same way."""
    said = environ.get("GIT_CONFIG_COUNT", "")
    first = int(said) if said.isdecimal() and said.isascii() else 0
    settings = {"GIT_CONFIG_COUNT": str(first + len(_TAME))}
    for number, (key, value) in enumerate(_TAME, start=first):
        settings[f"GIT_CONFIG_KEY_{number}"] = key
        settings[f"GIT_CONFIG_VALUE_{number}"] = value
    return settings


def _work_tree(environ: Mapping[str, str], here: Path) -> Path | None:
    """The work tree that the variables mean: named, or around where clinvk was started.

    None if `GIT_DIR` is not of that work tree. A hook of a linked worktree is started in that
    worktree, and has the worktree's own git directory there.
    """
    if named := environ.get("GIT_WORK_TREE"):
        return Path(os.path.realpath(here / named))
    root = repository_root(Path(os.path.realpath(here)))
    directory = environ.get("GIT_DIR")
    if root is None or directory is None:
        return root
    return root if Path(os.path.realpath(here / directory)) == git_directory(root) else None
