"""Parts of a text that are secrets."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

MARK = "[redacted]"
"""What stands in the place of a secret."""

Span = tuple[int, int]
"""Start and end of a secret."""


class Text(NamedTuple):
    """A text, and the same in lower case, in which each character has the same place.

    Patterns without regard to case are many times slower than those that look at `low`.
    """

    said: str
    low: str

    @classmethod
    def of(cls, said: str) -> "Text":
        """The text with its lower case."""
        low = said.lower()
        if len(low) != len(said):  # the Turkish capital I becomes two characters
            low = "".join(one if len(one.lower()) != 1 else one.lower() for one in said)
        return cls(said, low)


def merged(spans: Iterable[Span]) -> Iterator[Span]:
    """The spans in order; those that overlap are one."""
    start, end = 0, 0
    for one in sorted(spans):
        if one[0] >= end:
            if end > start:
                yield start, end
            start, end = one
        else:
            end = max(end, one[1])
    if end > start:
        yield start, end
