"""What an agent's own git runs in a repository whose configuration names programs: nothing."""

import os
import subprocess
from pathlib import Path

import pytest

from clinvk.services.turns.git_variables import tame_git

_ASKED = (("status", "--short"), ("log", "--oneline", "-n", "5"))
"""What agents ask at their start, also in a read-only turn."""


class Trapped:
    """A repository with a filter, a signature to check, a submodule and something left out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._marks = folder / "marks"
        self.root = folder / "root"
        self._module = folder / "module"
        for directory in (self._marks, self.root, self._module):
            directory.mkdir()
        self._commit(self._module)
        self._git("init", "-q")
        self._git("submodule", "--quiet", "add", "--force", str(self._module), "module")
        self._git("config", "--file", ".gitmodules", "submodule.module.ignore", "none")
        self._commit(self.root)
        for where in (self.root, self.root / "module"):
            self._git("config", "filter.own.clean", self._trap("filter", "cat"), cwd=where)
            file = where / "one.txt"
            file.write_text("two\n")  # as long as before: git has to compare it
            os.utime(file, (1, 1))

    def marks(self, environ: dict[str, str]) -> list[str]:
        """What was run when an agent asked with these variables."""
        for words in _ASKED:
            subprocess.run(
                ["git", *words],
                cwd=self.root,
                env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, **environ},
                capture_output=True,
                check=False,
            )
        return sorted(mark.name for mark in self._marks.iterdir())

    def sign(self) -> None:
        """Give the last commit a signature, and a program that is to check it."""
        said = self._git("cat-file", "commit", "HEAD").replace(
            "\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n -----END PGP SIGNATURE-----\n\n", 1
        )
        commit = self._git("hash-object", "-t", "commit", "-w", "--stdin", stdin=said).strip()
        self._git("update-ref", "HEAD", commit)
        self._git("config", "log.showSignature", "true")
        self._git("config", "gpg.program", self._trap("signature"))

    def leave_out(self) -> None:
        """Take out the last commit's tree, to be fetched through a program."""
        tree = self._git("rev-parse", "HEAD^{tree}").strip()
        (self.root / ".git/objects" / tree[:2] / tree[2:]).unlink()
        self._git("config", "core.repositoryFormatVersion", "1")
        self._git("config", "extensions.partialClone", "origin")
        self._git("config", "remote.origin.promisor", "true")
        self._git("config", "remote.origin.url", "ssh://nowhere.invalid/one")
        self._git("config", "core.sshCommand", self._trap("fetch"))

    def _commit(self, where: Path) -> None:
        (where / "one.txt").write_text("one\n")
        (where / ".gitattributes").write_text("*.txt filter=own\n")
        self._git("init", "-q", cwd=where)
        self._git("add", "-A", cwd=where)
        self._git("commit", "-q", "-m", "one", cwd=where)

    def _trap(self, name: str, then: str = "") -> str:
        file = self._folder / name
        file.write_text(f"#!/bin/sh\ntouch '{self._marks}/{name}'\n{then}\n")
        file.chmod(0o700)
        return str(file)

    def _git(self, *words: str, cwd: Path | None = None, stdin: str = "") -> str:
        who = ("-c", "user.name=one", "-c", "user.email=one@example.com")
        return subprocess.run(
            ["git", *who, "-c", "protocol.file.allow=always", *words],
            cwd=cwd or self.root,
            env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull},
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
        ).stdout


@pytest.fixture
def trapped(tmp_path: Path) -> Trapped:
    """Such a repository."""
    return Trapped(tmp_path)


@pytest.mark.parametrize("trap", ["filter", "signature", "fetch"])
def test_an_agents_git_runs_nothing_that_a_repository_names(trapped: Trapped, trap: str) -> None:
    """In the repository itself and in its submodules; without our settings each is run."""
    environ = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull}
    if trap == "signature":
        trapped.sign()
    elif trap == "fetch":
        trapped.leave_out()
    assert trapped.marks(tame_git(environ, trapped.root)) == []
    assert trap in trapped.marks({})


def test_the_persons_own_filters_stay(trapped: Trapped, tmp_path: Path) -> None:
    """Without them git would take every file that they keep for changed."""
    own = tmp_path / "gitconfig"
    own.write_text('[filter "mine"]\n\tclean = cat\n')
    environ = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": str(own)}
    said = tame_git(environ, trapped.root).values()
    assert "filter.own.clean" in said
    assert "filter.mine.clean" not in said
