"""Moments as people type them."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinvk.errors import UsageError
from clinvk.text.units import parse_moment

EAST = timezone(timedelta(hours=2))
NOW = datetime(2025, 1, 27, 23, 30, tzinfo=UTC)
"""Past midnight in the east: there it is the 28th."""


def local(at: datetime) -> datetime:
    """The moment as a clock two hours east of Greenwich shows it."""
    return at.replace(tzinfo=EAST) if at.tzinfo is None else at.astimezone(EAST)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("7d", "2025-01-20T23:30:00Z"),
        ("1h30m", "2025-01-27T22:00:00Z"),
        ("2025-01-20", "2025-01-20T00:00:00+02:00"),
        ("2025-01-20T10:00", "2025-01-20T10:00:00+02:00"),
        ("2025-01-20 10:00:30", "2025-01-20T10:00:30+02:00"),
        ("2025-01-20T10:00Z", "2025-01-20T10:00:00Z"),
        ("2025-01-20t10:00z", "2025-01-20T10:00:00Z"),
        ("2025-01-20T10:00-05:00", "2025-01-20T15:00:00Z"),
        ("today", "2025-01-28T00:00:00+02:00"),
        (" Yesterday ", "2025-01-27T00:00:00+02:00"),
    ],
)
def test_a_moment_is_an_age_a_date_or_a_time(text: str, meant: str) -> None:
    """Days and times without a zone are local ones."""
    assert parse_moment(text, now=NOW, local=local) == datetime.fromisoformat(meant)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2025-01-20", "2025-01-21T00:00:00+02:00"),
        ("yesterday", "2025-01-28T00:00:00+02:00"),
        ("2025-01-20T10:00", "2025-01-20T10:00:00+02:00"),
        ("7d", "2025-01-20T23:30:00Z"),
    ],
)
def test_the_end_of_a_day_is_the_next_one(text: str, meant: str) -> None:
    """`--until` a day takes the day in; a time is a time."""
    assert parse_moment(text, now=NOW, local=local, end=True) == datetime.fromisoformat(meant)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "soon", "0d", "-1d", "7", "10x", "2025-13-01", "2025-02-30", "2025-01-27T25:00",
        "0000-01-01", "2025-1-1", "tomorrow", "../x", "-x", "\0", "👍", "\u202e7d", "x" * 10_000,
        "9" * 400 + "d", "1000y", "२०२५-०१-२७",
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_the_forms(text: str) -> None:
    """The hint says how to write it."""
    with pytest.raises(UsageError) as wrong:
        parse_moment(text, now=NOW, local=local)
    assert "2025-01-27" in str(wrong.value.hint)


def test_the_last_day_of_the_calendar_has_no_next() -> None:
    """An end that no calendar has is refused like any other."""
    with pytest.raises(UsageError):
        parse_moment("9999-12-31", now=NOW, local=local, end=True)


@given(st.text())
def test_no_text_is_more_than_refused(text: str) -> None:
    """Whatever is typed, it is a moment with a zone or wrong usage."""
    with suppress(UsageError):
        assert parse_moment(text, now=NOW, local=local).tzinfo is not None
