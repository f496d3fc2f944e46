"""Parses `.env` files."""

import re

_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*", re.ASCII)
_QUOTES = ("'", '"', "`")


def variables_in(text: str) -> dict[str, str]:
    """The variables that a text sets, one per line; other lines are ignored. Never raises."""
    return {
        found[1]: _value(found[2])
        for line in text.splitlines()
        if (found := _LINE.fullmatch(line)) is not None
    }


def _value(raw: str) -> str:
    for quote in _QUOTES:
        if raw.startswith(quote) and (end := raw.find(quote, 1)) > 0:
            return raw[1:end]
    return raw.partition(" #")[0].rstrip()
