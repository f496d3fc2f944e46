"""Changing the file on the disk: private, whole, through links, one change after another."""

import os
import stat
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clinvk.errors import ConfigError, StoreError
from clinvk.store.config.edit import ConfigFile
from clinvk.store.home import Home
from clinvk.store.locks import Claim

CLAIM = Claim(
    pid=os.getpid(),
    host="here",
    now=lambda: datetime(2025, 1, 27, tzinfo=UTC),
    sleep=time.sleep,
)


@pytest.fixture
def file(home: Home) -> ConfigFile:
    """The configuration of a home that does not exist yet."""
    return ConfigFile(home=home, path=home.config_file, backends=("demo",), claim=CLAIM)


@pytest.mark.usefixtures("any_umask")
def test_a_first_setting_creates_a_private_file(file: ConfigFile, home: Home) -> None:
    """0600 whatever the umask, with the folder around it."""
    file.set("run.timeout", "2h")
    assert home.config_file.read_text() == "run:\n  timeout: 2h\n"
    assert stat.S_IMODE(home.config_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.root.stat().st_mode) == 0o700


def test_a_link_is_written_through(file: ConfigFile, home: Home, tmp_path: Path) -> None:
    """A file that is kept among the dotfiles is changed there, and the link stays."""
    dotfiles = tmp_path / "dotfiles"
    dotfiles.mkdir()
    target = dotfiles / "clinvk.yaml"
    target.write_text("# mine\nrun:\n  timeout: 1h\n")
    home.root.mkdir()
    home.config_file.symlink_to(Path("..") / "dotfiles" / "clinvk.yaml")
    file.set("run.timeout", "2h")
    assert home.config_file.is_symlink()
    assert target.read_text() == "# mine\nrun:\n  timeout: 2h\n"
    assert list(dotfiles.iterdir()) == [target]


def test_a_link_to_nowhere_gets_its_target(file: ConfigFile, home: Home, tmp_path: Path) -> None:
    """A fresh checkout of the dotfiles does not lose its link to the first setting."""
    home.root.mkdir()
    home.config_file.symlink_to(tmp_path / "later.yaml")
    file.set("run.timeout", "2h")
    assert (tmp_path / "later.yaml").read_text() == "run:\n  timeout: 2h\n"
    assert home.config_file.is_symlink()


def test_an_invalid_file_is_not_changed(file: ConfigFile, home: Home) -> None:
    """A change to one key does not ignore an error in another."""
    home.root.mkdir()
    text = "run:\n  timeout: soon\n"
    home.config_file.write_text(text)
    with pytest.raises(ConfigError, match=r"config\.yaml:2: `run\.timeout`"):
        file.set("run.access", "edit")
    assert home.config_file.read_text() == text


def test_a_change_can_correct_an_invalid_file(file: ConfigFile, home: Home) -> None:
    """An invalid value can be set again, and an unknown key can be removed."""
    home.root.mkdir()
    home.config_file.write_text("run:\n  timeout: soon\n")
    file.set("run.timeout", "2h")
    home.config_file.write_text("run:\n  timeoutt: 1h\n  timeout: 2h\n")
    assert file.unset("run.timeoutt")
    assert home.config_file.read_text() == "run:\n  timeout: 2h\n"


@pytest.mark.parametrize("text", [b"a: [\n", b"\xff\xfe", b"run: &r {}\noutput: *r\n"])
def test_a_file_that_cannot_be_changed_is_an_error_and_unchanged(
    file: ConfigFile, home: Home, text: bytes
) -> None:
    """No YAML, no UTF-8, or too unusual: the hint is to use the editor."""
    home.root.mkdir()
    home.config_file.write_bytes(text)
    with pytest.raises(ConfigError):
        file.set("run.timeout", "2h")
    assert home.config_file.read_bytes() == text


def test_a_target_that_cannot_be_written_is_an_error(file: ConfigFile, home: Home) -> None:
    """The link leads where nobody can write; nothing is left behind."""
    home.root.mkdir()
    home.config_file.symlink_to("/proc/nowhere/config.yaml")
    with pytest.raises(StoreError):
        file.set("run.timeout", "2h")


def test_a_new_file_is_only_written_if_there_is_none(file: ConfigFile, home: Home) -> None:
    """An existing file is never replaced."""
    assert file.create("# first\n")
    assert not file.create("# second\n")
    assert home.config_file.read_text() == "# first\n"
