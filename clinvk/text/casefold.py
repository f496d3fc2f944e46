"""Converts text to the form that a search compares, and finds the original text again.

In the query and in the text, these are equal: upper and lower case, compatibility forms (full
width, ligatures, superscripts), typographic and plain hyphens and quotes, and letters with and
without accents. Characters without a width, such as the soft hyphen, do not count.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple
from unicodedata import category, combining, normalize

from clinvk.text.plain import is_plain

Span = tuple[int, int]
"""Start and end of a part of a text, in characters."""

_GROWING = re.compile(
    "[\xbc-\xbe\xc6\xdf\xe6\u0132\u0133\u013f\u0140\u0149\u0152\u0153\u01c4-\u01cc\u01e2\u01e3"
    "\u01f1-\u01f3\u01fc\u01fd\u2025\u2026]"
)
"""The plain characters that become longer: `ß`, `½`, `…`. None becomes shorter or disappears."""

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_TOKEN = re.compile(r"\s+|\S+")

_INVISIBLE = (
    "\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff"
)
_PUNCTUATION = {
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u207b\u208b\u2212\u2e3a\u2e3b\ufe31\ufe32\ufe58",
    "'": "\xb4\u02b9\u02bb\u02bc\u02bd\u02c8\u0374\u2018\u2019\u201a\u201b\u2032\u2035\u2039\u203a",
    '"': "\xab\xbb\u02ba\u201c\u201d\u201e\u201f\u2033\u2036\u301d\u301e\u301f",
    "'''": "\u2034\u2037",
    "''''": "\u2057",
    "'n": "\u0149",
}
_PLAIN_FORM = {char: plain for plain, chars in _PUNCTUATION.items() for char in chars}
_TYPOGRAPHIC = re.compile(f"[{''.join(_PLAIN_FORM)}{_INVISIBLE}]")

_WITHOUT_ACCENT = dict(zip("łøđħŧıæœ", ("l", "o", "d", "h", "t", "i", "ae", "oe"), strict=True))
"""Letters with a stroke and the like, which Unicode does not take apart."""

_ACCENTS = re.compile(f"[\u0300-\u0336\u0339-\u036f{''.join(_WITHOUT_ACCENT)}]")
"""Not the strokes that make another sign: `≠`."""

_ACCENTED = re.compile(
    "[\xe0-\u024f\u0300-\u036f\u0386-\u03ce\u03d3\u03d4\u0400-\u045f\u0476\u0477\u04c1-\u04f9"
    "\u1e00-\u1fff]"
)


_MARKS = frozenset(map(chr, range(0x300, 0x370)))


class Folded(NamedTuple):
    """A text as it is compared: with its accents, and without."""

    accented: str
    plain: str


def fold(text: str) -> str:
    """The text in the form that is compared. Folding twice gives the same result."""
    return folded(text).plain


def folded(text: str) -> Folded:
    """The text in the form that is compared, and the same with its accents."""
    if text.isascii():
        low = text.lower()
        return Folded(low, low)
    text = plain_punctuation(text)
    accented = normalize("NFKC", normalize("NFKC", text).casefold())
    found = set(_ACCENTED.findall(accented))
    if not found.isdisjoint(_MARKS):  # letters that exist only with a separate accent
        return Folded(accented, _without_accents(accented))
    bare = accented
    for char in found:
        bare = bare.replace(char, _without_accent(char))
    return Folded(accented, bare)


@lru_cache
def _without_accent(char: str) -> str:
    return _without_accents(char)


def _without_accents(text: str) -> str:
    bare = _ACCENTS.sub(lambda mark: _WITHOUT_ACCENT.get(mark[0], ""), normalize("NFD", text))
    return normalize("NFC", bare)


def plain_punctuation(text: str) -> str:
    """The text with plain hyphens and quotes, and without characters that cannot be seen."""
    for char in set(_TYPOGRAPHIC.findall(text)):
        text = text.replace(char, _PLAIN_FORM.get(char, ""))
    return text


def unfolded_spans(text: str, spans: Sequence[Span]) -> list[Span]:
    """The parts of `text` that these parts of `fold(text)` come from.

    Each is as small as possible; characters that were folded together stay together.
    """
    if text.isascii():
        return [*spans]
    if is_plain(text):
        at = _plain_positions(text, max(end for _, end in spans))
        return [(at(start), at(end - 1) + 1) for start, end in spans]
    return [_unfolded(text, span) for span in spans]


def _unfolded(text: str, span: Span) -> Span:
    at, parts, span = _narrowed(_LINE.findall(text), span)
    further, parts, span = _narrowed(_TOKEN.findall("".join(parts)), span)
    at += further
    clusters = [cluster for part in parts for cluster in _clusters(part)]
    # Normalisation never crosses white space, but in some scripts a letter joins the one before it.
    # Then the result is the whole word.
    if "".join(map(fold, clusters)) == fold("".join(parts)):
        further, parts, span = _narrowed(clusters, span)
        at += further
    return at, at + sum(map(len, parts))


def _plain_positions(text: str, end: int) -> Callable[[int], int]:
    """A function from a position in folded plain text, before `end`, to the one it comes from."""
    # For each character that becomes longer: its last folded character, and how much was added.
    lasts, more = [-1], [0]
    for found in _GROWING.finditer(text):
        last = found.start() + more[-1] + len(fold(found[0])) - 1
        more.append(last - found.start())
        lasts.append(last)
        if last >= end:
            break

    def position(folded_at: int) -> int:
        after = bisect_left(lasts, folded_at)
        if after == len(lasts):
            return folded_at - more[-1]
        return min(folded_at - more[after - 1], lasts[after] - more[after])

    return position


def _narrowed(parts: list[str], span: Span) -> tuple[int, list[str], Span]:
    """The start of the parts that contain the span, these parts, and the span within them."""
    start, end = span
    at = folded_at = 0
    kept: list[str] = []
    for part in parts:
        if folded_at >= end:
            break
        length = len(fold(part))
        if folded_at + length > start:
            kept.append(part)
        else:
            at += len(part)
        folded_at += length
    dropped = folded_at - sum(len(fold(part)) for part in kept)
    return at, kept, (start - dropped, end - dropped)


def _clusters(token: str) -> Iterator[str]:
    start = 0
    for at in range(1, len(token)):
        if not _joins(token[at]):
            yield token[start:at]
            start = at
    yield token[start:]


def _joins(char: str) -> bool:
    """Whether the character can combine with the one before it."""
    if char < "\u0300":
        return False
    first = normalize("NFKD", char)[0]
    return (
        combining(first) != 0
        or category(first) == "Mc"
        or "\u1160" <= first <= "\u11ff"  # the vowels and finals of Hangul
    )
