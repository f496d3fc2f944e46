r"""Cuts a child's byte stream into lines of text; total, linear in time, bounded in memory.

Only `\n` ends a line: `str.splitlines` would also cut at U+2028, which JSON allows inside strings.
"""

MAX_LINE_BYTES = 64 * 1024 * 1024
"""No agent's event comes near this; whatever does is no event and must not eat the memory."""


class LineFramer:
    r"""Bytes in, whole lines out, without their end (`\n` or `\r\n`).

    Invalid UTF-8 becomes U+FFFD and NUL is kept. Of a line longer than `max_line_bytes` the start
    is given and the rest dropped. How the bytes were cut into chunks makes no difference.
    """

    def __init__(self, max_line_bytes: int = MAX_LINE_BYTES) -> None:
        self._max = max_line_bytes
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[str]:
        """The lines that `data` completes."""
        *ended, rest = data.split(b"\n")
        lines = []
        for piece in ended:
            self._keep(piece)
            lines.append(self._take())
        self._keep(rest)
        return lines

    def close(self) -> list[str]:
        """The last line, if the stream stopped without ending it."""
        return [self._take()] if self._size else []

    def _keep(self, piece: bytes) -> None:
        # Parts are joined once a line: adding each to one growing string is quadratic.
        if kept := piece[: self._max - self._size]:
            self._parts.append(kept)
            self._size += len(kept)

    def _take(self) -> str:
        line = b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        return line.removesuffix(b"\r").decode("utf-8", errors="replace")
