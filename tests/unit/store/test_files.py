"""Files are whole or as they were, and nobody else's to read."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from clinvk.errors import StoreError
from clinvk.store.files import ensure_private_dir, write_private

WRITES_UNDER_A_LIMIT = """
import resource, sys
from pathlib import Path
from clinvk.errors import StoreError
from clinvk.store.files import write_private
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_private(Path(sys.argv[1]), b"x" * 100_000)
except StoreError as error:
    print(error.message)
"""

WRITES_AS_NOBODY = """
import os, sys
from pathlib import Path
from clinvk.errors import StoreError
from clinvk.store.files import ensure_private_dir, write_private
if os.geteuid() == 0:
    os.setuid(65534)
for attempt in (
    lambda: write_private(Path(sys.argv[1], "file"), b"new"),
    lambda: ensure_private_dir(Path(sys.argv[1], "folder")),
):
    try:
        attempt()
    except StoreError as error:
        print(error.message)
"""


def mode(path: Path) -> int:
    """The permission bits of what stands at `path`."""
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.mark.usefixtures("any_umask")
def test_created_files_are_private_with_any_umask(tmp_path: Path) -> None:
    """Folders are 0700, also new parents, and files 0600."""
    folder = tmp_path / "a" / "b" / "sessions"
    ensure_private_dir(folder)
    write_private(folder / "file", b"one")
    write_private(folder / "file", b"two")
    assert [mode(path) for path in (folder, *list(folder.parents)[:2])] == [0o700] * 3
    assert mode(folder / "file") == 0o600
    assert (folder / "file").read_bytes() == b"two"


def test_a_folder_that_others_can_read_is_made_private(tmp_path: Path) -> None:
    """Sessions in a folder that a user created do not stay readable for others."""
    folder = tmp_path / "sessions"
    folder.mkdir(0o755)
    ensure_private_dir(folder)
    assert mode(folder) == 0o700


def test_a_home_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    """`CLINVK_HOME` may name a folder that other programs share."""
    tmp_path.chmod(0o755)
    ensure_private_dir(tmp_path, may_be_link=True)
    assert mode(tmp_path) == 0o755


def test_a_link_in_place_of_one_of_our_folders_is_refused(tmp_path: Path) -> None:
    """Nobody can make us write session files elsewhere; only the home itself may be a link."""
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "sessions"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="symbolic link"):
        ensure_private_dir(link)
    ensure_private_dir(link, may_be_link=True)


def test_a_file_in_place_of_a_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    """The message says which path is in the way."""
    (tmp_path / "home").write_text("")
    with pytest.raises(StoreError, match="home`: it is not a folder"):
        ensure_private_dir(tmp_path / "home")
    with pytest.raises(StoreError, match="home/sessions`"):
        ensure_private_dir(tmp_path / "home" / "sessions")


@pytest.mark.parametrize("place", ["/proc/clinvk/home", "{link}", "{link}/home", "{link}/a/b"])
def test_a_place_where_nothing_can_be_made_is_an_error(tmp_path: Path, place: str) -> None:
    """A link to nowhere, or a file system that has no folders of ours, is one sentence."""
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    with pytest.raises(StoreError, match="cannot create"):
        ensure_private_dir(Path(place.format(link=link)), may_be_link=True)


def test_a_link_at_the_target_is_replaced_and_not_followed(tmp_path: Path) -> None:
    """What the link points to stays as it is."""
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (tmp_path / "file").symlink_to(victim)
    write_private(tmp_path / "file", b"new")
    assert victim.read_text() == "untouched"
    assert not (tmp_path / "file").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_full_disk_leaves_the_old_file_and_no_rubbish(tmp_path: Path) -> None:
    """A write that cannot be finished is a `StoreError`, and it is as if it had not begun."""
    target = tmp_path / "file"
    write_private(target, b"old")
    said = subprocess.run(
        [sys.executable, "-c", WRITES_UNDER_A_LIMIT, str(target)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said.strip() == f"cannot write `{target}`: file too large"
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_may_not_be_written_is_an_error_that_names_it(tmp_path: Path) -> None:
    """A read-only home is one sentence, not a traceback."""
    tmp_path.chmod(0o500)
    said = subprocess.run(
        [sys.executable, "-c", WRITES_AS_NOBODY, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    tmp_path.chmod(0o700)
    assert said == [
        f"cannot write `{tmp_path / 'file'}`: permission denied",
        f"cannot create `{tmp_path / 'folder'}`: permission denied",
    ]
    assert list(tmp_path.iterdir()) == []
