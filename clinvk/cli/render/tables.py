"""Tables that arrive row by row: each row is drawn at once.

A longer cell makes its column wider, and the table is drawn again, as long as all of it is on the
screen. From then on the columns stay, and long cells have several lines. A table with more columns
than fit is a list of its rows.
"""

import re
from collections.abc import Callable, Sequence

from clinvk.cli.paint import BOLD, DIM, Codes, Paint, unpainted
from clinvk.cli.render.inline import Inline
from clinvk.cli.render.words import Words
from clinvk.text.width import display_width

_BETWEEN = 2
_MOST_ROWS = 500
_CELL_END = re.compile(r"(?<!\\)\|")
_ALIGNED = {("-", ":"): ">", (":", ":"): "^"}

Cell = list[tuple[str, Codes]]


class Table:
    """One table. `write` takes what is shown; `size` are the columns and rows of the screen."""

    def __init__(
        self,
        write: Callable[[str], None],
        size: tuple[Callable[[], int], Callable[[], int]],
        paint: Paint,
        prefixes: tuple[str, str],
        *,
        moves: bool,
    ) -> None:
        self._write = write
        self._columns, self._screen_rows = size
        self._paint = paint
        self._first, self._rest = prefixes
        self._moves = moves
        self._indent = display_width(unpainted(self._rest))
        self._width = self._columns()
        self._head: list[Cell] | None = None
        self._aligned: list[str] = []
        self._rows: list[list[Cell]] = []
        self._natural: list[int] = []
        self._least: list[int] = []
        self._drawn: list[int] | None = None
        """The widths of the columns that are on the screen; empty for a list of rows."""
        self._height = 0
        self._live = True
        """Whether what is on the screen can be drawn again."""

    def begin(self, head: str | None, delimiters: str) -> None:
        """Start with the row above the delimiters, if there is one."""
        marks = _split(delimiters)
        self._aligned = [_ALIGNED.get((mark[0], mark[-1]), "<") for mark in marks if mark]
        if head is not None:
            self._head = self._measured(head, (BOLD,))
        if self._moves and self._head is not None:
            self._draw_all()

    def row(self, text: str) -> None:
        """The next row."""
        cells = self._measured(text)
        if self._live:
            self._rows.append(cells)
        if self._live and not self._moves:
            if len(self._rows) > _MOST_ROWS:
                self._draw_all()
                self._freeze()
            return
        if self._live and self._columns() != self._width:
            self._freeze()
        if self._live and self._drawn != self._widths():
            if self._drawn is None or self._height < self._screen_rows() - 2:
                self._draw_all()
                return
            self._freeze()
        if not self._live and not self._fits():
            self._width = self._columns()
            self._drawn = self._widths()
        self._put(self._row_lines(cells))
        if self._height > self._screen_rows() - 2:
            self._freeze()

    def _fits(self) -> bool:
        """Whether the columns on the screen are wide enough for all words, or there are none."""
        drawn = self._drawn
        if not drawn:
            return drawn is not None
        return len(drawn) == len(self._least) and all(map(int.__le__, self._least, drawn))

    def end(self) -> None:
        """The end of the table."""
        if self._live and not self._moves:
            self._draw_all()

    def _freeze(self) -> None:
        self._live = False
        self._rows.clear()

    def _measured(self, text: str, codes: Codes = ()) -> list[Cell]:
        """The cells of a row; the columns know their widths from now on."""
        cells = [_cell(one, codes) for one in _split(text)]
        self._natural += [1] * (len(cells) - len(self._natural))
        self._least += [1] * (len(cells) - len(self._least))
        for at, cell in enumerate(cells):
            words = "".join(text for text, _ in cell)
            self._natural[at] = max(self._natural[at], display_width(words))
            longest = max(map(display_width, words.split()), default=1)
            self._least[at] = max(self._least[at], longest)
        return cells

    def _widths(self) -> list[int]:
        """The widths of the columns; none if the words of the table do not fit."""
        room = self._width - self._indent - _BETWEEN * (len(self._natural) - 1)
        if sum(self._natural) <= room:
            return list(self._natural)
        spare = room - sum(self._least)
        if spare < 0:
            return []
        wanted = [
            natural - least for natural, least in zip(self._natural, self._least, strict=True)
        ]
        total = sum(wanted)
        return [
            least + spare * more // total for least, more in zip(self._least, wanted, strict=True)
        ]

    def _draw_all(self) -> None:
        if self._height:
            self._write(f"\x1b[{self._height}A\r\x1b[J")
        self._height, self._drawn = 0, self._widths()
        lines: list[str] = []
        if self._head is not None and self._drawn:
            lines += self._row_lines(self._head)
            rules = [self._paint("─" * width, DIM) for width in self._drawn]
            lines.append((" " * _BETWEEN).join(rules))
        for row in self._rows:
            lines += self._row_lines(row)
        if not lines and self._head is not None:
            lines = self._record(self._head)
        self._put(lines)

    def _put(self, lines: Sequence[str]) -> None:
        prefixes = [
            self._first if self._height + at == 0 else self._rest for at in range(len(lines))
        ]
        written = zip(prefixes, lines, strict=True)
        self._write("".join(f"{prefix}{line}".rstrip() + "\n" for prefix, line in written))
        self._height += len(lines)

    def _row_lines(self, cells: list[Cell]) -> list[str]:
        """The lines of a row."""
        widths = self._drawn
        if not widths:
            return self._record(cells)
        columns = [
            self._wrapped(cells[at] if at < len(cells) else [], width)
            for at, width in enumerate(widths)
        ]
        lines = []
        for number in range(max(map(len, columns), default=1) or 1):
            parts = [
                self._padded(lines_of[number] if number < len(lines_of) else "", width, at)
                for at, (lines_of, width) in enumerate(zip(columns, widths, strict=True))
            ]
            lines.append((" " * _BETWEEN).join(parts))
        return lines

    def _record(self, cells: list[Cell]) -> list[str]:
        """A row as lines `head: cell`, with a blank line above all but the first."""
        lines = [""] if self._height and cells is not self._head else []
        width = max(self._width - self._indent, 1)
        for at, cell in enumerate(cells):
            head = self._head[at] if self._head and at < len(self._head) else []
            named: Cell = [] if cells is self._head or not head else [*head, (": ", (BOLD,))]
            lines += self._wrapped([*named, *cell], width)
        return lines

    def _wrapped(self, cell: Cell, width: int) -> list[str]:
        written: list[str] = []
        words = Words(written.append, lambda: width, self._paint, moves=False)
        words.begin("", "")
        for text, codes in cell:
            words.add(text, codes)
        words.end()
        return "".join(written).splitlines()

    def _padded(self, text: str, width: int, at: int) -> str:
        missing = max(width - display_width(unpainted(text)), 0)
        aligned = self._aligned[at] if at < len(self._aligned) else "<"
        before = {"<": 0, "^": missing // 2, ">": missing}[aligned]
        return " " * before + text + " " * (missing - before)


def _split(row: str) -> list[str]:
    """The cells of a row, without the marks at its ends."""
    row = row.strip().removeprefix("|")
    cells = _CELL_END.split(row)
    if len(cells) > 1 and not cells[-1].strip():
        cells.pop()
    return [cell.replace("\\|", "|").strip() for cell in cells]


def _cell(text: str, codes: Codes) -> Cell:
    cell: Cell = []
    inline = Inline(lambda part, styles: cell.append((part, styles)), codes)
    inline.feed(text)
    inline.end()
    return cell
