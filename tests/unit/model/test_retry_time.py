"""When to try again, as a moment."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from clinvk.model.failure import Failure, FailureCode
from clinvk.model.retry_time import Wait, retry_time

NOW = datetime(2026, 11, 27, 23, 10, 4, 500_000, tzinfo=UTC)
EAST = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("wait", "now", "at"),
    [
        (20.0, NOW, "2026-11-27T23:10:25"),
        (datetime(2026, 11, 28, 1, 7, 53, tzinfo=UTC), NOW, "2026-11-28T01:07:53"),
        ("1:07 AM", NOW, "2026-11-28T01:07:00"),
        ("11:59pm", NOW, "2026-11-27T23:59:00"),
        ("1:30 AM", NOW.astimezone(EAST), "2026-11-27T23:30:00"),
        ("12am", NOW, "2026-11-28T00:00:00"),
        ("1:07am (UTC)", NOW.astimezone(EAST), "2026-11-28T01:07:00"),
        ("Nov 30th, 2026 1:07 AM", NOW, "2026-11-30T01:07:00"),
        ("Jan 2, 1am", NOW, "2027-01-02T01:00:00"),
        ("Feb 30th, 2027 1:07 AM", NOW, None),
        ("Xyz 3rd, 2027 1:07 AM", NOW, None),
        ("1:07am (Nowhere/Land)", NOW, None),
        ("13:99 AM", NOW, None),
        (datetime(2026, 11, 27, 1, 0, tzinfo=UTC), NOW, None),
        (datetime(2999, 1, 1, tzinfo=UTC), NOW, None),
        (1e18, NOW, None),
    ],
)
def test_the_text_becomes_a_time(wait: Wait, now: datetime, at: str | None) -> None:
    """In UTC, rounded up to the second; a time in the past or too far away is unknown."""
    expected = None if at is None else datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert retry_time(wait, now) == expected


def test_the_hint_has_the_time() -> None:
    """With the failure's own hint, or else that of its code."""
    failure = Failure(code=FailureCode.RATE_LIMITED, message="slow", wait=20.0).timed(NOW)
    assert failure.wait is None
    assert failure.way_out == "try again after 2026-11-27T23:10:25Z"
    billed = Failure(code=FailureCode.BUDGET_LIMIT, message="no", hint="pay", wait=20.0)
    assert billed.timed(NOW).way_out == "pay, or try again after 2026-11-27T23:10:25Z"
    assert Failure(code=FailureCode.RATE_LIMITED, message="slow").way_out == "wait, then try again"
