"""Converts durations, numbers and times to text, and parses those that people type."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from clinvk.errors import UsageError

UNKNOWN = "—"
"""What an unknown figure prints as: never 0."""

_SECONDS = {"w": 604_800.0, "d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0}
_PART = r"(?:(?P<{unit}>\d+(?:\.\d+)?){unit})?"
_DURATION = re.compile("".join(_PART.format(unit=unit) for unit in _SECONDS), re.ASCII)
_FORMS = "write it as `30s`, `15m`, `2h`, `1h30m`, `7d` or `2w`"
_LONGEST_S = 100 * 365 * 86_400.0

CLOCKS_AGREE = timedelta(minutes=5)
"""How far the clocks of two machines may differ, or one clock between two days."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DAYS_AGO = {"today": 0, "yesterday": 1}
_MOMENTS = "write how long ago (`7d`, `2h`), a date (`2025-01-27`), a time (`2025-01-27T10:00`), "
_MOMENTS += "`today` or `yesterday`"


def plural(count: int, thing: str) -> str:
    """`1 turn`, `1,234 turns`; for things that only take an `s`."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def parse_duration(text: str) -> float:
    """Seconds of `30s`, `15m`, `2h`, `1h30m`, `7d`, `2w`; fractions (`1.5h`) are fine.

    Raises `UsageError` for anything else: no unit, zero, negative, or more than a century.
    """
    words = "".join(text.split()).lower()
    match = _DURATION.fullmatch(words)
    if not words or match is None:
        try:
            number = float(words)
        except ValueError:
            raise UsageError(f"`{text}` is not a duration", hint=_FORMS) from None
        if number > 0:
            raise UsageError(f"`{text}` needs a unit", hint=_FORMS)
        raise UsageError(f"a duration must be more than zero, not `{text}`", hint=_FORMS)
    seconds = sum(float(match[unit] or 0) * size for unit, size in _SECONDS.items())
    if seconds <= 0:
        raise UsageError(f"a duration must be more than zero, not `{text}`", hint=_FORMS)
    if seconds > _LONGEST_S:
        raise UsageError(f"`{text}` is longer than a century", hint=_FORMS)
    return seconds


def parse_moment(
    text: str, *, now: datetime, local: Callable[[datetime], datetime], end: bool = False
) -> datetime:
    """The time that `text` means at `now`, with its zone.

    `7d` is seven days ago; `2025-01-27T10:00` is local time unless it has a zone. A day
    (`2025-01-27`, `today`, `yesterday`) means its start, or with `end` the start of the next day,
    so that `--until` includes the day. `local` converts to local time and treats a time without
    a zone as local, as `datetime.astimezone` does. Raises `UsageError` for any other text.
    """
    words = text.strip().lower()
    try:
        if words in _DAYS_AGO:
            day = local(now).replace(tzinfo=None) - timedelta(days=_DAYS_AGO[words])
            return _day(day, local, end=end)
        if _DATE.fullmatch(words):
            return _day(datetime.fromisoformat(words), local, end=end)
        if _DATE.match(words):
            at = datetime.fromisoformat(words.upper())
            return local(at) if at.tzinfo is None else at
    except (ValueError, OverflowError):
        raise UsageError(f"`{text}` is not a valid date", hint=_MOMENTS) from None
    try:
        return now - timedelta(seconds=parse_duration(words))
    except UsageError as error:
        plain = error.message.endswith("is not a duration")
        message = f"`{text}` is neither a duration nor a date" if plain else error.message
        raise UsageError(message, hint=_MOMENTS) from None


def _day(day: datetime, local: Callable[[datetime], datetime], *, end: bool) -> datetime:
    """The start of the day or of the next one; a day is not always 24 hours long."""
    start = day.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    return local(start + timedelta(days=1) if end else start)


def format_duration(seconds: float) -> str:
    """A duration for a person: `12.3s`, `2m 5s`, `1h 2m`, `3d 4h`."""
    if seconds < 59.95:
        return f"{max(seconds, 0):.1f}s"
    whole = round(seconds)
    for big, small in (("d", "h"), ("h", "m"), ("m", "s")):
        size, rest = int(_SECONDS[big]), int(_SECONDS[small])
        if whole >= size:
            return f"{whole // size}{big} {whole % size // rest}{small}"
    return f"{whole}s"


def format_turns(runs: Sequence[tuple[int, int]]) -> str:
    """Runs of turns, first and last of each: `turn 2`, `turns 1-3`, `turns 1-3, 7 and 9 more`."""
    shown = ", ".join(
        f"{first:,}" if first == last else f"{first:,}-{last:,}" for first, last in runs[:5]
    )
    more = sum(last - first + 1 for first, last in runs[5:])
    one = len(runs) == 1 and runs[0][0] == runs[0][1]
    return f"turn{'' if one else 's'} {shown}{f' and {more:,} more' if more else ''}"


def format_tokens(count: int | None) -> str:
    """A count with thousands separators, `—` when unknown."""
    return UNKNOWN if count is None else f"{count:,}"


def format_cost(dollars: float | None) -> str:
    """US dollars: `$0.08`, a small cost with the digits that matter (`$0.0012`), `—` if unknown."""
    if dollars is None:
        return UNKNOWN
    if dollars == 0 or abs(dollars) >= 0.01:
        return f"${dollars:,.2f}"
    return "<$0.0001" if 0 < dollars < 0.000_05 else f"${dollars:.4f}"


def format_time(at: datetime) -> str:
    """A moment in UTC to the second: `2025-01-27T10:00:00Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
