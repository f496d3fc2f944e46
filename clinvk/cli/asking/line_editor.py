"""A line that a person edits: its keys, and the part of it that fits on the screen."""

from clinvk.text.sanitize import marked_line
from clinvk.text.width import display_width, graphemes

LONGEST = 10_000
"""Characters; more are ignored."""

_LINE_END = "↵"


class LineEditor:
    """The text and the place of the cursor; a line end in the text is shown as `↵`."""

    def __init__(self, text: str = "") -> None:
        self._parts = [*graphemes(text)]
        self._at = len(self._parts)

    @property
    def text(self) -> str:
        """The text as it is now."""
        return "".join(self._parts)

    def press(self, key: str) -> None:
        """Change the text or move the cursor; other keys do nothing."""
        at, end = self._at, len(self._parts)
        places = {"left": max(at - 1, 0), "right": min(at + 1, end), "home": 0, "end": end}
        cuts = {
            "backspace": (at - 1, at),
            "delete": (at, at + 1),
            "cut-start": (0, at),
            "cut-end": (at, end),
            "cut-word": (self._word_start(), at),
        }
        if key in cuts:
            self._cut(*cuts[key])
        elif len(key) == 1:
            self._insert(key)
        else:
            self._at = places.get(key, at)

    def shown(self, columns: int) -> tuple[str, int]:
        """The part around the cursor in less than `columns`, and the cursor's column in it."""
        cells = [_LINE_END if part == "\n" else marked_line(part) for part in self._parts]
        widths = [display_width(cell) for cell in cells]
        start = self._at
        left = 0
        while start > 0 and left + widths[start - 1] < columns - 1:
            start -= 1
            left += widths[start]
        end, used = self._at, left
        while end < len(cells) and used + widths[end] < columns - 1:
            used += widths[end]
            end += 1
        return "".join(cells[start:end]), left

    def _insert(self, char: str) -> None:
        text = "".join(self._parts[: self._at]) + char
        if len(text) > LONGEST:
            return
        before = [*graphemes(text)]
        self._parts = before + self._parts[self._at :]
        self._at = len(before)

    def _cut(self, start: int, end: int) -> None:
        start = max(start, 0)
        del self._parts[start:end]
        self._at = min(self._at, start)

    def _word_start(self) -> int:
        at = self._at
        while at > 0 and self._parts[at - 1].isspace():
            at -= 1
        while at > 0 and not self._parts[at - 1].isspace():
            at -= 1
        return at
