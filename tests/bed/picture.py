"""A screen as a picture (SVG) that any page can show: its text in a fixed width, its colours.

What stands in it are the terminal's own characters, so that a picture can be compared as text.
"""

import re
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

_SGR = re.compile(r"\x1b\[([0-9;]*)m")
_COLUMN, _LINE, _EDGE = 8.43, 19, 16
_GROUND, _TEXT = "#0d1117", "#e6edf3"
_COLORS = {
    "31": "#ff7b72",
    "32": "#7ee787",
    "33": "#e3b341",
    "34": "#79c0ff",
    "35": "#d2a8ff",
    "36": "#76e3ea",
    "90": "#8b949e",
}


def picture_of(lines: Sequence[str], *, columns: int, title: str) -> str:
    """The SVG of lines as a terminal was sent them, with colours; `title` is for who sees none."""
    width, height = round(columns * _COLUMN) + 2 * _EDGE, len(lines) * _LINE + 2 * _EDGE
    body = "\n".join(_line(number, line) for number, line in enumerate(lines) if line.strip())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' role="img" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14">\n'
        f"<title>{escape(title)}</title>\n"
        f'<rect width="100%" height="100%" rx="8" fill="{_GROUND}"/>\n'
        f'<g fill="{_TEXT}" xml:space="preserve">\n{body}\n</g>\n</svg>\n'
    )


def _line(number: int, line: str) -> str:
    spans = "".join(f"<tspan{style}>{escape(text)}</tspan>" for style, text in _spans(line))
    return f'<text x="{_EDGE}" y="{_EDGE + _LINE * number + 14}">{spans}</text>'


def _spans(line: str) -> Iterator[tuple[str, str]]:
    """The parts of a line that look the same, each with its attributes."""
    # Pieces are text and codes by turns, beginning with text.
    pieces = _SGR.split(line.rstrip())
    yield from _span("", pieces[0])
    codes: list[str] = []
    for said, text in zip(pieces[1::2], pieces[2::2], strict=True):
        for code in said.split(";"):
            codes = [] if code in {"", "0"} else [*codes, code]
        yield from _span("".join(map(_attribute, codes)), text)


def _span(style: str, text: str) -> Iterator[tuple[str, str]]:
    if text:
        yield style, text


def _attribute(code: str) -> str:
    if code in _COLORS:
        return f' fill="{_COLORS[code]}"'
    return {"1": ' font-weight="bold"', "2": ' opacity="0.6"', "3": ' font-style="italic"'}.get(
        code, ""
    )
