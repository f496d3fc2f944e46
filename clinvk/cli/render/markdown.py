"""Markdown for a terminal, rendered as it arrives: each word and line of code is shown at once.

What is shown stays: the time is proportional to the length of the text, nothing flickers, and what
has scrolled away is right. `words` and `tables` have the two exceptions, on a part of a line and on
a table that is on the screen. All links show their address.
"""

from collections.abc import Callable

from clinvk.cli.paint import BOLD, DIM, ITALIC, UNDERLINE, Codes, Paint
from clinvk.cli.render.blocks import Container, Line, Open, is_delimiters, read_line
from clinvk.cli.render.inline import Inline
from clinvk.cli.render.tables import Table
from clinvk.cli.render.words import Words

MAX_COLUMNS = 120
"""Longer lines are hard to read, also on a wide terminal."""

_HEADINGS: dict[int, Codes] = {1: (BOLD, UNDERLINE), 2: (BOLD,), 3: (BOLD,)}
_LONGEST_RULE = 40
_NARROWEST = 10
"""Columns that remain for the text; of a list that is nested deeper, the inner marks are shown."""


def rendered(text: str, columns: int, paint: Paint) -> str:
    """A whole text in lines of at most `columns`; it must be safe already."""
    shown: list[str] = []
    stream = MarkdownStream(shown.append, lambda: columns, paint)
    stream.feed(text)
    stream.end()
    return "".join(shown)


class MarkdownStream:
    """Renders one text; `write` takes what is shown, which ends with a line end after `end`.

    The text must be safe already. With `moves` the cursor can be moved, and `rows` is the height of
    the screen; without, a word and a table are shown when they are complete.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        columns: Callable[[], int],
        paint: Paint,
        *,
        moves: bool = False,
        rows: Callable[[], int] = lambda: 24,
    ) -> None:
        self._write = write
        self._screen_columns = columns
        self._rows = rows
        self._paint = paint
        self._moves = moves
        self._words = Words(write, self._columns, paint, moves=moves)
        self._inline = Inline(self._words.add)
        self._line = ""
        """The beginning of a line that is not decided yet."""
        self._decided = False
        self._containers: list[Container] = []
        self._leaf: str | None = None
        self._fence = ""
        self._fence_depth = self._fence_indent = 0
        self._code: Callable[[str], list[tuple[str, Codes]]] | None = None
        self._raw_open = False
        self._head = ""
        self._table = self._new_table()
        self._blank = False
        """Whether a blank line is due, if there is something above it."""
        self._begun = False
        self._below_text = False

    def _columns(self) -> int:
        return min(self._screen_columns(), MAX_COLUMNS)

    @property
    def mid_line(self) -> bool:
        """Whether the cursor is behind an incomplete line."""
        return self._raw_open or self._words.mid_line

    def feed(self, text: str) -> None:
        """The next piece."""
        for part in text.splitlines(keepends=True):
            line = part.removesuffix("\n")
            self._add(line, complete=line != part)

    def end(self) -> None:
        """The end of the text."""
        if self._decided or self._line:
            self._add("", complete=True)
        self._end_leaf()
        self._close(0)
        self._blank = self._begun = False

    def _add(self, part: str, *, complete: bool) -> None:
        if self._decided:
            self._continue(part)
        else:
            self._line += part
            above = Open(self._containers, self._leaf, self._fence, self._fence_depth)
            line = read_line(self._line, above, complete=complete)
            if line is not None:
                self._line, self._decided = "", True
                self._take(line)
        if complete:
            self._line, self._decided = "", False
            if self._raw_open:
                self._write("\n")
                self._raw_open = False
            if self._leaf == "heading":
                self._end_leaf()
            elif self._leaf == "text":
                self._inline.feed("\n")

    def _continue(self, part: str) -> None:
        """More of a line whose beginning is shown."""
        if self._leaf in {"text", "heading"}:
            self._inline.feed(part)
        elif self._leaf in {"fence", "code"} and part:
            self._write(part.expandtabs(4))
            self._raw_open = True

    def _take(self, line: Line) -> None:
        """Show a line, or its beginning."""
        if line.kind == "blank" and not line.opened:
            self._end_leaf()
            self._close(line.kept)
            self._blank = True
            return
        if self._leaf == "head" and not (line.kind == "row" and is_delimiters(line.text)):
            self._head_is_text()
        self._below_text = self._leaf == "text"
        inside = not line.opened and line.kept == len(self._containers)
        if inside and self._goes_on(line):
            return
        self._end_leaf()
        self._close(line.kept)
        if line.kind == "fence_end":
            return
        self._separate()
        self._containers += line.opened
        self._start(line)

    def _goes_on(self, line: Line) -> bool:
        """Show a line that belongs to what is open above it; False if it does not."""
        match (self._leaf, line.kind):
            case ("text", "text"):
                self._inline.feed(line.text)
            case ("table", "row"):
                self._table.row(line.text)
            case ("head", "row"):
                self._start_table(self._head, line.text)
            case ("fence" | "code", "code"):
                self._code_line(line.text)
            case _:
                return False
        return True

    def _start(self, line: Line) -> None:
        """Show the first line of a block."""
        match line.kind:
            case "text":
                self._start_text(line.text, "text", ())
            case "heading":
                codes = _HEADINGS.get(line.level, (BOLD, ITALIC))
                self._start_text(line.text, "heading", codes)
            case "rule" | "underline":
                room = self._columns() - 3 * len(self._containers)
                drawn = "═" if line.text == "=" else "─"
                self._put_line(self._paint(drawn * max(min(room, _LONGEST_RULE), 1), DIM))
            case "fence":
                self._leaf, self._fence = "fence", line.marks
                self._fence_depth, self._fence_indent = len(self._containers), line.level
                self._code = self._colors(line.text)
            case "code":
                self._leaf, self._fence_indent, self._code = "code", 0, None
                self._code_line(line.text)
            case "row" if is_delimiters(line.text) and self._below_text:
                self._start_table(None, line.text)
            case "row":
                self._leaf, self._head = "head", line.text

    def _start_text(self, text: str, leaf: str, codes: Codes) -> None:
        self._leaf = leaf
        self._words.begin(*self._prefixes())
        self._inline = Inline(self._words.add, codes)
        self._inline.feed(text)

    def _head_is_text(self) -> None:
        self._start_text(f"{self._head}\n", "text", ())

    def _start_table(self, head: str | None, delimiters: str) -> None:
        self._leaf = "table"
        self._table = self._new_table()
        self._table.begin(head, delimiters)

    def _new_table(self) -> Table:
        size = (self._columns, self._rows)
        return Table(self._write, size, self._paint, self._prefixes(), moves=self._moves)

    def _colors(self, info: str) -> Callable[[str], list[tuple[str, Codes]]] | None:
        language = info.split(maxsplit=1)[0].strip("{}.") if info else ""
        if not (language and self._paint.color and self._paint.styled):
            return None
        from clinvk.cli.render.code import CodeLines  # loads the lexers

        lines: Callable[[str], list[tuple[str, Codes]]] = CodeLines(language).line
        return lines

    def _code_line(self, text: str) -> None:
        indent = min(len(text) - len(text.lstrip(" ")), self._fence_indent)
        text = text[indent:].expandtabs(4)
        parts = self._code(text) if self._code else [(text, ())]
        shown = "".join(self._paint(part, *codes) for part, codes in parts)
        # What follows a space at its end may still come.
        self._put_line(f"  {shown}" if text.strip() else "")

    def _put_line(self, shown: str) -> None:
        first, _ = self._prefixes()
        self._write(f"{first}{shown}" if shown else first.rstrip())
        self._raw_open = True

    def _prefixes(self, *, showing: bool = True) -> tuple[str, str]:
        """What the next line begins with, and what the lines below it begin with."""
        first, rest, room = "", "", self._columns() - _NARROWEST
        for one in reversed(self._containers):
            if one.is_quote:
                mark = blank = self._paint("▌", DIM) + " "
                room -= 2
            else:
                bullet = one.mark if one.mark[0].isdigit() else "•"
                blank = " " * (len(bullet) + 2)
                mark = blank if one.shown else f" {self._paint(bullet, BOLD)} "
                room -= len(blank)
            one.shown = one.shown or showing
            if room >= 0 or one is self._containers[-1]:
                first, rest = mark + first, blank + rest
        return first, rest

    def _separate(self) -> None:
        """Write the blank line that is due, in the quotes that both blocks are in."""
        if self._blank and self._begun:
            _, rest = self._prefixes(showing=False)
            self._write(f"{rest.rstrip()}\n")
        self._blank, self._begun = False, True

    def _close(self, kept: int) -> None:
        """Close all containers but the first ones; the mark of an empty item is shown too."""
        if kept < len(self._containers):
            self._end_leaf()
            if not all(one.shown for one in self._containers[kept:]):
                first, _ = self._prefixes()
                self._write(f"{first.rstrip()}\n")
            del self._containers[kept:]

    def _end_leaf(self) -> None:
        leaf, self._leaf = self._leaf, None
        match leaf:
            case "text" | "heading":
                self._inline.end()
                self._words.end()
            case "head":
                self._head_is_text()
                self._end_leaf()
            case "table":
                self._table.end()
            case "fence":
                self._fence = ""
