"""Text as it is compared in a search, and the way back to the text as it was written.

Compatibility forms (full width, ligatures, superscripts) and case count as the same, in what is
sought and in what is searched: NFKC, case folding, and NFKC again, because folding can undo it.
"""

import re
from collections.abc import Iterator
from unicodedata import category, combining, normalize

from clinvk.text.plain import is_plain

Span = tuple[int, int]
"""Where something begins and where it ends, in characters."""

_GROWING = re.compile(
    "[\xa8\xaf\xb4\xb8\xbc-\xbe\xdf\u0130\u0132\u0133\u013f\u0140\u0149\u01c4-\u01cc\u01f1-\u01f3"
    "\u02d8-\u02dd\u2017\u2025\u2026]"
)
"""The plain characters that become longer: `ß`, `½`, `…`. None becomes shorter or vanishes."""

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_TOKEN = re.compile(r"\s+|\S+")


def fold(text: str) -> str:
    """The text in the form that is compared; folding it again changes nothing."""
    if text.isascii():
        return text.lower()
    return normalize("NFKC", normalize("NFKC", text).casefold())


def unfolded_span(text: str, span: Span) -> Span:
    """Where in `text` that part of `fold(text)` comes from.

    As narrow as can be told: characters that were folded together stay together.
    """
    if text.isascii():
        return span
    if is_plain(text):
        return _plain_at(text, span[0]), _plain_at(text, span[1] - 1) + 1
    at, parts, span = _narrowed(_LINE.findall(text), span)
    further, parts, span = _narrowed(_TOKEN.findall("".join(parts)), span)
    at += further
    clusters = [cluster for part in parts for cluster in _clusters(part)]
    # Normalisation never reaches over white space, but there are scripts in which a letter joins
    # the one before it: then the whole word it is.
    if "".join(map(fold, clusters)) == fold("".join(parts)):
        further, parts, span = _narrowed(clusters, span)
        at += further
    return at, at + sum(map(len, parts))


def _plain_at(text: str, folded_at: int) -> int:
    """Which character of plain text that of the folded text comes from."""
    grown = 0
    for found in _GROWING.finditer(text):
        at = found.start()
        if at + grown >= folded_at:
            break
        more = len(fold(found[0])) - 1
        if folded_at <= at + grown + more:
            return at
        grown += more
    return folded_at - grown


def _narrowed(parts: list[str], span: Span) -> tuple[int, list[str], Span]:
    """Where the parts begin that the span lies in, these parts, and the span within them."""
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
    """Whether the character may become one with what stands before it."""
    if char < "\u0300":
        return False
    first = normalize("NFKD", char)[0]
    return (
        combining(first) != 0
        or category(first) == "Mc"
        or "\u1160" <= first <= "\u11ff"  # the vowels and finals of Hangul
    )
