"""JSON for our files: always valid UTF-8, with times in UTC that end in `Z`."""

import json
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

_DEEPEST = 60
_DECODE = json.JSONDecoder().raw_decode
_ENCODE = {
    indent: json.JSONEncoder(ensure_ascii=False, allow_nan=False, indent=indent).encode
    for indent in (None, 2)
}
"""`json.dumps` makes an encoder for each value, which takes longer than a short line."""


def json_line(value: Mapping[str, Any] | str) -> bytes:
    """`value` as one line of JSON, with a line end."""
    return _dump(value, indent=None) + b"\n"


def json_list(values: Iterable[Mapping[str, Any]]) -> bytes:
    """An array with one object per line, so that `grep` works on it."""
    lines = [_dump(value, indent=None) for value in values]
    return b"[\n" + b",\n".join(lines) + b"\n]\n" if lines else b"[]\n"


def json_page(value: Mapping[str, Any]) -> bytes:
    """`value` as indented JSON for people, with a line end."""
    return _dump(value, indent=2) + b"\n"


def parse_line(line: bytes) -> object:
    """The value of a line or a file of JSON, like `json.loads`, with the same errors.

    It skips the detection of the encoding, which takes `json.loads` as long as the parsing.
    """
    try:
        text = line.decode("utf-8", "surrogatepass").removesuffix("\n")
        value, end = _DECODE(text)
    except ValueError:
        return json.loads(line)
    return value if end == len(text) else json.loads(line)


def time_to_text(at: datetime) -> str:
    """A time in UTC in full precision: `2025-01-27T10:00:00Z`, `2025-01-27T10:00:00.250000Z`."""
    utc = at.astimezone(UTC) if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return utc.isoformat().removesuffix("+00:00") + "Z"


def time_from_text(text: object) -> datetime:
    """The time that `text` means, in UTC. A time without a zone is treated as UTC.

    Raises `ValueError` for anything that is not a time.
    """
    if not isinstance(text, str):
        raise ValueError("not a time")  # noqa: TRY004  one kind of error for everything that is not a time
    at = datetime.fromisoformat(text)
    try:
        return at.astimezone(UTC) if at.tzinfo is not None else at.replace(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError("not a valid date") from error


def _dump(value: object, *, indent: int | None) -> bytes:
    try:
        text = _ENCODE[indent](value)
    except (ValueError, TypeError, RecursionError):
        text = _ENCODE[indent](_plain(value, _DEEPEST))
    # A lone surrogate (half a character from an agent, or a path byte that is not UTF-8) can only
    # be inside a JSON string, where Python's escape is a JSON escape too: `\udc80` reads back
    # unchanged, and the file stays valid UTF-8.
    return text.encode("utf-8", "backslashreplace")


def _plain(value: object, levels: int) -> object:
    """`value` with everything that JSON cannot express replaced, so that the rest is kept."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if levels == 0:
        return "…"
    if isinstance(value, Mapping):
        return {str(key): _plain(item, levels - 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item, levels - 1) for item in value]
    return str(value)
