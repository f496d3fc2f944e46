"""Cells below one another, as wide as the widest."""

from collections.abc import Iterator, Sequence

from clinvk.text.width import display_width, pad

_GAP = "  "


def in_columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A line for each row, all rows of the same length; nothing stands behind the last cell."""
    widths = [max(map(display_width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (pad(cell, width) for cell, width in zip(row, widths, strict=True))
        yield f"{_GAP.join(cells).rstrip()}\n"
