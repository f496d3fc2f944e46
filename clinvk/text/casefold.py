"""Converts text to the form that a search compares, and finds the original text again.

Compatibility forms (full width, ligatures, superscripts) and upper and lower case are equal, in the
query and in the text: NFKC, case folding, and NFKC again, because folding can undo it.
"""

import re
from collections.abc import Iterator
from unicodedata import category, combining, normalize

from clinvk.text.plain import is_plain

Span = tuple[int, int]
"""Start and end of a part of a text, in characters."""

_GROWING = re.compile(
    "[\xa8\xaf\xb4\xb8\xbc-\xbe\xdf\u0130\u0132\u0133\u013f\u0140\u0149\u01c4-\u01cc\u01f1-\u01f3"
    "\u02d8-\u02dd\u2017\u2025\u2026]"
)
"""The plain characters that become longer: `ß`, `½`, `…`. None becomes shorter or disappears."""

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_TOKEN = re.compile(r"\s+|\S+")


def fold(text: str) -> str:
    """The text in the form that is compared. Folding twice gives the same result."""
    if text.isascii():
        return text.lower()
    return normalize("NFKC", normalize("NFKC", text).casefold())


def unfolded_span(text: str, span: Span) -> Span:
    """The part of `text` that a part of `fold(text)` comes from.

    It is as small as possible; characters that were folded together stay together.
    """
    if text.isascii():
        return span
    if is_plain(text):
        return _plain_at(text, span[0]), _plain_at(text, span[1] - 1) + 1
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


def _plain_at(text: str, folded_at: int) -> int:
    """The position in plain text that a position in the folded text comes from."""
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
