"""Splits Markdown that arrives in pieces into blocks that can be rendered separately.

A block ends at a blank line outside a fence. If the next line decides (an indented line continues
the list item above it), the block waits for that line. Each line is examined once.
"""

import re

_FENCE = re.compile(r"[\s>]*(?:(?:[-*+]|\d{1,9}[.)])\s+)?(?P<marks>`{3,}|~{3,})(?P<info>.*)")
_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])\s")
_INDENTED = re.compile(r"(?: {2,}|\t)")


class Blocks:
    """Splits a text into blocks; joined, the blocks are the text."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._tail: list[str] = []
        self._fence = ""
        self._blank_seen = False

    def feed(self, text: str) -> list[str]:
        """The blocks that this piece completes."""
        done: list[str] = []
        for line in text.splitlines(keepends=True):
            self._tail.append(line)
            if line.endswith("\n"):
                done += self._line("".join(self._tail))
                self._tail.clear()
        return done

    def flush(self) -> list[str]:
        """The blocks that the end of the text completes; a new text can follow."""
        done = self._line("".join(self._tail)) if self._tail else []
        done += self._cut()
        self._tail.clear()
        self._fence = ""
        return done

    def _line(self, line: str) -> list[str]:
        if self._fence:
            return self._fenced(line)
        if not line.strip():
            self._lines.append(line)
            self._blank_seen = True
            return [] if self._next_line_decides() else self._cut()
        done = self._cut() if self._blank_seen and not self._continues(line) else []
        self._blank_seen = False
        self._lines.append(line)
        opening = _FENCE.match(line)
        # An info string with a backtick makes it a code span, not a fence.
        if opening and not ("`" in opening["marks"] and "`" in opening["info"]):
            self._fence = opening["marks"]
        return done

    def _fenced(self, line: str) -> list[str]:
        self._lines.append(line)
        bare = line.strip().lstrip("> ")
        if len(bare) >= len(self._fence) and not bare.strip(self._fence[0]):
            self._fence = ""
            if not self._next_line_decides():
                return self._cut()
        return []

    def _next_line_decides(self) -> bool:
        first = next((line for line in self._lines if line.strip()), "")
        return bool(_ITEM.match(first) or _INDENTED.match(first))

    def _continues(self, line: str) -> bool:
        return self._next_line_decides() and _INDENTED.match(line) is not None

    def _cut(self) -> list[str]:
        block = "".join(self._lines)
        self._lines.clear()
        self._blank_seen = False
        return [block] if block.strip() else []
