"""Lines that stay below all other output of a terminal: how they are drawn, and erased again.

All movements are relative to the cursor, so nothing has to be known about the screen. The cursor
rests inside the panel, where a person types.
"""

from msgspec import Struct

from clinvk.cli.paint import unpainted
from clinvk.text.width import display_width


class Panel(Struct, frozen=True, kw_only=True):
    """Lines shorter than the width of the terminal; the cursor stays at `column` of the last one.

    A line may have styles, but no other control characters.
    """

    lines: tuple[str, ...]
    column: int = 0

    def drawn_over(self, before: "Panel | None", columns: int, *, reflows: bool) -> str:
        """The output that draws it in place of panel `before`, or at the start of a line."""
        if before is not None and before.lines[:-1] == self.lines[:-1]:
            return f"{_up(before.column // columns)}\r\x1b[J{self._last()}"
        erased = "" if before is None else before.erased(columns, reflows=reflows)
        return "".join((erased, *(f"{line}\n" for line in self.lines[:-1]), self._last()))

    def erased(self, columns: int, *, reflows: bool) -> str:
        """The output that erases it; `columns` is the current width of the terminal."""
        above = [_width(line) for line in self.lines[:-1]]
        rows = sum(_rows(width, columns) if reflows else 1 for width in above)
        rows += self.column // columns if reflows else 0
        return f"{_up(rows)}\r\x1b[J"

    def _last(self) -> str:
        right = f"\x1b[{self.column}C" if self.column else ""
        return f"{self.lines[-1]}\r{right}"


def _up(rows: int) -> str:
    return f"\x1b[{rows}A" if rows else ""


def _rows(width: int, columns: int) -> int:
    return max(-(-width // max(columns, 1)), 1)


def _width(line: str) -> int:
    return display_width(unpainted(line))
