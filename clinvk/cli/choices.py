"""The sessions of the picker: the filter, the matching sessions and the position of the pointer.

This module does not use a terminal. A session is read when it is about to be shown, together with
the screenful around it.
"""

from collections.abc import Sequence

from clinvk.services.sessions.list import Listed
from clinvk.services.sessions.pick import Offer
from clinvk.text.casefold import fold

_AHEAD = 64
"""Number of sessions read at once: a few screenfuls, which takes 2 ms."""


class Choices:
    """The sessions to choose from.

    Every typed word must occur in a session's title, name, tags, backend, directory, status or id.
    Case and compatibility forms do not matter.
    """

    def __init__(self, offered: Offer) -> None:
        self._offered = offered
        self._leave(offered)

    def _leave(self, left: Offer) -> None:
        self._left = left
        self.count = left.count
        """Number of matching sessions."""
        self._read: dict[int, Listed] = {}
        self.at = self._top = 0

    @property
    def pointed_at(self) -> Listed | None:
        """The session under the pointer; None if none matches."""
        part = self._part(self.at, 1)
        return part[0] if part else None

    def narrow(self, typed: str) -> None:
        """Keep only sessions that match all words, and move the pointer to the first."""
        words = tuple(fold(typed).split())
        self._leave(self._offered.narrowed(words) if words else self._offered)

    def move(self, by: int) -> None:
        """Move the pointer; it stops at both ends."""
        self.at = max(0, min(self.at + by, self.count - 1))

    def window(self, rows: int) -> tuple[Sequence[Listed], int]:
        """The sessions that fit into `rows` lines, and the index of the pointer among them."""
        rows = max(rows, 1)
        self._top = max(self.at - rows + 1, min(self._top, self.at, self.count - rows), 0)
        shown = self._part(self._top, rows)
        if self.at > max(self.count - 1, 0):  # some were removed since they were counted
            self.move(0)
            return self.window(rows)
        return shown, self.at - self._top

    def _part(self, first: int, count: int) -> list[Listed]:
        """Up to `count` sessions from `first`, read as needed; fewer if some were removed."""
        wanted = range(first, min(first + count, self.count))
        missing = next((at for at in wanted if at not in self._read), None)
        if missing is not None:
            start = max(min(missing, wanted.stop - _AHEAD), 0)
            found = self._left.part(start, max(_AHEAD, wanted.stop - start))
            for at, one in enumerate(found, start=start):
                self._read.setdefault(at, one)
            if start + len(found) < wanted.stop:
                self.count = start + len(found)
        return [self._read[at] for at in wanted if at in self._read]
