"""When the same prompt may work: converts an agent's text to a time."""

import re
from datetime import UTC, datetime, timedelta

Wait = float | str | datetime
"""Seconds from now, a time of day that matches `TIME_OF_DAY`, or a time in UTC."""

TIME_OF_DAY = (
    r"(?:[A-Z][a-z]{2} \d{1,2}(?:st|nd|rd|th)?,? (?:\d{4},? )?(?:at )?)?"
    r"\d{1,2}(?::\d\d)? ?[AaPp][Mm](?: \([A-Za-z_/+-]{1,40}\))?"
)
"""`1:07 AM`, `1:07am (UTC)`, `Nov 28th, 2026 1:07 AM`: the forms that agents use."""

_PARTS = (
    r"(?i)(?:([a-z]{3}) (\d{1,2})(?:st|nd|rd|th)?,? (?:(\d{4}),? )?(?:at )?)?"
    r"(\d{1,2})(?::(\d\d))? ?([ap])m(?: \(([a-z_/+-]+)\))?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FURTHEST = timedelta(days=400)


def retry_time(wait: Wait, now: datetime) -> datetime | None:
    """The time in UTC, to the second; None if it is invalid or in the past.

    `now` is in the time zone of the agent's times of day.
    """
    try:
        at = _at(wait, now)
    except (ValueError, OverflowError):
        return None
    if at is None or not timedelta() < at - now < _FURTHEST:
        return None
    return at.astimezone(UTC).replace(microsecond=0)


def _at(wait: Wait, now: datetime) -> datetime | None:
    if isinstance(wait, datetime):
        return wait
    if not isinstance(wait, str):
        # Rounded up, so that a retry is not too early.
        return now + timedelta(seconds=int(wait) + 1)
    return _of_day(wait, now)


def _of_day(text: str, now: datetime) -> datetime | None:
    found = re.fullmatch(_PARTS, text)
    if found is None:
        return None
    month, day, year, hour, minute, half, zone = found.groups()
    if zone is not None:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            now = now.astimezone(ZoneInfo(zone))
        except (ZoneInfoNotFoundError, OSError):
            return None
    hours = int(hour) % 12 + (12 if half.lower() == "p" else 0)
    at = now.replace(hour=hours, minute=int(minute or 0), second=0, microsecond=0)
    if month is None:
        return at if at > now else at + timedelta(days=1)
    number = _MONTHS.index(month.lower()) + 1
    at = at.replace(year=int(year or now.year), month=number, day=int(day))
    return at.replace(year=at.year + 1) if year is None and at < now else at
