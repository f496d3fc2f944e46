"""Parses a search query: required words and phrases, and excluded ones.

The grammar is in `docs/search.md`. A word is also found inside another word, because people often
remember only a part of an identifier.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from clinvk.errors import UsageError
from clinvk.text.casefold import Span, fold

_HOW = 'write `all required words`, `"a phrase"`, or `-word` to exclude a word'
_ITEM = re.compile(r'(?P<dash>-)?"(?P<phrase>[^"]*)(?P<close>"?)|(?P<word>\S+)')


class Term(Struct, frozen=True):
    """A word, or the words of a phrase, folded; any white space separates words of a phrase."""

    words: tuple[str, ...]

    def is_in(self, folded: str) -> bool:
        """Whether a folded text contains it."""
        if not all(word in folded for word in self.words):
            return False
        return len(self.words) == 1 or next(self.spans(folded), None) is not None

    def spans(self, folded: str) -> Iterator[Span]:
        """All places of it in a folded text, without overlaps."""
        if len(self.words) > 1:
            pattern = r"\s+".join(map(re.escape, self.words))
            yield from (found.span() for found in re.finditer(pattern, folded))
            return
        word = self.words[0]
        at = folded.find(word)
        while at >= 0:
            yield at, at + len(word)
            at = folded.find(word, at + len(word))

    def strength_in(self, folded: str) -> int:
        """2 if the text has it as a whole word, 1 if only inside other words, else 0."""
        if not self.is_in(folded):
            return 0
        return 2 if any(is_whole(folded, span) for span in self.spans(folded)) else 1


class Query(Struct, frozen=True, kw_only=True):
    """A session matches if it contains all `wanted` terms and no `unwanted` one."""

    wanted: tuple[Term, ...]
    unwanted: tuple[Term, ...] = ()


def is_whole(folded: str, span: Span) -> bool:
    """Whether the text at this place is not part of a longer word."""
    start, end = span
    return not (folded[start - 1 : start].isalnum() or folded[end : end + 1].isalnum())


def parse_query(text: str) -> Query:
    """Parse a query.

    Raises `UsageError` if it is empty, has only excluded words, or an unclosed quote.
    """
    wanted: dict[Term, None] = {}
    unwanted: dict[Term, None] = {}
    for item in _ITEM.finditer(text):
        term, leaves_out = _term(item)
        (unwanted if leaves_out else wanted)[term] = None
    if not wanted and unwanted:
        raise UsageError("the query has only excluded words", hint=_HOW)
    if not wanted:
        raise UsageError("the query is empty", hint=_HOW)
    return Query(wanted=tuple(wanted), unwanted=tuple(unwanted))


def _term(item: "re.Match[str]") -> tuple[Term, bool]:
    word = item["word"]
    if word is None:
        if not item["close"]:
            raise UsageError('a `"` in the query is not closed', hint=_HOW)
        words = tuple(fold(item["phrase"]).split())
        if not words:
            raise UsageError("a phrase in the query is empty", hint=_HOW)
        return Term(words), bool(item["dash"])
    # `--flag` and `->` are words to find, not the excluded words `-flag` and `>`.
    leaves_out = len(word) > 1 and word[0] == "-" and word[1] not in "->"
    return Term(tuple(fold(word[leaves_out:]).split())), leaves_out
