"""Finds out when a service can be asked again, in the formats of services and agents.

A parser has no clock: a duration or a time of day is returned as it is (`Wait`), and converted to a
time by code that has a clock.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from clinvk.agents.kit.jsonl import amount, text
from clinvk.model.events import Json
from clinvk.model.retry_time import TIME_OF_DAY, Wait

_LONGEST_S = 400 * 86_400
_MILLISECONDS_FROM = 100_000_000_000
"""Timestamps from here on are in milliseconds: as seconds this is the year 5138."""

_UNITS_S = {"ms": 0.001, "milli": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_UNIT = r"(?:ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)"
_PART = rf"\d+(?:\.\d+)?\s*{_UNIT}"
_PARTS = rf"{_PART}(?:,?\s*(?:and\s+)?{_PART})*(?![a-z])"
_AGAIN = r"(?:try(?:ing)? again|retry|resets?|available again)"

_IN = re.compile(rf"{_AGAIN}\s+(?:in|after)\s+(?:about\s+)?({_PARTS})", re.IGNORECASE)
_ONE_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|milli|[smhd])", re.IGNORECASE)
_FIELD_IN = re.compile(
    r"[\"']?(?:resets_in_seconds|retry_?after(?:_seconds)?|retry-after|retryDelay)[\"']?\s*[:=]\s*"
    r"[\"']?(\d{1,9}(?:\.\d+)?)s?\b",
    re.IGNORECASE,
)
_FIELD_AT = re.compile(r"[\"']?resets_?at[\"']?\s*[:=]\s*[\"']?(\d{10,13})\b", re.IGNORECASE)
_ISO = re.compile(
    rf"{_AGAIN}\s+(?:at|after|on)\s+"
    r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d))",
    re.IGNORECASE,
)
_CLOCK = re.compile(rf"{_AGAIN}\s+(?:at\s+|on\s+)?({TIME_OF_DAY})", re.IGNORECASE)


def wait_in(message: str) -> Wait | None:
    """The wait that a text mentions, None if it mentions none."""
    message = message[:10_000]
    if found := _FIELD_AT.search(message):
        return time_from_epoch(int(found[1]))
    if found := _FIELD_IN.search(message):
        return _seconds(float(found[1]))
    if found := _IN.search(message):
        parts = _ONE_PART.findall(found[1])
        return _seconds(sum(float(number) * _UNITS_S[unit.lower()] for number, unit in parts))
    if found := _ISO.search(message):
        try:
            return datetime.fromisoformat(found[1]).astimezone(UTC)
        except (ValueError, OverflowError):
            return None
    found = _CLOCK.search(message)
    return found[1] if found else None


def wait_of_headers(headers: Mapping[str, Json]) -> Wait | None:
    """The wait in the headers of a response: seconds, or a date."""
    from email.utils import parsedate_to_datetime  # needed only where a turn fails

    value = text(headers.get("retry-after")).strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", value):
        return _seconds(float(value))
    try:
        at = parsedate_to_datetime(value) if value else None
        return None if at is None or at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def time_from_epoch(epoch: Json) -> datetime | None:
    """The time in UTC of a Unix timestamp in seconds or milliseconds, None if it is not one."""
    number = amount(epoch)
    if number is None or number <= 0:
        return None
    if number >= _MILLISECONDS_FROM:
        number /= 1_000
    try:
        return datetime.fromtimestamp(number, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _seconds(seconds: float) -> float | None:
    """The duration, None if it is less than a second or more than 400 days."""
    return seconds if 1 <= seconds <= _LONGEST_S else None
