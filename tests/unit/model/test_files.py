"""The files that turns changed, put together."""

import pytest

from clinvk.model.events import Change
from clinvk.model.files import (
    FileReport,
    FileSource,
    absolute_path,
    merged_files,
    over_turns,
    shown_path,
    shown_paths,
)


def test_a_file_that_was_reported_and_observed_comes_once_with_what_was_seen() -> None:
    """The agent's word says which file it was, the disk what became of it."""
    merged = merged_files(
        [
            FileReport(path="a.py", change=Change.MODIFIED),
            FileReport(path="/p/sub/../b.py", change=Change.DELETED),
        ],
        {"/p/a.py": Change.CREATED, "/p/c.py": Change.DELETED},
        "/p",
    )
    assert merged == (
        FileReport(path="/p/a.py", change=Change.CREATED),
        FileReport(path="/p/b.py", change=Change.DELETED),
        FileReport(path="/p/c.py", change=Change.DELETED, source=FileSource.OBSERVED),
    )


@pytest.mark.parametrize(
    ("path", "cwd", "shown"),
    [
        ("/p/a/b", "/p", "a/b"),
        ("/p/a/b", "/p/", "a/b"),
        ("/pa", "/p", "/pa"),
        ("/p", "/p", "/p"),
        ("/a", "/", "a"),
        ("/a", "", "a"),
    ],
)
def test_a_path_below_the_directory_is_shown_relative_to_it(
    path: str, cwd: str, shown: str
) -> None:
    """And any other as it is."""
    assert shown_path(path, cwd) == shown


def test_a_path_is_made_absolute_by_its_letters() -> None:
    """Also one whose bytes are no text."""
    assert absolute_path("caf\udce9/../x", "/p") == "/p/x"
    assert absolute_path("/q//y", "/p") == "/q/y"


def test_a_file_that_was_created_stays_so_when_a_later_turn_modifies_it() -> None:
    """Over a whole session it is new."""
    first = FileReport(path="/a", change=Change.CREATED)
    later = FileReport(path="/a", change=Change.MODIFIED)
    gone = FileReport(path="/a", change=Change.DELETED)
    assert over_turns([[first], [later]]) == (first,)
    assert over_turns([[first], [gone]]) == (gone,)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/p/a.py", "a.py"),
        ("/p/a, /p/b/c", "a, b/c"),
        ("/p", "."),
        ("/pq/a /q/p/a", "/pq/a /q/p/a"),
        ("'x' in /p/src", "'x' in src"),
    ],
    ids=["a path", "several", "the directory", "others", "in words"],
)
def test_paths_in_a_text_are_shown_relative_to_the_directory(text: str, shown: str) -> None:
    """All that lie below it."""
    assert shown_paths(text, "/p") == shown
    assert shown_paths(text, "/") == text
