"""A child's `PWD` names the directory that the child works in."""

import os
from pathlib import Path

import pytest

from clinvk.process.environment import environment_in


def test_a_child_in_another_directory_gets_its_pwd(tmp_path: Path) -> None:
    """The values of the caller's shell are not passed on."""
    environ = {"PWD": "/shell", "OLDPWD": "/before", "INIT_CWD": "/npm", "HOME": "/h"}
    assert environment_in(tmp_path, environ) == {"PWD": str(tmp_path), "HOME": "/h"}


def test_a_child_here_keeps_the_path_that_the_shell_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An editor is where the person is, also through a symbolic link."""
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real)
    monkeypatch.chdir(real)
    environ = {"PWD": str(link), "OLDPWD": "/before"}
    assert environment_in(None, environ) == environ


@pytest.mark.parametrize("said", ["/somewhere/else", "relative", ""])
def test_a_child_in_the_same_directory_gets_a_correct_pwd(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    """A program that started clinvk in another directory left its own `PWD`."""
    monkeypatch.chdir(tmp_path)
    assert environment_in(None, {"PWD": said})["PWD"] == os.path.realpath(tmp_path)


def test_in_a_deleted_directory_pwd_is_not_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A `PWD` of a deleted directory is of no use."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert environment_in(None, {"PWD": str(gone), "A": "b"}) == {"A": "b"}
