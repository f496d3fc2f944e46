"""Times as people type them: how long ago, a date, or a date and a time."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from clinvk.errors import UsageError
from clinvk.text.units import parse_duration

CLOCKS_AGREE = timedelta(minutes=5)
"""How far the clocks of two machines may differ, or one clock between two days."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DAYS_AGO = {"today": 0, "yesterday": 1}
_FORMS = "write how long ago (`7d`, `2h`), a date (`2025-01-27`), a time (`2025-01-27T10:00`), "
_FORMS += "`today` or `yesterday`"


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
        raise UsageError(f"`{text}` is not a valid date", hint=_FORMS) from None
    try:
        return now - timedelta(seconds=parse_duration(words))
    except UsageError as error:
        raise UsageError(_told(error, text), hint=_FORMS) from None


def _day(day: datetime, local: Callable[[datetime], datetime], *, end: bool) -> datetime:
    """The start of the day or of the next one; a day is not always 24 hours long."""
    start = day.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    return local(start + timedelta(days=1) if end else start)


def _told(error: UsageError, text: str) -> str:
    """The message about a wrong duration, for a text that could also have been a date."""
    plain = error.message.endswith("is not a duration")
    return f"`{text}` is neither a duration nor a date" if plain else error.message
