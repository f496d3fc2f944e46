"""A text that comes in pieces: any number of them in linear time, and in bounded memory."""

from io import StringIO

LONGEST_TEXT = 4_000_000
"""Characters. No model writes a tenth of it in one answer; what goes on and on must not eat the
memory, and its rest is where it was written as it came."""

CUT_NOTE = f"the answer has more than {LONGEST_TEXT:,} characters; the report has only its start"
"""What is said of a text of which only the start is kept."""

_MORE = "…"


class Pieces:
    """What has come so far. Beyond `longest` characters only their number is kept."""

    def __init__(self, longest: int = LONGEST_TEXT) -> None:
        self.size = 0
        """How many characters have come."""
        self._longest = longest
        self._kept = StringIO()

    def add(self, piece: str) -> None:
        """The next piece."""
        room = self._longest - self.size
        if room > 0:
            self._kept.write(piece if len(piece) <= room else piece[:room])
        self.size += len(piece)

    def clear(self) -> None:
        """Forget all of it."""
        self.size = 0
        self._kept = StringIO()

    def begin(self, whole: str) -> bool:
        """Whether this is, as far as it is kept, the start of `whole`."""
        return whole.startswith(self._kept.getvalue())

    @property
    def cut(self) -> bool:
        """Whether more has come than is kept."""
        return self.size > self._longest

    @property
    def text(self) -> str:
        """All of it, or the start with a mark that there was more."""
        return self._kept.getvalue() + (_MORE if self.cut else "")
