r"""Finds out from a file's bytes that a word cannot be in it, so that it need not be parsed.

A file that passes may still not contain the word; it is parsed and searched properly. Of a word
only its runs of ASCII characters are searched, which JSON does not change. A file passes if it has
anything that could hide one: an escape (`\u0061`), a text that was streamed in pieces and cut
within the word, or bytes in UTF-16. Only a file with characters that fold to the word's (`ß`, `é`),
or to nothing, is folded as a whole.
"""

import re
from functools import cached_property

from clinvk.services.search.query import Term
from clinvk.text.casefold import fold

# Without quote, backslash and slash, which JSON may escape.
_RUN = re.compile(r"[!#-.0-\[\]-~]+")
_IN_ASCII = re.compile("[\0-\x7f\ud800-\udfff]+")
# All escapes except those that clinvk writes: control characters and lone surrogates.
_HIDING = re.compile(rb"\\u(?!00[01]|d[c-f])")
_PIECE = re.compile(rb'"turn": (\d+), "delta": true, "text": "([^"\\]*(?:\\.[^"\\]*)*)"')

_ASCII = bytes(range(128))

FOLD_TO_ASCII = (
    *((0xAA, 0x17F), (0x1A0, 0x1B0), (0x1C4, 0x233), (0x2B0, 0x2C8), (0x2E1, 0x2E3)),
    *((0x374, 0x37E), (0x1D2C, 0x1D65), (0x1D9C, 0x1DA0), (0x1DBB, 0x1DBB), (0x1E00, 0x1EF9)),
    *((0x1FEF, 0x1FEF), (0x2010, 0x2057), (0x2070, 0x20A8), (0x2100, 0x2189), (0x2212, 0x2212)),
    *((0x2460, 0x24EA), (0x2A74, 0x2A76), (0x2C7C, 0x2C7D), (0x2E3A, 0x2E3B), (0x301D, 0x301F)),
    *((0x3200, 0x325F), (0x32B1, 0x32CF), (0x3358, 0x33FF), (0xA7F1, 0xA7F9), (0xFB00, 0xFB06)),
    *((0xFB29, 0xFB29), (0xFE10, 0xFE19), (0xFE30, 0xFE6B), (0xFF01, 0xFF5E)),
    *((0x10783, 0x10783), (0x10795, 0x107A5), (0x1CCD6, 0x1CCF9), (0x1D400, 0x1D7FF)),
    *((0x1F100, 0x1F190), (0x1FBF0, 0x1FBF9)),
)
"""First and last of each range of characters that fold to text with ASCII characters."""

FOLD_AWAY = (
    *((0xAD, 0xAD), (0x300, 0x36F), (0x61C, 0x61C), (0x180E, 0x180E), (0x200B, 0x200F)),
    *((0x202A, 0x202E), (0x2060, 0x2064), (0x2066, 0x206F), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF)),
)
"""Likewise for the characters that disappear, which can stand in the middle of any word."""


class Prefilter:
    """Checks whether the bytes of a file can contain one word or phrase."""

    def __init__(self, term: Term) -> None:
        runs = (run for word in term.words for run in _RUN.findall(word))
        self._runs = tuple(dict.fromkeys(run.encode() for run in runs))
        # A lone surrogate is always escaped.
        self._in_ascii = all(_IN_ASCII.fullmatch(word) for word in term.words)

    def lets_through(self, content: "Content") -> bool:
        """Whether the term may be in the file."""
        if content.data is None:
            return True
        if self._runs and all(run in content.data for run in self._runs):
            return True
        missing = [run for run in self._runs if run not in content.low]
        if (self._runs and not missing) or content.hiding:
            return True
        if missing and any(all(run in text for run in missing) for text in content.streamed):
            return True
        if content.low.isascii():
            return self._in_ascii and not self._runs
        return not self._runs or (
            self._folding.search(content.not_ascii) is not None
            and any(all(run in text for run in missing) for text in content.folded)
        )

    @cached_property
    def _folding(self) -> "re.Pattern[bytes]":
        """A pattern for the characters that fold to one of the runs' characters, or to nothing."""
        sought = set(b"".join(self._runs).decode())
        endings: dict[bytes, bytes] = {}
        for first, last in (*FOLD_TO_ASCII, *FOLD_AWAY):
            for char in map(chr, range(first, last + 1)):
                form = fold(char)
                if not form or not sought.isdisjoint(form):
                    head, ending = char.encode()[:-1], char.encode()[-1:]
                    endings[head] = endings.get(head, b"") + ending
        return re.compile(b"|".join(head + b"[" + last + b"]" for head, last in endings.items()))


class Content:
    """The bytes of a file, prepared for prefilters; None for a file that was not read."""

    def __init__(self, data: bytes | None) -> None:
        self.data = data

    @cached_property
    def low(self) -> bytes:
        """The bytes with ASCII letters in lower case."""
        return (self.data or b"").lower()

    @cached_property
    def hiding(self) -> bool:
        """Whether the file may have letters in another form than plain text."""
        return (
            _HIDING.search(self.low) is not None
            or b"\x00" in self.low
            or self.low.count(b'"delta"') != len(self._pieces)
            or b'"continues"' in self.low
        )

    @cached_property
    def not_ascii(self) -> bytes:
        """The bytes that are not ASCII; searching only these is three times as fast."""
        return self.low.translate(None, _ASCII)

    @cached_property
    def streamed(self) -> list[bytes]:
        """The text that was streamed in pieces, joined for each turn."""
        texts: dict[bytes, list[bytes]] = {}
        for turn, piece in self._pieces:
            texts.setdefault(turn, []).append(piece)
        return [b"".join(pieces) for pieces in texts.values()]

    @cached_property
    def folded(self) -> list[bytes]:
        """The whole file, and each text that was streamed in pieces, as they are compared."""
        texts = (self.low, *self.streamed)
        return [fold(text.decode("utf-8", "replace")).encode("utf-8", "replace") for text in texts]

    @cached_property
    def _pieces(self) -> list[tuple[bytes, bytes]]:
        return _PIECE.findall(self.low) if b'"delta"' in self.low else []
