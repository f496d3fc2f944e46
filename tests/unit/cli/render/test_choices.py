"""A session as one line to be chosen."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from clinvk.cli.render.choices import choice_lines, offer
from clinvk.cli.render.layout import cut_front, home_as_tilde
from clinvk.model.session import Session, Status
from clinvk.services.sessions.list import Listed
from clinvk.text.width import display_width

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
HOME = Path("/home/me")


def listed(title: str = "fix the parser", cwd: str = "/home/me/app") -> Listed:
    """A session that was used three hours ago."""
    at = NOW - timedelta(hours=3)
    session = Session(
        id="0" * 12, backend="demo", cwd=cwd, created_at=at, last_used_at=at, title=title
    )
    return Listed(session=session, status=Status.INTERRUPTED)


def test_a_wide_line_has_everything() -> None:
    """Title, backend, age, directory and status."""
    line = choice_lines([listed()], NOW, HOME).line(listed(), 120)
    assert line.split("  ", 1)[0] == "fix the parser"
    assert line.split()[3:] == ["demo", "3", "hours", "ago", "~/app", "interrupted"]


def test_a_name_is_before_the_title() -> None:
    """Whoever named a session looks for its name, also where there is little room."""
    named = Listed(session=replace(listed().session, name="pr-842"), status=Status.ACTIVE)
    for columns in (120, 80, 50):
        line = choice_lines([named], NOW, HOME).line(named, columns)
        assert line.startswith("(pr-842) fix the p")


@pytest.mark.parametrize(
    ("columns", "cells"),
    [
        (80, ["demo", "3 hours ago", "~/app", "interrupted"]),
        (60, ["demo", "3 hours ago", "interrupted"]),
        (46, ["3 hours ago", "interrupted"]),
        (36, ["3 hours ago"]),
        (20, ["3 hours ago"]),
    ],
)
def test_a_narrow_line_goes_without_some(columns: int, cells: list[str]) -> None:
    """The directory first; title and age stay as long as there is any room."""
    line = choice_lines([listed()], NOW, HOME).line(listed(), columns)
    shown = [cell for cell in ("demo", "3 hours ago", "~/app", "interrupted") if cell in line]
    assert shown == cells


@given(title=st.text(max_size=80), cwd=st.text(max_size=60), columns=st.integers(1, 200))
def test_a_line_is_one_line_that_fits_and_drives_nothing(
    title: str, cwd: str, columns: int
) -> None:
    """Whatever the title and the directory are made of."""
    one = listed(title, cwd)
    line = choice_lines([one], NOW, HOME).line(one, columns)
    assert display_width(line) <= columns
    assert line.isprintable() or not any(char in line for char in "\x1b\x07\n\r\t\x00")


@given(text=st.text(max_size=60), columns=st.integers(0, 40))
def test_the_front_is_cut_between_graphemes(text: str, columns: int) -> None:
    """What is left is the end of the text, with a mark where something is missing."""
    left = cut_front(text, columns)
    if left != text:
        assert display_width(left) <= max(columns, 0)
        assert text.endswith(left.removeprefix("…"))


@pytest.mark.parametrize(
    ("directory", "shown"),
    [("/home/me", "~"), ("/home/me/a/b", "~/a/b"), ("/home/me2/a", "/home/me2/a"), ("", "")],
)
def test_the_home_is_a_tilde(directory: str, shown: str) -> None:
    """Only the person's own, and only as a whole folder's name."""
    assert home_as_tilde(directory, HOME) == shown
    assert home_as_tilde("/home/me", Path("/")) == "/home/me"


class Sessions(list[Listed]):
    """An offer of them."""

    @property
    def count(self) -> int:  # type: ignore[override]  a list counts something else
        """All of them."""
        return len(self)

    def part(self, first: int, count: int) -> list[Listed]:
        """Those."""
        return self[first : first + count]

    def narrowed(self, words: tuple[str, ...]) -> "Sessions":
        """Nobody types."""
        raise NotImplementedError(words)


def test_an_offer_is_a_few_lines() -> None:
    """Ten at most, each with its id, and how many more there are."""
    told = offer(Sessions([listed()] * 1_012), NOW, HOME).splitlines()
    assert len(told) == 12
    assert told[1].startswith("000000000000  fix the parser")
    assert told[-1] == "… and 1,002 more (`clinvk sessions list`)"
    assert "there is no session" in offer(Sessions([]), NOW, HOME)
