"""A file read from its end: the same lines, whatever the blocks cut."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinvk.store.agent_files.backwards import lines_from_end


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to write to."""
    return tmp_path_factory.mktemp("backwards") / "file.jsonl"


@given(
    lines=st.lists(st.text(st.characters(exclude_characters="\n", codec="utf-8"), max_size=12)),
    whole=st.booleans(),
    block=st.integers(1, 9),
)
def test_the_lines_are_those_of_the_file(
    file: Path,
    lines: list[str],
    whole: bool,  # noqa: FBT001  hypothesis gives it
    block: int,
) -> None:
    """Last first, without the empty ones, also where a block ends within a character."""
    file.write_bytes(("\n".join(lines) + ("\n" if whole else "")).encode())
    assert [*lines_from_end(file, block=block)] == [line for line in reversed(lines) if line]


def test_no_more_is_read_than_is_asked_for(file: Path) -> None:
    """The last line of a large file costs one block."""
    file.write_bytes(b"x" * 1_000_000 + b"\nlast\n")
    lines = lines_from_end(file, block=64, longest=1000)
    assert next(lines) == "last"
    assert [*lines] == []


def test_an_unreadable_file_has_no_lines(tmp_path: Path) -> None:
    """No file, or a link to one."""
    (tmp_path / "link").symlink_to("/etc/passwd")
    assert [*lines_from_end(tmp_path / "none")] == []
    assert [*lines_from_end(tmp_path / "link")] == []
