"""The change that an agent asks for, as a diff with the files on disk."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinvk.model.events import PermissionRequest
from clinvk.model.permission import FileEdit, ToolKind
from clinvk.services.turns.proposed import _hunks, proposed_diff


def diff(cwd: Path, *edits: FileEdit, text: str = "") -> list[str]:
    """The lines for a request with these edits or this diff."""
    request = PermissionRequest(
        id="1", tool="Edit", kind=ToolKind.EDIT, summary="", edits=edits, diff=text
    )
    return proposed_diff(request, str(cwd))


def test_the_agents_own_diff_is_used_unchanged(tmp_path: Path) -> None:
    """Whatever it contains."""
    assert diff(tmp_path, text="@@ x\n-a\n+b\r\n") == ["@@ x", "-a", "+b\r"]


def test_a_new_file_is_all_its_lines(tmp_path: Path) -> None:
    """Also with an empty part to replace, as some agents create a file."""
    expected = ["=== a.txt (new file)", "+one", "+two (no line end)"]
    assert diff(tmp_path, FileEdit(path="a.txt", new="one\ntwo")) == expected
    assert diff(tmp_path, FileEdit(path="a.txt", old="", new="one\ntwo")) == expected


def test_a_deleted_file_is_all_its_lines(tmp_path: Path) -> None:
    """As they are on disk."""
    (tmp_path / "a.txt").write_text("one\n")
    assert diff(tmp_path, FileEdit(path="a.txt")) == ["=== a.txt (deleted)", "-one"]


def test_edits_of_one_file_are_one_diff(tmp_path: Path) -> None:
    """Applied one after the other; far from one another they are hunks."""
    (tmp_path / "a.txt").write_text("".join(f"{number}\n" for number in range(1, 31)))
    path = str(tmp_path / "a.txt")
    edits = (FileEdit(path=path, old="2\n", new="two\n"), FileEdit(path="a.txt", old="29", new="x"))
    lines = diff(tmp_path, *edits)
    assert [line for line in lines if not line.startswith(" ")] == [
        "=== a.txt",
        "@@ -1,5 +1,5 @@",
        "-2",
        "+two",
        "@@ -26,5 +26,5 @@",
        "-29",
        "+x",
    ]


def test_a_part_that_is_not_in_the_file_is_shown_by_itself(tmp_path: Path) -> None:
    """The agent will fail, or knows the file otherwise: the person sees what it wants."""
    (tmp_path / "a.txt").write_text("one\n")
    assert diff(tmp_path, FileEdit(path="a.txt", old="two\n", new="three\n")) == [
        "=== a.txt (this part is not in the file)",
        "@@ -1,1 +1,1 @@",
        "-two",
        "+three",
    ]


@pytest.mark.parametrize("name", ["folder", "fifo", "nul\0"])
def test_special_files_are_not_read(tmp_path: Path, name: str) -> None:
    """A fifo would block; nothing raises."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    assert diff(tmp_path, FileEdit(path=name, new="x\n"))[-1] == "+x"


@given(
    st.lists(st.sampled_from("abc"), max_size=12),
    st.lists(st.sampled_from("abc"), max_size=12),
    st.integers(0, 400),
)
def test_the_hunks_turn_the_old_lines_into_the_new(
    old: list[str], new: list[str], around: int
) -> None:
    """Applied by their numbers, whatever the lines are, also in the middle of a large file."""
    same = [f"same {number}" for number in range(around)]
    old, new = [*same, *old, *same], [*same, *new, *same]
    assert patched(old, list(_hunks(old, new))) == new


def test_a_large_change_is_shown_whole(tmp_path: Path) -> None:
    """A whole file of 200,000 lines is replaced by another, which is not compared line by line."""
    old = [f"old {number}" for number in range(200_000)]
    new = [f"new {number}" for number in range(200_000)]
    (tmp_path / "a.txt").write_text("".join(f"{line}\n" for line in old))
    lines = diff(tmp_path, FileEdit(path="a.txt", new="".join(f"{line}\n" for line in new)))
    assert patched(old, lines[1:]) == new


def patched(old: list[str], hunks: list[str]) -> list[str]:
    """The lines after these hunks."""
    result: list[str] = []
    at = 0
    for line in hunks:
        if line.startswith("@@"):
            start, count = map(int, line.split()[1].removeprefix("-").split(","))
            first = start - 1 if count else start
            result += old[at:first]
            at = first
        elif line.startswith("+"):
            result.append(line[1:])
        else:
            assert old[at] == line[1:]
            if line.startswith(" "):
                result.append(line[1:])
            at += 1
    return result + old[at:]
