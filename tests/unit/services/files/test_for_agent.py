"""Files that an agent leaves to clinvk: read and written as if it did it itself."""

import os
from pathlib import Path

import pytest

from clinvk.model.request import FileReply
from clinvk.services.files.for_agent import LARGEST, reply_with_file


def ask(path: Path | str, text: str | None = None) -> tuple[str, str]:
    """Whether it was done, and what was read or why not."""
    reply = reply_with_file(
        FileReply(
            b"",
            path=str(path),
            text=text,
            done=lambda read: f"done|{read}".encode(),
            failed=lambda why, missing: f"{'missing' if missing else 'failed'}|{why}".encode(),
        )
    )
    done, _, said = reply.decode().partition("|")
    return done, said


def test_a_file_is_written_in_place_with_its_mode(tmp_path: Path) -> None:
    """Also through a link; a shorter text leaves nothing of the longer one."""
    file, link = tmp_path / "a.sh", tmp_path / "link"
    file.write_text("something long\n")
    file.chmod(0o755)
    link.symlink_to(file)
    assert ask(link, "né\r\n") == ("done", "né\r\n")
    assert file.read_bytes() == "né\r\n".encode()
    assert file.stat().st_mode & 0o777 == 0o755
    assert link.is_symlink()
    assert ask(file) == ("done", "né\r\n")


def test_a_new_file_has_the_persons_umask(tmp_path: Path) -> None:
    """It is not private, as clinvk's own files are."""
    before = os.umask(0o027)
    try:
        assert ask(tmp_path / "new", "x")[0] == "done"
    finally:
        os.umask(before)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o640


def test_what_is_missing_is_said_to_be_missing(tmp_path: Path) -> None:
    """An agent that appends then begins an empty file."""
    assert ask(tmp_path / "none")[0] == "missing"
    assert ask(tmp_path / "none" / "below", "x")[0] == "missing"


@pytest.mark.parametrize("text", [None, "x"])
def test_nothing_but_a_regular_file_is_used(tmp_path: Path, text: str | None) -> None:
    """A pipe would stop clinvk for ever."""
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", ".", "a\0b"):
        assert ask(f"{tmp_path}/{name}", text)[0] == "failed"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["pipe"]


def test_what_is_no_text_or_too_large_is_not_read(tmp_path: Path) -> None:
    """An agent that wrote it back would damage it."""
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    assert ask(tmp_path / "binary")[0] == "failed"
    with (tmp_path / "large").open("wb") as large:
        large.truncate(LARGEST + 1)
    assert "larger than 8 MiB" in ask(tmp_path / "large")[1]
