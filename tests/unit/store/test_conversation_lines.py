"""Reading the agents' own files: bounded, tolerant, and never followed where they should not be."""

import os
from pathlib import Path

from clinvk.model.conversation import ConversationFiles
from clinvk.store.agent_files.conversations import edges, first_lines, read_conversation


def test_a_conversation_is_read_line_by_line(tmp_path: Path) -> None:
    """Also a last line without an end, and bytes that are not UTF-8."""
    path = tmp_path / "a"
    path.write_bytes(b"one\n\ntwo\xff\nthree")
    lines = read_conversation(path)
    assert lines is not None
    assert list(lines) == ["one", "two\ufffd", "three"]


def test_an_unreadable_file_is_none(tmp_path: Path) -> None:
    """No file, a folder, a symbolic link, a pipe: nothing raises and nothing waits."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    os.mkfifo(tmp_path / "pipe")
    for name in ("none", "folder", "link", "pipe"):
        assert read_conversation(tmp_path / name) is None
        assert list(edges(tmp_path / name)) == []


def test_the_ends_of_a_large_file_are_whole_lines(tmp_path: Path) -> None:
    """Beginning and end, however long it is in between; a small file is there once."""
    path = tmp_path / "a"
    numbered = [f"{number} {'x' * 90}" for number in range(5_000)]
    path.write_text("\n".join(numbered))
    ends = list(edges(path))
    assert ends[0] == numbered[0]
    assert ends[-1] == numbered[-1]
    assert set(ends) <= set(numbered)
    assert 1_000 < len(ends) < 2_000
    path.write_text("one\ntwo\n")
    assert list(edges(path)) == ["one", "two"]


def test_first_lines_are_those_of_files_that_were_written_since(tmp_path: Path) -> None:
    """Older ones are not even opened."""
    for name, at in (("old", 1_000), ("new", 3_000)):
        (tmp_path / name).write_text(f"{name}\nmore\n")
        os.utime(tmp_path / name, (at, at))
    files = ConversationFiles(tmp_path, "*")
    assert list(first_lines(files, since=2_000)) == ["new\n"]
    assert list(first_lines(ConversationFiles(tmp_path / "none", "*"), since=0)) == []
