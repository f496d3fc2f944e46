"""What the picker offers: which sessions are left, and where the pointer stands."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinvk.cli.choices import Choices
from clinvk.model.session import Session, Status
from clinvk.services.sessions import Listed

AT = datetime(2026, 1, 2, tzinfo=UTC)


def listed(number: int, title: str = "", **fields: object) -> Listed:
    """A session of the list."""
    session = Session(
        id=f"{number:012x}",
        **{
            "backend": "demo",
            "cwd": "/code/app",
            "created_at": AT,
            "last_used_at": AT,
            "title": title or f"session {number}",
            **fields,
        },
    )
    return Listed(session=session, status=Status.ACTIVE)


OFFERED = [
    listed(1, "Fix the parser", tags=("urgent",)),
    listed(2, "\uff26\uff29\uff38 the \ufb01le reader", cwd="/code/other"),  # wide, and a ligature
    listed(3, "Straße und Weg", name="pr-842"),
]


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("", [1, 2, 3]),
        ("  ", [1, 2, 3]),
        ("fix", [1, 2]),
        ("parser FIX", [1]),
        ("file", [2]),
        ("STRASSE", [3]),
        ("pr-842", [3]),
        ("urgent", [1]),
        ("other", [2]),
        ("demo active", [1, 2, 3]),
        ("000000000002", [2]),
        ("fix nothing", []),
        ("\x1b[A", []),
    ],
)
def test_every_word_must_occur_somewhere(typed: str, left: list[int]) -> None:
    """In title, name, tags, backend, directory, status or id; in any order, case and width."""
    choices = Choices(OFFERED)
    choices.narrow(typed)
    assert [int(one.session.id, 16) for one in choices.left] == left
    assert (choices.pointed_at is None) == (not left)


def test_with_nothing_left_there_is_nothing_to_take() -> None:
    """Enter takes no session that was not shown."""
    choices = Choices(OFFERED)
    choices.narrow("no such thing")
    choices.move(1)
    assert choices.pointed_at is None
    assert list(choices.window(5)[0]) == []


@given(
    count=st.integers(0, 40),
    rows=st.integers(-2, 12),
    moves=st.lists(st.integers(-50, 50), max_size=8),
)
def test_the_window_always_shows_what_is_pointed_at(
    count: int, rows: int, moves: list[int]
) -> None:
    """However far one moves and however small the window is; it is full if it can be."""
    choices = Choices([listed(number) for number in range(count)])
    for by in [0, *moves]:
        choices.move(by)
        visible, at = choices.window(rows)
        assert len(visible) == min(max(rows, 1), count)
        if count:
            assert visible[at] is choices.pointed_at
