r"""Splits a child's byte stream into lines of text; never fails, in linear time and bounded memory.

Only `\n` ends a line: `str.splitlines` also splits at U+2028, which JSON allows inside strings.
"""

import sys

MAX_LINE_BYTES = 10 * 1024 * 1024
"""Events of agents are much shorter; anything longer is not an event and must not fill the memory.

The limit also applies to the text in memory, which may take four times the size of its bytes. A
line is in memory about five times while it is parsed, recorded and shown: with this limit, clinvk
stays below 80 MB.
"""

_OVERHEAD = 128
"""Maximum memory of a string in addition to its characters."""

_WIDEST = 4
"""Bytes per character in a text with one outside the Basic Multilingual Plane."""


class LineFramer:
    r"""Converts bytes to whole lines, without their end (`\n` or `\r\n`).

    Invalid UTF-8 becomes U+FFFD, and NUL is kept. A line longer than `max_line_bytes`, as bytes or
    as text in memory, is cut; `cut` counts such lines. The result does not depend on the chunks.
    """

    def __init__(self, max_line_bytes: int = MAX_LINE_BYTES) -> None:
        self._max = max_line_bytes
        self.cut = 0
        self._line = bytearray()
        self._dropped = False

    def feed(self, data: bytes) -> list[str]:
        """The lines that `data` completes."""
        *ended, rest = data.split(b"\n")
        lines = []
        for piece in ended:
            if self._line:
                self._keep(piece)
                lines += self.close()
            else:
                self._dropped = len(piece) > self._max
                lines.append(self._text(piece[: self._max]))
        self._keep(rest)
        return lines

    def close(self) -> list[str]:
        """The last line, if the stream ended without a line end."""
        lines = [self._text(self._line)] if self._line else []
        self._line.clear()
        return lines

    def _keep(self, piece: bytes) -> None:
        room = self._max - len(self._line)
        self._dropped = self._dropped or len(piece) > room
        self._line += piece[:room]

    def _text(self, line: bytes | bytearray) -> str:
        text = line.decode("utf-8", errors="replace").removesuffix("\r")
        fits = len(text) * _WIDEST <= self._max or sys.getsizeof(text) <= self._max + _OVERHEAD
        self.cut += self._dropped or not fits
        self._dropped = False
        return text if fits else text[: self._max // (sys.getsizeof(text) // len(text))]
