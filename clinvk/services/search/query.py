"""What is sought: words that must all be there, phrases, and words that must not.

The grammar is in `docs/search.md`. A word is found anywhere, also inside another word: half of an
identifier is what people remember of it.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from clinvk.errors import UsageError
from clinvk.text.casefold import Span, fold

_HOW = 'write `words that must all be there`, `"a phrase"` or `-word` to leave something out'
_ITEM = re.compile(r'(?P<dash>-)?"(?P<phrase>[^"]*)(?P<close>"?)|(?P<word>\S+)')


class Term(Struct, frozen=True):
    """A word, or the words of a phrase, folded; in a phrase any white space stands between two."""

    words: tuple[str, ...]

    def is_in(self, folded: str) -> bool:
        """Whether it stands in a text that was folded."""
        if not all(word in folded for word in self.words):
            return False
        return len(self.words) == 1 or next(self.spans(folded), None) is not None

    def spans(self, folded: str) -> Iterator[Span]:
        """Where it stands in a text that was folded; none of them overlap."""
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
        """2 if it stands there without a letter or digit beside it, 1 if only with one, else 0."""
        strength = 0
        if self.is_in(folded):
            strength = 2 if any(is_whole(folded, span) for span in self.spans(folded)) else 1
        return strength


class Query(Struct, frozen=True, kw_only=True):
    """`wanted` must all be somewhere in a session, `unwanted` nowhere in it."""

    wanted: tuple[Term, ...]
    unwanted: tuple[Term, ...] = ()


def is_whole(folded: str, span: Span) -> bool:
    """Whether what stands there is not a part of a longer word."""
    start, end = span
    return not (folded[start - 1 : start].isalnum() or folded[end : end + 1].isalnum())


def parse_query(text: str) -> Query:
    """The query that was typed.

    Raises `UsageError` for one that is empty, only leaves out, or has a quote that never ends.
    """
    wanted: dict[Term, None] = {}
    unwanted: dict[Term, None] = {}
    for item in _ITEM.finditer(text):
        term, leaves_out = _term(item)
        (unwanted if leaves_out else wanted)[term] = None
    if not wanted and unwanted:
        raise UsageError("the query only says what to leave out", hint=_HOW)
    if not wanted:
        raise UsageError("the query is empty", hint=_HOW)
    return Query(wanted=tuple(wanted), unwanted=tuple(unwanted))


def _term(item: "re.Match[str]") -> tuple[Term, bool]:
    word = item["word"]
    if word is None:
        if not item["close"]:
            raise UsageError('a `"` of the query is never closed', hint=_HOW)
        words = tuple(fold(item["phrase"]).split())
        if not words:
            raise UsageError("a phrase of the query is empty", hint=_HOW)
        return Term(words), bool(item["dash"])
    # `--flag` and `->` are looked for as they are: nobody leaves out `-flag` or `>`.
    leaves_out = len(word) > 1 and word[0] == "-" and word[1] not in "->"
    return Term(tuple(fold(word[leaves_out:]).split())), leaves_out
