"""Queries git about a work tree, so that nothing in the repository can run a program.

git reads the repository's own configuration, which may name programs: a file-system monitor, hooks,
filters that `status` runs to compare contents, commands that fetch the missing objects of a partial
clone. An agent can write that configuration, and clinvk runs outside of the agent's sandbox. So all
of it is disabled on git's command line, which overrides every file. Nothing is written
(`GIT_OPTIONAL_LOCKS=0`), and git itself refuses a repository of another user (`safe.directory`).
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
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
"""The git variables that are kept; others (set in a hook) would select another repository."""

_EMPTY_TREES = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}

_OWN = ("local", "worktree")
"""The scopes of the repository's own configuration."""

_NO_FILTER = (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false"))
_LIMIT_S = 2.0

Left = Callable[[], float]
"""Returns how many seconds are left."""

_Parsed = TypeVar("_Parsed")


class GitError(Exception):
    """git failed; the message is the reason, for the middle of a sentence."""


class Repository(Struct, frozen=True, kw_only=True):
    """The work tree at `root`; `git` is the program. Every query may raise `GitError`."""

    root: Path
    git: str
    environ: Mapping[str, str]

    def status(self, left: Left) -> WorktreeStatus:
        """The differences from the last commit, with untracked files unless the user hides them."""
        tame, untracked = self._configured(left)
        output = self._ask(
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
        return _parsed(parse_status, output)

    def tree_changes(
        self, old: str | None, new: str | None, left: Left
    ) -> dict[bytes, tuple[Blob | None, Blob | None]]:
        """The differences between two commits; None is the state before the first commit."""
        if old == new:
            return {}
        empty = _EMPTY_TREES.get(len(old or new or ""), "")
        output = self._ask(
            [
                *("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev"),
                *("--no-ext-diff", "--no-textconv", "--ignore-submodules=all"),
                *("--end-of-options", old or empty, new or empty),
            ],
            left,
        )
        return _parsed(parse_tree_changes, output)

    def own_filters(self, left: Left) -> tuple[str, ...]:
        """The filters in the repository's own configuration, without those of the user."""
        words = iter(self._listed(["--show-scope"], left))
        found = (key for scope, key in zip(words, words, strict=False) if scope in _OWN)
        return _sections("filter.", found)

    def submodules(self, left: Left) -> tuple[str, ...]:
        """The submodules in the work tree's `.gitmodules`."""
        if not os.path.lexists(self.root / ".gitmodules"):
            return ()
        return _sections("submodule.", self._listed(["--file", ".gitmodules"], left))

    def _configured(self, left: Left) -> tuple[list[str], str]:
        """The options that disable all filters, and the value for `--untracked-files`.

        A user who hides untracked files (for example in a home directory under git) has a reason.
        """
        tame: dict[str, None] = {}
        untracked = "all"
        for entry in self._listed([], left):
            key, _, value = entry.partition("\n")
            if key.startswith("filter."):
                name = key[: key.rfind(".")]
                if "=" in name:  # `-c` cannot set it
                    raise GitError(f"its configuration has a filter with an unusual name: `{name}`")
                tame[name] = None
            elif key == "status.showuntrackedfiles":
                hidden = value.lower() in ("no", "false", "off", "0")
                untracked = "no" if hidden else "all"
            elif key == "core.worktree":
                self._require_root(left)
        off = [f"{name}.{key}={value}" for name in tame for key, value in _NO_FILTER]
        return [word for setting in off for word in ("-c", setting)], untracked

    def _listed(self, options: list[str], left: Left) -> list[str]:
        """What `git config --list` prints, entry by entry."""
        return os.fsdecode(self._ask(["config", *options, "--list", "-z"], left)).split("\0")

    def _require_root(self, left: Left) -> None:
        """Refuse a repository whose configuration names another work tree."""
        output = self._ask(["rev-parse", "--show-toplevel"], left).removesuffix(b"\n")
        if os.path.realpath(os.fsdecode(output)) != os.path.realpath(self.root):
            raise GitError("its work tree is elsewhere")

    def _ask(self, words: list[str], left: Left) -> bytes:
        try:
            output = capture(
                [self.git, *_TAME, *words],
                cwd=self.root,
                environ=_environment(self.environ),
                timeout_s=max(left(), 0.0),
            )
        except TimeoutError:
            raise GitError("git took too long") from None
        except (OSError, ValueError) as error:
            raise GitError(f"git cannot be started: {error}") from error
        if output.code:
            why = output.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
            raise GitError(why.removeprefix("fatal: ") or f"git ended with {output.code}")
        return output.stdout


def without_own_programs(
    root: Path, git: str, environ: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """The settings that stop another git from running the filters of the repository.

    If git fails here, it also fails for the other one, so nothing is needed.
    """
    repository = Repository(root=root, git=git, environ=environ)
    with suppress(GitError):
        for name in repository.own_filters(lambda: _LIMIT_S):
            yield from ((f"{name}.{key}", value) for key, value in _NO_FILTER)
    with suppress(GitError):
        for name in repository.submodules(lambda: _LIMIT_S):
            yield f"{name}.ignore", "all"


def _sections(prefix: str, entries: Iterable[str]) -> tuple[str, ...]:
    """The sections of the entries whose key has this prefix, each once."""
    keys = (entry.partition("\n")[0] for entry in entries if entry.startswith(prefix))
    return tuple(dict.fromkeys(key[: key.rfind(".")] for key in keys))


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


def _parsed(parse: Callable[[bytes], _Parsed], output: bytes) -> _Parsed:
    try:
        return parse(output)
    except ValueError as error:
        raise GitError(f"git's output is invalid: {error}") from error
