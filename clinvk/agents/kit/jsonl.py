"""Reads an agent's output, one JSON object per line, without trusting any field of it.

No reader here raises: each returns a value of the promised type for any input.
"""

import json
from collections.abc import Mapping, Sequence
from math import isfinite

from clinvk.model.events import Json

RESULT_TEXT_LIMIT = 2_000
"""Characters of a tool's output in an event; the agent's own transcript has the rest."""

_LINE_LIMIT = 200


def _finite(digits: str) -> float | None:
    """The number, None for one like `1e999`, which would not be valid JSON when written again."""
    value = float(digits)
    return value if isfinite(value) else None


def _whole(digits: str) -> int | None:
    """The number, None if it has more digits than Python can parse (4,300)."""
    try:
        return int(digits)
    except ValueError:
        return None


DECODER = json.JSONDecoder(parse_float=_finite, parse_int=_whole, parse_constant=lambda _name: None)
"""Parses JSON into values that can be written again: `NaN`, `Infinity`, huge numbers become null.

The last value of a duplicate key is used, as in most JSON parsers.
"""


def parse_object(line: str) -> Mapping[str, Json] | None:
    """The JSON object of a line, None if it is anything else; numbers are parsed as by `DECODER`.

    Lone surrogates, which are possible in JSON but not in UTF-8, become `?`.
    """
    try:
        value = DECODER.decode(line)
        if isinstance(value, dict) and ("\\ud" in line or "\\uD" in line):
            clean = json.dumps(value, ensure_ascii=False).encode("utf-8", errors="replace")
            value = json.loads(clean)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def parse_json(content: str) -> Json:
    """The value of a text that is only JSON, None for any other text."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def compact_json(value: Json) -> str:
    """The value as JSON on one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def mapping(value: Json) -> Mapping[str, Json]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Json) -> Sequence[Json]:
    """The value if it is an array, else an empty one."""
    return value if isinstance(value, list) else ()


def text(value: Json) -> str:
    """The value if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def count(value: Json) -> int | None:
    """The value if it is a non-negative whole number below 2**63, else None."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        return None
    return value


def amount(value: Json) -> float | None:
    """The value if it is a number that can be an amount of money or time, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 <= value < 2**63 or not isfinite(value):
        return None
    return float(value)


def clip(full: str, limit: int = RESULT_TEXT_LIMIT) -> str:
    """The text, or its start followed by `…` if it is too long."""
    return full if len(full) <= limit else full[: limit - 1] + "…"


def one_line(full: str) -> str:
    """The text as one short line."""
    return clip(" ".join(full[: 4 * _LINE_LIMIT].split()), _LINE_LIMIT)
