"""How close the words of a query stand to each other in one text."""

from collections.abc import Iterator, Sequence
from enum import IntEnum
from heapq import merge
from itertools import pairwise

from clinvk.services.search.query import Term
from clinvk.text.casefold import Span

_NEAR = 60
"""The most characters that stand between words in one sentence or two lines."""

_BESIDE = 3
"""The most signs between a word and the next one: `docker-compose`, `a, b`, `x -> y`."""

_FIRST_UNSPACED = "\u2e80"
"""From here on, scripts that write words without spaces between them."""


class Closeness(IntEnum):
    """How close the words stand."""

    APART = 0
    NEAR = 1
    ADJACENT = 2


def closeness(text: str, terms: Sequence[Term]) -> Closeness:
    """How close the terms stand in a folded text, at the place where they are closest.

    Only beginnings of words count: that `go` is in `good` close by says nothing. `ADJACENT` is in
    the order of the query.
    """
    last: list[Span | None] = [None] * len(terms)
    best = Closeness.APART
    for span, number in merge(*(_starts(text, term, n) for n, term in enumerate(terms))):
        last[number] = span
        spans = [one for one in last if one is not None]
        if len(spans) < len(terms):
            continue
        if _follow(text, spans):
            return Closeness.ADJACENT
        between = max(end for _, end in spans) - min(spans)[0] - sum(e - s for s, e in spans)
        if between <= _NEAR * (len(terms) - 1):
            best = Closeness.NEAR
    return best


def _starts(text: str, term: Term, number: int) -> Iterator[tuple[Span, int]]:
    """The places where the term begins a word."""
    for span in term.spans(text):
        before = text[span[0] - 1 : span[0]]
        if not before.isalnum() or term.words[0][:1] >= _FIRST_UNSPACED:
            yield span, number


def _follow(text: str, spans: Sequence[Span]) -> bool:
    """Whether each span follows the one before it, with nothing but a few signs between them."""
    return all(
        0 <= start - end <= _BESIDE and not any(map(str.isalnum, text[end:start]))
        for (_, end), (start, _) in pairwise(spans)
    )
