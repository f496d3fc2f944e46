"""Lines of a text for a terminal: they end between words. Only a word longer than a line is cut."""

import re
from collections.abc import Iterator

from clinvk.text.width import display_width, graphemes

_WORDS = re.compile(r"[^\s`]*`[^`\n]*`\S*|\S+")
"""A command in backticks is one word, so that it can be copied."""

_PARTS = re.compile(r"\s*\S+\s*|\s+")


def filled(text: str, columns: int, indent: str = "") -> list[str]:
    """The words of one line of text in lines of at most `columns`; all but the first are indented.

    White space between words is one space; that before the first stays.
    """
    lines = [text[: len(text) - len(text.lstrip())]]
    for word in _WORDS.findall(text):
        for part in _fitting(word, columns - display_width(indent)):
            joined = f"{lines[-1]} {part}" if lines[-1].strip() else f"{lines[-1]}{part}"
            if display_width(joined) <= columns or not lines[-1].strip():
                lines[-1] = joined
            else:
                lines.append(f"{indent}{part}")
    return lines


def rows(text: str, columns: int) -> Iterator[str]:
    """The text in rows of at most `columns`, at least one; joined they are the text.

    A word of more than two thirds of a row may be cut.
    """
    if display_width(text) <= columns:
        yield text
        return
    row, used = "", 0
    for part in _PARTS.findall(text):
        # White space at the end of a row may be cut, for nobody sees where.
        whole = display_width(part.rstrip())
        # One that takes most of a row is no word that is read, and would leave rows almost empty.
        if used and columns - used < whole <= columns * 2 // 3:
            yield row
            row, used = "", 0
        for cluster in graphemes(part):
            width = display_width(cluster)
            if row and used + width > columns:
                yield row
                row, used = "", 0
            row += cluster
            used += width
    yield row


def _fitting(word: str, columns: int) -> Iterator[str]:
    """The word; if it is too long, its parts between spaces, and what is too long of these."""
    if display_width(word) <= columns:
        yield word
        return
    for part in word.split():
        yield from rows(part, max(columns, 1))
