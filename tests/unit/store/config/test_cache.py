"""What was checked once is believed only if nothing can have changed and nobody else wrote it."""

import os
from pathlib import Path

import pytest

from clinvk.store.config.cache import recall, remember
from clinvk.store.home import Home

MADE_OF = {"text": "run:\n  timeout: 2h\n", "version": "1"}
CHECKED = {"file": {"run.timeout": "2h"}, "environment": {}}


@pytest.fixture
def kept(home: Home) -> Path:
    """A result that was remembered."""
    home.root.mkdir(mode=0o700)
    remember(home, MADE_OF, CHECKED)
    return home.cache / "config.json"


@pytest.mark.usefixtures("kept")
def test_the_same_text_is_not_checked_twice(home: Home) -> None:
    """The result comes back as it was."""
    assert recall(home, MADE_OF) == CHECKED


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("part", ["text", "version"])
def test_anything_else_is_checked_anew(home: Home, part: str) -> None:
    """Another text, another version: the result is of no use."""
    assert recall(home, {**MADE_OF, part: "other"}) is None


def test_a_damaged_memory_is_forgotten(home: Home, kept: Path) -> None:
    """Cut off at any byte, it gives no answer or the right one."""
    whole = kept.read_bytes()
    for length in range(len(whole)):
        kept.write_bytes(whole[:length])
        assert recall(home, MADE_OF) is None


@pytest.mark.parametrize(
    "page", [b"[]", b"{}", b'{"made_of": 1}', b"\0", b"[" * 9999, b'{"made_of": {}, "checked": 1}']
)
def test_a_memory_of_another_form_is_forgotten(home: Home, kept: Path, page: bytes) -> None:
    """Whatever stands in the file, nothing is raised."""
    kept.write_bytes(page)
    assert recall(home, MADE_OF) is None
    assert recall(home, {}) is None


@pytest.mark.parametrize("mode", [0o644, 0o620, 0o666])
def test_a_cache_that_others_can_open_is_not_used(home: Home, kept: Path, mode: int) -> None:
    """It decides which program runs."""
    kept.chmod(mode)
    assert recall(home, MADE_OF) is None


def test_a_cache_in_a_folder_that_others_can_write_is_not_used(home: Home, kept: Path) -> None:
    """They could replace the file."""
    kept.parent.chmod(0o777)
    assert recall(home, MADE_OF) is None


def test_a_link_is_not_used(home: Home, kept: Path, tmp_path: Path) -> None:
    """Neither in the place of the file nor of its folder."""
    elsewhere = tmp_path / "elsewhere.json"
    kept.rename(elsewhere)
    kept.symlink_to(elsewhere)
    assert recall(home, MADE_OF) is None
    kept.unlink()
    elsewhere.rename(kept)
    kept.parent.rename(tmp_path / "cache")
    home.cache.symlink_to(tmp_path / "cache")
    assert recall(home, MADE_OF) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_cache_of_another_user_is_not_used(home: Home, kept: Path) -> None:
    """The owner of the file is checked too."""
    os.chown(kept, 12345, 12345)
    assert recall(home, MADE_OF) is None


def test_without_a_home_nothing_is_created(home: Home) -> None:
    """A run that keeps nothing does not leave a home behind."""
    remember(home, MADE_OF, CHECKED)
    assert not home.root.exists()


def test_a_folder_in_the_place_of_the_cache_is_no_error(home: Home) -> None:
    """The run works without a cache."""
    home.root.mkdir()
    home.cache.write_text("in the way")
    remember(home, MADE_OF, CHECKED)
    assert recall(home, MADE_OF) is None


def test_a_huge_text_is_not_remembered(home: Home) -> None:
    """The memory stays small."""
    home.root.mkdir()
    remember(home, {"text": "x" * 10_000_000}, CHECKED)
    assert not home.cache.exists()
