"""Moving files away so that there is at no moment less than one whole copy."""

import errno
import os
from pathlib import Path

import pytest

from clinvk.errors import StoreError
from clinvk.store.sessions.moving import copy_out


@pytest.fixture
def pair(tmp_path: Path) -> list[Path]:
    """A record and a transcript, the latter of more than one piece."""
    files = [tmp_path / "id.json", tmp_path / "id.jsonl"]
    files[0].write_bytes(b"{}\n")
    files[1].write_bytes(os.urandom(1_500_000))
    return files


@pytest.mark.usefixtures("any_umask")
def test_copies_are_whole_private_and_nothing_else_is_left(
    pair: list[Path], tmp_path: Path
) -> None:
    """The names are kept, the folder is created, the originals stay for the caller to delete."""
    folder = tmp_path / "a" / "b"
    copies = copy_out(pair, folder)
    assert copies == (folder / "id.json", folder / "id.jsonl")
    assert [copy.read_bytes() for copy in copies] == [source.read_bytes() for source in pair]
    assert {copy.stat().st_mode & 0o777 for copy in copies} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len(list(folder.iterdir())) == 2
    assert all(source.exists() for source in pair)


def test_an_interrupted_move_can_be_repeated(pair: list[Path], tmp_path: Path) -> None:
    """An equal file counts as the copy; half a file under a temporary name does not."""
    folder = tmp_path / "archive"
    folder.mkdir()
    (folder / "id.json").write_bytes(pair[0].read_bytes())
    (folder / ".id.jsonl.0.tmp").write_bytes(b"half")
    assert copy_out(pair, folder) == (folder / "id.json", folder / "id.jsonl")
    assert (folder / "id.jsonl").read_bytes() == pair[1].read_bytes()


@pytest.mark.parametrize("kind", ["other", "shorter", "longer", "folder", "link"])
def test_nothing_is_overwritten(pair: list[Path], tmp_path: Path, kind: str) -> None:
    """Whatever is in the way stays, and both files get the next number that is free for both."""
    folder = tmp_path / "archive"
    folder.mkdir()
    content = pair[1].read_bytes()
    (folder / "id-2.json").write_bytes(b"second")
    place = folder / "id.jsonl"
    if kind == "folder":
        place.mkdir()
    elif kind == "link":
        place.symlink_to(pair[1])
    else:
        said = {"other": b"x" * len(content), "shorter": content[:-1], "longer": content + b"x"}
        place.write_bytes(said[kind])
    before = _without_reads(place)
    copies = copy_out(pair, folder)
    assert copies == (folder / "id-3.json", folder / "id-3.jsonl")
    assert _without_reads(place) == before
    assert (folder / "id-2.json").read_bytes() == b"second"


def test_a_file_that_is_not_there_is_not_copied(pair: list[Path], tmp_path: Path) -> None:
    """A session may have no transcript."""
    pair[1].unlink()
    assert copy_out(pair, tmp_path / "archive") == (tmp_path / "archive" / "id.json",)


@pytest.mark.parametrize("kind", ["link", "fifo", "folder"])
def test_only_files_are_copied(pair: list[Path], tmp_path: Path, kind: str) -> None:
    """Anything else is refused without waiting, and leaves no temporary file."""
    pair[1].unlink()
    if kind == "link":
        pair[1].symlink_to("/etc/hostname")
    elif kind == "fifo":
        os.mkfifo(pair[1])
    else:
        pair[1].mkdir()
    with pytest.raises(StoreError, match="cannot copy session `id`"):
        copy_out(pair, tmp_path / "archive")
    assert not list((tmp_path / "archive").glob(".*"))


def test_a_folder_that_cannot_be_made_is_an_error(pair: list[Path], tmp_path: Path) -> None:
    """The message names it."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file"):
        copy_out(pair, tmp_path / "file" / "archive")


def test_a_file_system_without_hard_links_will_do(
    pair: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FAT has none, and an archive may well be on a stick."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    folder = tmp_path / "archive"
    copies = copy_out(pair, folder)
    assert copies[1].read_bytes() == pair[1].read_bytes()
    assert len(list(folder.iterdir())) == 2


def _without_reads(path: Path) -> tuple[int, ...]:
    """What a file is, but for when it was read last: it is read to be compared."""
    found = os.lstat(path)
    return (found.st_mode, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
