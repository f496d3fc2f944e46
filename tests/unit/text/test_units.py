"""Durations, numbers and times between words and values."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinvk.cli.render.layout import format_age, format_size
from clinvk.errors import UsageError
from clinvk.text.units import (
    format_cost,
    format_duration,
    format_time,
    format_tokens,
    format_turns,
    parse_duration,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("15m", 900),
        ("2h", 7200),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("7d", 604_800),
        ("2w", 1_209_600),
        ("1.5h", 5400),
        ("0.5s", 0.5),
        ("90M", 5400),
    ],
)
def test_a_duration_is_a_number_with_a_unit(text: str, seconds: float) -> None:
    """Weeks to seconds, from the largest to the smallest."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("90", "needs a unit"),
        ("1.5", "needs a unit"),
        ("inf", "needs a unit"),
        ("0", "more than zero"),
        ("0s", "more than zero"),
        ("-5", "more than zero"),
        ("nan", "more than zero"),
        ("-5m", "not a duration"),
        ("10x", "not a duration"),
        ("30m1h", "not a duration"),
        ("soon", "not a duration"),
        ("", "not a duration"),
        ("  ", "not a duration"),
        ("٣s", "not a duration"),
        ("9" * 400 + "s", "century"),
        ("101y", "not a duration"),
        ("5300w", "century"),
    ],
)
def test_anything_else_is_refused_with_the_forms_that_are_accepted(text: str, said: str) -> None:
    """The sentence says what is wrong, the hint what would be right."""
    with pytest.raises(UsageError, match=said) as refused:
        parse_duration(text)
    assert "`1h30m`" in (refused.value.hint or "")


@given(st.text())
def test_no_text_makes_a_duration_crash(text: str) -> None:
    """A duration is more than zero, or a usage error."""
    with suppress(UsageError):
        assert 0 < parse_duration(text) < float("inf")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0s"),
        (-1, "0.0s"),
        (12.34, "12.3s"),
        (59.94, "59.9s"),
        (59.96, "1m 0s"),
        (125, "2m 5s"),
        (3_599.7, "1h 0m"),
        (3_725, "1h 2m"),
        (100_000, "1d 3h"),
    ],
)
def test_a_duration_is_shown_in_its_two_largest_units(seconds: float, text: str) -> None:
    """Tenths matter below a minute and nowhere else."""
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(None, "—"), (0, "0"), (1234, "1,234"), (1_234_567, "1,234,567")]
)
def test_tokens_have_thousands_separators(count: int | None, text: str) -> None:
    """An unknown count is no zero."""
    assert format_tokens(count) == text


@pytest.mark.parametrize(
    ("dollars", "text"),
    [
        (None, "—"),
        (0.0, "$0.00"),
        (0.08, "$0.08"),
        (0.0812, "$0.08"),
        (0.0012, "$0.0012"),
        (0.000_01, "<$0.0001"),
        (1234.5, "$1,234.50"),
    ],
)
def test_a_small_cost_keeps_the_digits_that_matter(dollars: float | None, text: str) -> None:
    """A cost below a cent is not shown as nothing, and an unknown one not as zero."""
    assert format_cost(dollars) == text


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (54_321_000, "54.3 MB"),
        (4_500_000_000, "4.5 GB"),
    ],
)
def test_a_size_is_formatted_in_the_unit_that_fits(size: int, words: str) -> None:
    """With one digit after the point."""
    assert format_size(size) == words


def test_a_time_is_shown_in_utc() -> None:
    """Whatever the zone it was taken in."""
    at = datetime(2025, 1, 27, 11, 0, 0, 999, tzinfo=timezone(timedelta(hours=1)))
    assert format_time(at) == "2025-01-27T10:00:00Z"
    assert format_time(at.astimezone(UTC)) == "2025-01-27T10:00:00Z"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "just now"),
        (59, "just now"),
        (60, "a minute ago"),
        (1_800, "30 minutes ago"),
        (7_300, "2 hours ago"),
        (86_400 * 6, "6 days ago"),
        (86_400 * 70, "2 months ago"),
        (86_400 * 800, "2 years ago"),
    ],
)
def test_an_age_is_formatted_in_words(seconds: float, words: str) -> None:
    """The same words everywhere."""
    now = datetime(2025, 1, 27, tzinfo=UTC)
    assert format_age(now - timedelta(seconds=seconds), now) == words


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        ([(2, 2)], "turn 2"),
        ([(1, 1_200)], "turns 1-1,200"),
        ([(1, 2), (4, 4)], "turns 1-2, 4"),
        ([(one, one) for one in range(1, 21, 2)], "turns 1, 3, 5, 7, 9 and 5 more"),
    ],
)
def test_turns_are_formatted_as_ranges(runs: list[tuple[int, int]], words: str) -> None:
    """However many there are, they fit on a line."""
    assert format_turns(runs) == words
