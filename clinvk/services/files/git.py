"""What a git work tree says of itself, asked so that nothing in it can run a program.

git reads the repository's own configuration, which may name programs: a file-system monitor,
hooks, filters that `status` runs to compare contents, commands to fetch what a partial clone left
out. An agent may write that configuration, and clinvk runs outside of the agent's sandbox. So all
of it is switched off on git's command line, which wins over every file; nothing is written
(`GIT_OPTIONAL_LOCKS=0`), and a repository of somebody else's is refused by git itself
(`safe.directory`).
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from clinvk.process.capture import capture
from clinvk.services.files.worktree import Blob, WorktreeStatus, parse_status, parse_tree_changes

_TAME = (
    "--no-pager",
    *("-c", "core.fsmonitor="),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "safe.bareRepository=explicit"),
)
_KEPT = ("GIT_CEILING_DIRECTORIES", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_SYSTEM")
"""What the person may say to every git; the rest would point this one elsewhere (in a hook)."""

_EMPTY_TREES = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}

_OF_THE_REPOSITORY = ("local", "worktree")
_NO_FILTER = (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false"))
_LIMIT_S = 2.0

Left = Callable[[], float]
"""How many seconds are left."""

_Told = TypeVar("_Told")


class GitError(Exception):
    """git did not tell; the message is why, in the middle of a sentence."""


class Repository(Struct, frozen=True, kw_only=True):
    """The work tree at `root`, asked by the program `git`; every question may raise `GitError`."""

    root: Path
    git: str
    environ: Mapping[str, str]

    def status(self, left: Left) -> WorktreeStatus:
        """What differs from the last commit; untracked files unless the person hides them."""
        tame, untracked = self._configured(left)
        said = self._ask(
            [
                *tame,
                "status",
                "--porcelain=v2",
                "--branch",
                "-z",
                "--no-renames",
                "--ignore-submodules=all",
                f"--untracked-files={untracked}",
            ],
            left,
        )
        return _parsed(parse_status, said)

    def tree_changes(
        self, old: str | None, new: str | None, left: Left
    ) -> dict[bytes, tuple[Blob | None, Blob | None]]:
        """What differs between two commits; None is the time before the first one."""
        if old == new:
            return {}
        empty = _EMPTY_TREES.get(len(old or new or ""), "")
        said = self._ask(
            [
                *("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev"),
                *("--no-ext-diff", "--no-textconv", "--ignore-submodules=all"),
                *("--end-of-options", old or empty, new or empty),
            ],
            left,
        )
        return _parsed(parse_tree_changes, said)

    def own_filters(self, left: Left) -> tuple[str, ...]:
        """The filters that the repository's own configuration names; not the person's."""
        told = iter(self._ask(["config", "--list", "--show-scope", "-z"], left).split(b"\0"))
        found = (
            os.fsdecode(entry.partition(b"\n")[0])
            for scope, entry in zip(told, told, strict=False)
            if os.fsdecode(scope) in _OF_THE_REPOSITORY and entry.startswith(b"filter.")
        )
        return tuple(dict.fromkeys(key[: key.rfind(".")] for key in found))

    def submodules(self, left: Left) -> tuple[str, ...]:
        """The submodules that the work tree's `.gitmodules` names."""
        if not os.path.lexists(self.root / ".gitmodules"):
            return ()
        told = self._ask(["config", "--file", ".gitmodules", "--list", "-z"], left).split(b"\0")
        keys = (os.fsdecode(entry.partition(b"\n")[0]) for entry in told)
        found = (key[: key.rfind(".")] for key in keys if key.startswith("submodule."))
        return tuple(dict.fromkeys(found))

    def _configured(self, left: Left) -> tuple[list[str], str]:
        """What takes the filters out, and how untracked files are asked for.

        Somebody who hides untracked files (a home directory under git) has reason to.
        """
        said = self._ask(["config", "--list", "-z"], left)
        tame: dict[str, None] = {}
        untracked = "all"
        for entry in said.split(b"\0"):
            key, _, value = os.fsdecode(entry).partition("\n")
            if key.startswith("filter."):
                name = key[: key.rfind(".")]
                if "=" in name:  # `-c` could not name it
                    raise GitError(f"its configuration has a filter of an unusual name: `{name}`")
                tame[name] = None
            elif key == "status.showuntrackedfiles":
                hidden = value.lower() in ("no", "false", "off", "0")
                untracked = "no" if hidden else "all"
            elif key == "core.worktree":
                self._require_root(left)
        off = [f"{name}.{key}={value}" for name in tame for key, value in _NO_FILTER]
        return [word for setting in off for word in ("-c", setting)], untracked

    def _require_root(self, left: Left) -> None:
        """A configuration may put the work tree anywhere; it is looked at only where it stands."""
        said = self._ask(["rev-parse", "--show-toplevel"], left).removesuffix(b"\n")
        if os.path.realpath(os.fsdecode(said)) != os.path.realpath(self.root):
            raise GitError("its work tree is elsewhere")

    def _ask(self, words: list[str], left: Left) -> bytes:
        try:
            said = capture(
                [self.git, *_TAME, *words],
                cwd=self.root,
                environ=_environment(self.environ),
                timeout_s=max(left(), 0.0),
            )
        except TimeoutError:
            raise GitError("git took too long") from None
        except (OSError, ValueError) as error:
            raise GitError(f"git cannot be asked: {error}") from error
        if said.code:
            why = said.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
            raise GitError(why.removeprefix("fatal: ") or f"git ended with {said.code}")
        return said.stdout


def without_own_programs(
    root: Path, git: str, environ: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """The settings with which another git in the work tree runs no filter that it names itself.

    Where git does not tell, it does nothing there for the other one either.
    """
    repository = Repository(root=root, git=git, environ=environ)
    with suppress(GitError):
        for name in repository.own_filters(lambda: _LIMIT_S):
            yield from ((f"{name}.{key}", value) for key, value in _NO_FILTER)
    with suppress(GitError):
        for name in repository.submodules(lambda: _LIMIT_S):
            yield f"{name}.ignore", "all"


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith("GIT_") or name in _KEPT
    }
    return kept | {
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        "LC_ALL": "C",
    }


def _parsed(parse: Callable[[bytes], _Told], said: bytes) -> _Told:
    try:
        return parse(said)
    except ValueError as error:
        raise GitError(f"git's answer makes no sense: {error}") from error
