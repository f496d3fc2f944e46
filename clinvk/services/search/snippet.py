"""Makes one line from a longer text, with the matches marked, safe for a terminal."""

import re
from collections.abc import Sequence
from itertools import accumulate, islice, takewhile

from msgspec import Struct

from clinvk.services.search.query import Term, is_whole
from clinvk.text.casefold import Span, fold, unfolded_spans
from clinvk.text.plain import is_plain
from clinvk.text.sanitize import safe_text
from clinvk.text.width import display_width, graphemes

_BEFORE = 30
"""Columns before the first match: few, so that a narrow terminal still shows the match."""

_LONGEST = 200
_REACH = 400
_MOST = 50
_MORE = "…"
_SPACES = re.compile(r"\s+")
_BLANKS = {ord("\n"): " ", ord("\t"): " "}


class Snippet(Struct, frozen=True, kw_only=True):
    """One line of text; `marks` are the start and end of each match, in characters."""

    text: str
    marks: tuple[Span, ...] = ()


def snippet_of(text: str, terms: Sequence[Term], folded: str | None = None) -> Snippet:
    """The part of `text` where the most terms are close together; `folded`: the folded text."""
    anchor, spans = _place(fold(text) if folded is None else folded, terms)
    (start, end), *others = unfolded_spans(
        text, [anchor, *(span for span in spans if span != anchor)]
    )
    window = (max(0, start - _REACH // 4), min(len(text), max(end, start + _REACH)))
    marks = [span for span in _joined([(start, end), *others]) if window[0] <= span[0] < window[1]]
    line = _Line()
    at = window[0]
    line.add(text[at : marks[0][0]])
    line.shorten_before(more=at > 0)
    at = marks[0][0]
    more = _MORE if window[1] < len(text) else ""
    rest = text[at : window[1]].translate(_BLANKS)
    if marks[-1][1] <= window[1] and "  " not in rest and is_plain(rest):
        # Nothing in it has to be changed, as in most text.
        line.add_plain(rest + more, [(first - at, last - at) for first, last in marks])
        return line.snippet()
    for first, last in marks:
        line.add(text[at:first])
        line.add(text[first:last], mark=True)
        at = last
    line.add(text[at : window[1]] + (more if at <= window[1] else ""))
    return line.snippet()


def _place(folded: str, terms: Sequence[Term]) -> tuple[Span, list[Span]]:
    """The first of the spans that are close together, and all spans near it."""
    found = sorted(
        (span, term)
        for term in range(len(terms))
        for span in islice(terms[term].spans(folded), _MOST)
    )

    if len(terms) == 1:
        anchor = next((span for span, _ in found if is_whole(folded, span)), found[0][0])
        return anchor, [one for one, _ in found if anchor[0] <= one[0] < anchor[0] + _REACH]

    def worth(begin: int) -> tuple[int, bool, int]:
        start = found[begin][0][0]
        near = {term for span, term in found[begin:] if span[0] < start + _LONGEST // 2}
        return (len(near), is_whole(folded, found[begin][0]), -start)

    anchor = found[max(range(len(found)), key=worth)][0]
    near = [span for span, _ in found if anchor[0] <= span[0] < anchor[0] + _REACH]
    return anchor, near


def _joined(spans: list[Span]) -> list[Span]:
    """The spans in order; spans that touch or overlap are merged."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


class _Line:
    """Builds a line."""

    def __init__(self) -> None:
        self._text = ""
        self._marks: list[Span] = []

    def add(self, text: str, *, mark: bool = False) -> None:
        """Add a part of the text."""
        shown = _SPACES.sub(" ", safe_text(text))
        if not self._text or self._text.endswith(" "):
            shown = shown.removeprefix(" ")
        if mark and shown:
            self._marks.append((len(self._text), len(self._text) + len(shown)))
        self._text += shown

    def add_plain(self, text: str, marks: Sequence[Span]) -> None:
        """Add text that is shown unchanged; `marks` are within it, and it starts with one."""
        at = len(self._text)
        self._marks += [(first + at, last + at) for first, last in marks]
        self._text += text

    def shorten_before(self, *, more: bool) -> None:
        """Keep only the end of the text before the first mark; `more`: it was cut before."""
        kept = _last_columns(self._text, _BEFORE)
        if len(kept) < len(self._text):
            # Start at a word if possible.
            kept, more = kept.partition(" ")[2] or kept, True
        self._text = _MORE + kept if more else kept

    def snippet(self) -> Snippet:
        """The line, cut to the maximum length."""
        text = self._text.rstrip(" ")
        end = len(text)
        if end > _LONGEST:
            end = _LONGEST
            if not is_plain(text[: end + 1]):
                ends = accumulate(map(len, graphemes(text)))
                end = max(takewhile(_LONGEST.__ge__, ends), default=0)
            text = text[:end] + _MORE
            end = end or len(text)
        marks = ((first, min(last, end)) for first, last in self._marks if first < end)
        return Snippet(text=text, marks=tuple(marks))


def _last_columns(text: str, columns: int) -> str:
    """The end of the text that fits into this many columns; a grapheme is never cut."""
    end = text[-columns:]
    if is_plain(end):
        return end
    clusters = list(graphemes(end))[len(end) < len(text) :]
    widths = accumulate(map(display_width, reversed(clusters)))
    kept = sum(1 for _ in takewhile(columns.__ge__, widths))
    return "".join(clusters[len(clusters) - kept :])
