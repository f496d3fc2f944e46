"""Text collected from many pieces, in linear time and bounded memory."""

from io import StringIO

LONGEST_TEXT = 4_000_000
"""Characters. No model writes a tenth of this in one answer. Output without an end must not fill
the memory; the rest of it is in the transcript."""

CUT_NOTE = f"the answer has more than {LONGEST_TEXT:,} characters; the report has only its start"
"""The warning about a text of which only the start is kept."""

_MORE = "…"


class BoundedText:
    """The text so far. Characters beyond `longest` are only counted."""

    def __init__(self, longest: int = LONGEST_TEXT) -> None:
        self.size = 0
        """Number of characters received."""
        self._longest = longest
        self._kept = StringIO()

    def add(self, piece: str) -> None:
        """Append a piece."""
        room = self._longest - self.size
        if room > 0:
            self._kept.write(piece if len(piece) <= room else piece[:room])
        self.size += len(piece)

    def clear(self) -> None:
        """Start again with an empty text."""
        self.size = 0
        self._kept = StringIO()

    def begin(self, whole: str) -> bool:
        """Whether `whole` starts with the text that is kept."""
        return whole.startswith(self._kept.getvalue())

    @property
    def cut(self) -> bool:
        """Whether more was received than is kept."""
        return self.size > self._longest

    @property
    def text(self) -> str:
        """The whole text, or its start followed by `…` if it was cut."""
        return self._kept.getvalue() + (_MORE if self.cut else "")
