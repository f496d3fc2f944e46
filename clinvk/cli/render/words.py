"""Writes words into lines as they arrive; what is written stays as it is.

The one exception is a word that is still arriving: it is shown at once, and if it outgrows its line
it moves to the next. So a line ends between two words, a reader sees each letter as soon as it is
there, and nothing but the beginning of one word is ever erased.
"""

import re
from collections.abc import Callable

from clinvk.cli.paint import Codes, Paint, unpainted
from clinvk.text.width import display_width, graphemes

_PARTS = re.compile(r"\n|[ \t]+|[^ \t\n]{1,500}")
_CLOSING = frozenset(
    "\u3001\u3002\uff0c\uff0e\uff1a\uff1b\uff01\uff1f\uff09\u300d\u300f\u3011\u3009\u300b"
)
"""Signs that do not begin a line."""


class Words:
    """One flow of text. `columns` is the current width; `write` takes what is shown.

    With `moves` the cursor can be moved; without, a word is shown when it is complete.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        columns: Callable[[], int],
        paint: Paint,
        *,
        moves: bool,
    ) -> None:
        self.paint = paint
        self.write = write
        self._columns = columns
        self._moves = moves
        self._width = columns()
        self._first: str | None = ""
        """The beginning of the next line, None while a line is incomplete."""
        self._rest = ""
        self._indent = 0
        self._column = 0
        self._space = False
        self._word: list[tuple[str, Codes]] = []
        self._word_at = 0
        self._word_width = 0
        self._shown = 0
        """How many parts of the word are written."""
        self._spaced = False
        """Whether a space was written before it."""
        self._after_wide = False
        self._resized = False

    @property
    def mid_line(self) -> bool:
        """Whether the cursor is behind an incomplete line."""
        return self._first is None

    def begin(self, first: str, rest: str) -> None:
        """Start a flow: what its first line and its further lines begin with, of equal width."""
        self._first, self._rest = first, rest
        self._indent = display_width(unpainted(rest))
        self._width = self._columns()
        self._resized = self._space = self._after_wide = False
        self._column = self._indent

    def add(self, text: str, codes: Codes = ()) -> None:
        """Add text; white space separates words, and a line end is one."""
        for part in _PARTS.findall(text):
            if part == "\n":
                self.end_line()
            elif part[0] in " \t":
                self._end_word()
                self._space = True
            elif part.isascii() and not self._after_wide:
                self._extend(part, codes)
            else:
                for unit in graphemes(part):
                    self._extend_by(unit, codes)

    def end_line(self) -> None:
        """End the line; without a word nothing is written."""
        self._end_word()
        self._space = False
        if self._first is None:
            self._next_line()

    def end(self) -> None:
        """End the flow: the beginning of its first line is written also without a word."""
        self._end_word()
        if self._first is None:
            self.write("\n")
        elif self._first.strip():
            self.write(f"{self._first.rstrip()}\n")
        self._first = ""

    def _extend_by(self, cluster: str, codes: Codes) -> None:
        """A line can also end beside a character of a script without spaces."""
        wide = _ends_words(cluster)
        if (wide or self._after_wide) and cluster not in _CLOSING:
            self._end_word()
        self._after_wide = wide or (self._after_wide and cluster in _CLOSING)
        self._extend(cluster, codes)

    def _extend(self, text: str, codes: Codes) -> None:
        """Add to the word; one that is longer than a line fills it, and remains on the next."""
        self._check_width()
        if not self._word:
            if self._resized:
                self._next_line()
            self._word_at = self._column + (self._space and self._first is None)
        whole = self._limit - self._indent
        while not self._resized and self._word_width + display_width(text) > whole:
            if self._word_at > self._indent:
                self._carry()
            head, text = _split(text, whole - self._word_width)
            self._append(head, codes)
            self._put()
            self._next_line()
            self._word, self._word_width, self._shown = [], 0, 0
            self._word_at = self._indent
        if text:
            self._append(text, codes)
        if self._moves:
            self._show()

    def _append(self, text: str, codes: Codes) -> None:
        self._word.append((text, codes))
        self._word_width += display_width(text)

    def _end_word(self) -> None:
        if self._word:
            self._show()
        self._word, self._word_width, self._shown = [], 0, 0
        self._after_wide = False

    def _show(self) -> None:
        """Write what is not shown of the word; if it does not fit, all of it on the next line."""
        if not self._resized and self._word_at + self._word_width > self._limit:
            self._carry()
        self._put()

    def _carry(self) -> None:
        """Move the word to the next line."""
        if self._shown:
            # By number, because a cursor in the last column may not have moved on yet.
            self.write(f"\x1b[{self._word_at - self._spaced + 1}G\x1b[K")
        self._next_line()
        self._word_at, self._shown = self._indent, 0

    def _put(self) -> None:
        written = []
        if self._shown == 0:
            self._spaced = self._space and self._first is None
            written.append(" " * self._spaced if self._first is None else self._first)
            self._first, self._space = None, False
        written += [self.paint(text, *codes) for text, codes in self._word[self._shown :]]
        self._shown = len(self._word)
        self._column = self._word_at + self._word_width
        self.write("".join(written))

    def _next_line(self) -> None:
        self.write("\n")
        self._first, self._column = self._rest, self._indent
        self._resized = self._space = False

    @property
    def _limit(self) -> int:
        return max(self._width, self._indent + 1)

    def _check_width(self) -> None:
        """Notice a resized window: what is on the line may have moved, so the line ends soon."""
        if (width := self._columns()) != self._width:
            self._width = width
            self._resized = self._moves and self._first is None


def _ends_words(cluster: str) -> bool:
    """Whether lines can end beside it: Chinese and Japanese, but not Korean, which has spaces."""
    char = cluster[0]
    return "\u2e80" <= char <= "\ua4cf" or "\uf900" <= char <= "\uff60" or char >= "\U0001f000"


def _split(text: str, room: int) -> tuple[str, str]:
    """The text cut where its beginning takes at most `room` columns."""
    if text.isascii():
        return text[:room], text[room:]
    at = 0
    for cluster in graphemes(text):
        room -= display_width(cluster)
        if room < 0:
            break
        at += len(cluster)
    return text[:at], text[at:]
