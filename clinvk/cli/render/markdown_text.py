"""Puts text from others into a Markdown document, clearly separated from ours.

Text from users and agents is in block quotes (each line starts with `>`), in code spans, or
escaped. So a heading, an open fence, HTML or front matter in an answer cannot affect the document.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from clinvk.text.sanitize import safe_line

Scalar = str | int | float | None

_LINE_END = re.compile("\r\n|\r|\n")
_SPECIAL = re.compile(r"([\\`*_\[\]<>&~|$#])")
_BACKTICKS = re.compile("`+")
# Characters that JSON allows in a string, but YAML forbids or treats as a line end.
_UNPRINTABLE = re.compile(
    "[^ -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


def quoted(text: str) -> Iterator[str]:
    """The lines of the text as a block quote, with any kind of line end."""
    for line in _LINE_END.split(text.rstrip("\r\n")):
        yield f"> {line}" if line else ">"


def code(text: str) -> str:
    """The text on one line as a code span, with as many backticks as needed."""
    line = safe_line(text)
    longest = max(map(len, _BACKTICKS.findall(line)), default=0)
    fence = "`" * (longest + 1)
    room = " " if not line or line[0] in "` " or line[-1] in "` " else ""
    return f"{fence}{room}{line}{room}{fence}"


def plain(text: str) -> str:
    """The text on one line, with all markup escaped."""
    return _SPECIAL.sub(r"\\\1", safe_line(text))


def yaml_lines(
    fields: Mapping[str, Scalar | Sequence[str] | Mapping[str, Scalar]],
) -> Iterator[str]:
    """The fields as YAML, one per line; those of an inner mapping are indented below it."""
    for key, value in fields.items():
        if isinstance(value, Mapping):
            yield f"{key}:"
            for name, inner in value.items():
                yield f"  {name}: {_scalar(inner)}"
        elif isinstance(value, Sequence) and not isinstance(value, str):
            yield f"{key}: [{', '.join(map(_scalar, value))}]"
        else:
            yield f"{key}: {_scalar(value)}"


def _scalar(value: Scalar) -> str:
    if value is None:
        return "null"
    if isinstance(value, float):
        return f"{value:.10f}".rstrip("0").rstrip(".")
    if isinstance(value, int):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_UNPRINTABLE.sub(_escape, escaped)}"'


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
