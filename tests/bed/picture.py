"""A terminal as a picture (SVG) that any page can show: its text in a fixed width, its colours.

It has a ground and an edge of its own, so that it is right on a light and on a dark page. Only what
browsers and librsvg both draw is used: fills, bold and italic, no style sheet and no opacity. What
stands in it are the terminal's own characters, so that a picture can be compared as text.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from xml.sax.saxutils import escape

_SGR = re.compile(r"\x1b\[([0-9;]*)m")
_COLUMN, _LINE, _EDGE, _BAR, _GAP = 8.43, 19, 18, 28, 10
_GROUND, _FRAME, _TEXT, _DIM = "#0d1117", "#3d444d", "#c9d1d9", "#8b949e"
_COLORS = {
    "31": "#ff7b72",
    "32": "#7ee787",
    "33": "#e3b341",
    "34": "#79c0ff",
    "35": "#d2a8ff",
    "36": "#76e3ea",
    "90": "#8b949e",
}
_ENDS = {"22": {"1", "2"}, "23": {"3"}, "39": {*_COLORS}}
_PROMPT, _TYPED, _REMARK = "#7ee787", "#79c0ff", "#8b949e"
_BUTTONS = ("#ff5f57", "#febc2e", "#28c840")


def picture_of(
    lines: Sequence[str], *, columns: int, title: str, typed: Collection[str] = ()
) -> str:
    """The SVG of lines as a terminal was sent them, with colours; `title` is for who sees none.

    The command lines `typed` have a colour of their own, and a gap above them.
    """
    texts, y = [], _BAR + 4
    for number, line in enumerate(lines):
        plain = _SGR.sub("", line).rstrip()
        is_typed = plain.removeprefix("$ ") in typed
        y += _LINE + (_GAP if is_typed and number else 0)
        if plain:
            texts.append(_text(y, _command(plain) if is_typed else _spans(line)))
    body = "\n".join(texts)
    width, height = round(columns * _COLUMN) + 2 * _EDGE, y + _EDGE
    buttons = "".join(
        f'<circle cx="{_EDGE + 4 + 16 * number}" cy="15" r="5" fill="{color}"/>'
        for number, color in enumerate(_BUTTONS)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" role="img" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas,'
        f' DejaVu Sans Mono, monospace" font-size="14">\n'
        f"<title>{escape(title)}</title>\n"
        f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="9"'
        f' fill="{_GROUND}" stroke="{_FRAME}"/>\n'
        f'{buttons}\n<g fill="{_TEXT}">\n{body}\n</g>\n</svg>\n'
    )


def _text(y: int, parts: Iterable[tuple[str, str]]) -> str:
    """A line: every word that has more than one blank before it is set at its column.

    Blanks are counted by no browser, and each font of the list has a width of its own.
    """
    spans, column = [], 0
    for style, text in parts:
        for word in re.finditer(r"\S+(?: \S+)*", text):
            at, length = column + word.start(), len(word[0])
            spans.append(
                f'<tspan x="{_EDGE + at * _COLUMN:.1f}" textLength="{length * _COLUMN:.1f}"'
                f' lengthAdjust="spacingAndGlyphs"{style}>{escape(word[0])}</tspan>'
            )
        column += len(text)
    return f'<text y="{y}">{"".join(spans)}</text>'


def _command(plain: str) -> Iterator[tuple[str, str]]:
    """A command line: the shell's prompt, what was typed, and a remark."""
    prompt, command = plain[:2], plain[2:]
    head, sign, remark = command.partition("  #")
    yield f' fill="{_PROMPT}" font-weight="bold"', prompt
    yield f' fill="{_TYPED}" font-weight="bold"', head
    if sign:
        yield f' fill="{_REMARK}"', sign + remark


def _spans(line: str) -> Iterator[tuple[str, str]]:
    """The parts of a line that look the same, each with its attributes."""
    # Pieces are text and codes by turns, beginning with text.
    pieces = _SGR.split(line.rstrip())
    if pieces[0]:
        yield "", pieces[0]
    codes: tuple[str, ...] = ()
    for said, text in zip(pieces[1::2], pieces[2::2], strict=True):
        codes = _after(codes, said)
        if text:
            yield _attributes(codes), text


def _after(codes: tuple[str, ...], said: str) -> tuple[str, ...]:
    """The codes in force after a sequence; some only end others."""
    for code in said.split(";"):
        if code in {"", "0"}:
            codes = ()
        elif code in _ENDS:
            codes = tuple(one for one in codes if one not in _ENDS[code])
        else:
            codes = (*codes, code)
    return codes


def _attributes(codes: Sequence[str]) -> str:
    colors = [_COLORS[code] for code in codes if code in _COLORS]
    color = colors[-1] if colors else _DIM if "2" in codes else None
    return (
        (f' fill="{color}"' if color else "")
        + (' font-weight="bold"' if "1" in codes else "")
        + (' font-style="italic"' if "3" in codes else "")
    )


def self_contained(lines: Iterable[str]) -> Iterator[str]:
    """The lines of one screen, each beginning with the codes that are in force there."""
    codes: tuple[str, ...] = ()
    for line in lines:
        yield f"\x1b[{';'.join(codes)}m{line}" if codes else line
        for said in _SGR.findall(line):
            codes = _after(codes, said)
