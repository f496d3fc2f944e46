"""Lists an agent's files once for many lookups.

A glob for each of 10,000 conversations reads the agent's folders 10,000 times. A listing reads them
once, and finds each pattern by its literal end in a sorted list.
"""

import os
import re
from bisect import bisect_left
from fnmatch import fnmatchcase
from pathlib import Path

_PIECE = re.compile(r"\[!?.[^\]]*\]|[*?]")
_LITERAL = re.compile(r"\[([^!])\]")


class ConversationListing:
    """The files below `root`, down to the depth of a pattern of `depth` parts.

    `complete`: every folder could be read, so a file that is not listed does not exist.
    """

    def __init__(self, root: Path, depth: int) -> None:
        self._root = root
        unreadable: list[OSError] = []
        found: list[str] = []
        top = os.fspath(root)
        for folder, folders, files in os.walk(top, onerror=unreadable.append):
            start = folder[len(top) :].lstrip(os.sep)
            start = f"{start}{os.sep}" if start else ""
            found += [f"{start}{name}"[::-1] for name in (*folders, *files)]
            if start.count(os.sep) >= depth - 1:
                folders.clear()
        found.sort()
        self._backwards = found
        self.complete = not unreadable and root.is_dir()

    def find(self, pattern: str) -> tuple[Path, ...]:
        """The files that match the pattern (of `Path.glob`, without `**`)."""
        found: list[Path] = []
        head, tail = _cut(pattern)
        heads, backwards = head.split("/"), tail[::-1]
        place = bisect_left(self._backwards, backwards)
        while place < len(self._backwards) and self._backwards[place].startswith(backwards):
            path = self._backwards[place][::-1]
            parts = path[: len(path) - len(tail)].split("/")
            if len(parts) == len(heads) and all(map(fnmatchcase, parts, heads)):
                found.append(self._root / path)
            place += 1
        return tuple(found)


class Listings:
    """The listings of several folders, each made at its first use."""

    def __init__(self) -> None:
        self._made: dict[tuple[Path, int], ConversationListing] = {}

    def of(self, root: Path, depth: int) -> ConversationListing:
        """The listing for patterns of `depth` parts below `root`."""
        place = (root, depth)
        if place not in self._made:
            self._made[place] = ConversationListing(root, depth)
        return self._made[place]


def depth_of(pattern: str) -> int | None:
    """The number of path parts in the pattern; None if a listing does not support it."""
    return None if "**" in pattern else pattern.count("/") + 1


def _cut(pattern: str) -> tuple[str, str]:
    """The pattern up to its last wildcard, and the literal text after it.

    The first part is the same for all conversations of an agent. `[*]` is an asterisk.
    """
    tail, end = "", len(pattern)
    for piece in reversed(list(_PIECE.finditer(pattern))):
        tail = pattern[piece.end() : end] + tail
        literal = _LITERAL.fullmatch(piece[0])
        if literal is None:
            return pattern[: piece.end()], tail
        tail, end = literal[1] + tail, piece.start()
    return "", pattern[:end] + tail
