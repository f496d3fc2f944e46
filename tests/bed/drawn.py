"""What a terminal of a given width shows, of what is written to it: a few movements are enough."""

import re

from clinvk.text.width import display_width, graphemes

_SEQUENCE = re.compile(r"\x1b\[(\d*)([A-Za-ln-z])|\x1b\[[\d;]*m|\n|\r|[^\x1b\n\r]+")


class Drawn:
    """Lines as they are seen; a line that is too long is wrapped, as terminals do."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.rows: list[list[str]] = [[]]
        self.row = self.column = 0
        self.erased = 0
        """Cells with text in them that were erased."""
        self.highest = 0
        """The most rows that the cursor was moved up."""

    def write(self, text: str) -> None:
        """Show more."""
        for found in _SEQUENCE.finditer(text):
            if found[2]:
                self._move(found[2], int(found[1] or 1))
            elif found[0] == "\n":
                self.row, self.column = self.row + 1, 0
                if self.row == len(self.rows):
                    self.rows.append([])
            elif found[0] == "\r":
                self.column = 0
            elif not found[0].startswith("\x1b"):
                for cluster in graphemes(found[0]):
                    self._put(cluster)

    def text(self) -> str:
        """What is seen, without blanks at the ends of lines."""
        return "\n".join("".join(row).rstrip() for row in self.rows)

    def _move(self, letter: str, count: int) -> None:
        line = self.rows[self.row]
        if letter == "G":
            self.column = count - 1
        elif letter == "A":
            self.row -= count
            self.highest = max(self.highest, count)
            assert self.row >= 0, "the cursor left the screen"
        elif letter in "KJ":
            self.erased += sum(cell.strip() != "" for cell in line[self.column :])
            del line[self.column :]
            if letter == "J":
                self.erased += sum(
                    cell.strip() != "" for row in self.rows[self.row + 1 :] for cell in row
                )
                del self.rows[self.row + 1 :]
        else:
            raise AssertionError(f"not expected: {letter}")

    def _put(self, cluster: str) -> None:
        """One cluster; the second column of a wide one is an empty cell."""
        width = display_width(cluster)
        line = self.rows[self.row]
        if width == 0:
            line[-1] += cluster
            return
        if self.column + width > self.columns:
            self.write("\n")
            line = self.rows[self.row]
        line += [" "] * (self.column - len(line))
        line[self.column : self.column + width] = [cluster, *[""] * (width - 1)]
        self.column += width
