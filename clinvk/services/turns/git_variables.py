"""The variables of git that an agent inherits.

A git hook has variables for the repository, index and directory that git uses
(`git rev-parse --local-env-vars`). An agent that works there keeps them. In another place they
would make it change the wrong repository, or commit the wrong index.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from clinvk.services.agents.programs import which
from clinvk.services.files.git import without_own_programs
from clinvk.services.files.repositories import (
    git_directories,
    git_directory,
    repository_root,
)

_PLACE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_PREFIX", "GIT_IMPLICIT_WORK_TREE")
"""The repository and the place in it; git also finds both from the directory."""

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

_TAME = (
    ("core.fsmonitor", "false"),
    ("core.hooksPath", os.devnull),
    ("log.showSignature", "false"),  # it runs `gpg.program`
    ("diff.ignoreSubmodules", "all"),  # each has its own configuration
)
"""Settings that stop `git status` and `git log` from running programs of a repository's config.

An agent can run both at its start, also in a read-only turn (seen in November 2026).
"""


class GitVariables(NamedTuple):
    """The changes to the inherited variables of git."""

    set: Mapping[str, str]
    unset: tuple[str, ...]


def git_variables(environ: Mapping[str, str], here: Path, there: Path) -> GitVariables:
    """The changes for an agent that works `there`, if clinvk was started `here`.

    In the same directory all are kept, unless it is in a different repository (a hook may have
    changed its directory). In another directory of the same work tree, only those are kept that git
    cannot find from the directory (the index of the commit in progress), as absolute paths.
    """
    present = [name for name in (*_PLACE, *_PATHS, *_REST) if name in environ]
    if not present:
        return GitVariables({}, ())
    root = repository_root(Path(os.path.realpath(there)))
    meant = _work_tree(environ, here)
    if os.path.realpath(here) == os.path.realpath(there):
        foreign = root is not None and meant != root
        return GitVariables({}, tuple(present) if foreign else ())
    if meant != root:
        return GitVariables({}, tuple(present))
    paths = {name: str(here / environ[name]) for name in _PATHS if environ.get(name)}
    return GitVariables(paths, tuple(name for name in present if name in _PLACE))


def tame_git(environ: Mapping[str, str], there: Path) -> dict[str, str]:
    """Variables with safe settings for every git that works `there`, after the user's own.

    Filters of the repository are disabled, and missing objects of a partial clone are not fetched:
    its address and its `core.sshCommand` can be programs too.
    """
    root = repository_root(there)
    git = which("git", environ) if root else None
    more = without_own_programs(root, git, environ) if root and git else ()
    count = environ.get("GIT_CONFIG_COUNT", "")
    first = int(count) if count.isdecimal() and count.isascii() else 0
    tame = (*_TAME, *more)
    settings = {"GIT_NO_LAZY_FETCH": "1", "GIT_CONFIG_COUNT": str(first + len(tame))}
    for number, (key, value) in enumerate(tame, start=first):
        settings[f"GIT_CONFIG_KEY_{number}"] = key
        settings[f"GIT_CONFIG_VALUE_{number}"] = value
    return settings


def _work_tree(environ: Mapping[str, str], here: Path) -> Path | None:
    """The work tree of the variables: the one named, or the one in which clinvk was started.

    None if `GIT_DIR`, the index or the objects do not belong to it. A hook of a linked worktree is
    started in that worktree, with the git directory of the worktree.
    """
    if named := environ.get("GIT_WORK_TREE"):
        return Path(os.path.realpath(here / named))
    root = repository_root(Path(os.path.realpath(here)))
    if root is None:
        return None
    directory = environ.get("GIT_DIR")
    if directory is not None and Path(os.path.realpath(here / directory)) != git_directory(root):
        return None
    own = git_directories(root)
    paths = (Path(os.path.realpath(here / environ[one])) for one in _PATHS if environ.get(one))
    return root if all(_git_directory_around(path) in {None, *own} for path in paths) else None


def _git_directory_around(path: Path) -> Path | None:
    """The git directory that contains the file, None if there is none (a temporary index)."""
    return next((one for one in path.parents if os.path.isfile(one / "HEAD")), None)
