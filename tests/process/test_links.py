"""Nothing leads a write out of the home, and nothing in it makes a command hang.

A symbolic link, a second name of a file elsewhere (a hard link), a pipe or a device where a file of
clinvk's should be. The commands run in this process, the agent is the demo.
"""

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from bed.inside import ID, Place, command, place

FOLDERS = ("sessions", "transcripts", "locks", "cache")
FILES = (
    f"sessions/{ID}.json",
    f"transcripts/{ID}.jsonl",
    f"locks/{ID}.lock",
    "locks/config.lock",
    "cache/index.sqlite3",
    "cache/index.sqlite3-journal",
    "cache/index.sqlite3-wal",
    "cache/config.json",
    "config.yaml",
)
TOUR = (
    "sessions list --json",
    f"sessions show {ID}",
    "sessions search hello",
    f"sessions rename {ID} x",
    f"sessions tag {ID} t",
    f"sessions export {ID} --format json",
    f"resume {ID} again",
    "-b demo -s new hello",
    "-b demo -c more",
    "config set run.timeout 5m",
    "config show",
    "config unset run.timeout",
    "doctor",
    "doctor --fix",
    "-b demo -c more",
    "sessions archive new",
    "sessions reindex",
    "sessions list -n 1",
    "sessions clean --older-than 1s --keep-last 9",
    f"sessions delete {ID} -y",
    "sessions clean --older-than 1s",
    "sessions list -n 1",
)


def seen(folder: Path) -> dict[str, tuple[int, float, bytes | None]]:
    """Everything in a folder, as deep as it goes, with modes, times and contents."""
    found = {}
    for path in sorted(folder.rglob("*")):
        at = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(at.st_mode) else None
        found[str(path.relative_to(folder))] = (at.st_mode, at.st_mtime, content)
    return found


def tour(where: Place) -> None:
    """Every kind of command; each ends, as something that was expected."""
    for line in TOUR:
        command(where, line.split())


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_that_leads_elsewhere_is_not_followed(tmp_path: Path, folder: str) -> None:
    """A symbolic link in a folder's place: nothing is written, deleted or touched behind it."""
    outside = tmp_path / "outside"
    with place() as where:
        inside = where.home.root / folder
        shutil.copytree(inside, outside)
        shutil.rmtree(inside)
        (outside / "keep.txt").write_text("keep")
        inside.symlink_to(outside)
        before = seen(outside)
        tour(where)
        assert seen(outside) == before


def _symlink(place: Path, outside: Path) -> None:
    place.symlink_to(outside)


def _hard_link(place: Path, outside: Path) -> None:
    place.hardlink_to(outside)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("empty", [False, True], ids=["full", "empty"])
@pytest.mark.parametrize("link", [_symlink, _hard_link], ids=["symlink", "hard-link"])
def test_a_file_that_is_elsewhere_is_not_written(
    link: Callable[[Path, Path], None], name: str, *, empty: bool
) -> None:
    """A link in a file's place: the file that it leads to stays as it is.

    One exception, and a wanted one: a `config.yaml` that is a symbolic link (a folder of dotfiles)
    is changed where it lies.
    """
    with place() as where:
        inside, outside = where.home.root / name, where.root / "outside"
        outside.mkdir()
        there = outside / "precious"
        there.write_bytes(b"" if empty else b"precious\n")
        if inside.exists() and not empty:
            there.write_bytes(inside.read_bytes())
        there.chmod(0o600)  # a second name has the same mode, which `doctor --fix` closes
        inside.unlink(missing_ok=True)
        link(inside, there)
        before = seen(outside)
        tour(where)
        if name == "config.yaml" and link is _symlink:
            assert inside.is_symlink()
        else:
            assert seen(outside) == before


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_special_files_make_nothing_hang(name: str, kind: str) -> None:
    """A pipe without a writer, a folder, an endless device in the place of a file."""
    with place() as where:
        inside = where.home.root / name
        inside.unlink(missing_ok=True)
        if kind == "pipe":
            os.mkfifo(inside)
        elif kind == "folder":
            (inside / "x").mkdir(parents=True)
        else:
            inside.symlink_to("/dev/zero")
        tour(where)
