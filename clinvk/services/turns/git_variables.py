"""What an agent inherits of git's variables.

A git hook has variables that say which repository, index and directory git works in
(`git rev-parse --local-env-vars`). An agent that works there goes on with them; one that works
elsewhere would change the wrong repository, or commit the wrong index.
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

_TAME = (
    ("core.fsmonitor", "false"),
    ("core.hooksPath", os.devnull),
    ("log.showSignature", "false"),  # by `gpg.program`
    ("diff.ignoreSubmodules", "all"),  # a configuration of its own is in each
)
"""What keeps `git status` and `git log` from running what a repository's configuration names.

An agent may ask for both at its start, in a read-only turn too (seen in November 2026).
"""


class GitVariables(NamedTuple):
    """What an agent is given in place of what clinvk itself was given."""

    set: Mapping[str, str]
    unset: tuple[str, ...]


def git_variables(environ: Mapping[str, str], here: Path, there: Path) -> GitVariables:
    """Those for an agent that works `there`, if clinvk was started `here`.

    In the same directory all stay as they are, unless it is in a repository and they are another
    one's: a hook may have changed its directory. In another of the same work tree only those stay
    that a directory does not tell (the index of the commit that is being made), as absolute paths.
    """
    said = [name for name in (*_PLACE, *_PATHS, *_REST) if name in environ]
    if not said:
        return GitVariables({}, ())
    root = repository_root(Path(os.path.realpath(there)))
    meant = _work_tree(environ, here)
    if os.path.realpath(here) == os.path.realpath(there):
        foreign = root is not None and meant != root
        return GitVariables({}, tuple(said) if foreign else ())
    if meant != root:
        return GitVariables({}, tuple(said))
    paths = {name: str(here / environ[name]) for name in _PATHS if environ.get(name)}
    return GitVariables(paths, tuple(name for name in said if name in _PLACE))


def tame_git(environ: Mapping[str, str], there: Path) -> dict[str, str]:
    """Further settings for every git that works `there`, after the person's own of that kind.

    The filters that the repository itself names are switched off, and what a partial clone left
    out is not fetched: its address and its `core.sshCommand` may be a program too.
    """
    root = repository_root(there)
    git = which("git", environ) if root else None
    more = without_own_programs(root, git, environ) if root and git else ()
    said = environ.get("GIT_CONFIG_COUNT", "")
    first = int(said) if said.isdecimal() and said.isascii() else 0
    tame = (*_TAME, *more)
    settings = {"GIT_NO_LAZY_FETCH": "1", "GIT_CONFIG_COUNT": str(first + len(tame))}
    for number, (key, value) in enumerate(tame, start=first):
        settings[f"GIT_CONFIG_KEY_{number}"] = key
        settings[f"GIT_CONFIG_VALUE_{number}"] = value
    return settings


def _work_tree(environ: Mapping[str, str], here: Path) -> Path | None:
    """The work tree that the variables mean: named, or around where clinvk was started.

    None if `GIT_DIR`, the index or the objects are not of that work tree. A hook of a linked
    worktree is started in that worktree, and has the worktree's own git directory there.
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
    """The git directory that the file is in, None if it is in none (an index in a scratch)."""
    return next((one for one in path.parents if os.path.isfile(one / "HEAD")), None)
