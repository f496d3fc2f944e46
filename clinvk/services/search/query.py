"""Parses a search query: required words and phrases, and excluded ones.

The grammar is in `docs/search.md`. A word is also found inside another word, because people often
remember only a part of an identifier.
"""

import re
import shlex
from collections.abc import Iterator

from msgspec import Struct

from clinvk.errors import UsageError
from clinvk.text.casefold import Folded, Span, folded, plain_punctuation

_HOW = 'write `all required words`, `"a phrase"`, or `-word` to exclude a word'
_ITEM = re.compile(r'(?P<dash>-)?"(?P<phrase>[^"]*)(?P<close>"?)|(?P<word>\S+)')


class Term(Struct, frozen=True):
    """A word, or the words of a phrase, folded; any white space separates words of a phrase.

    `accented` are the words with their accents, and `typed` is how the term stands in the query.
    """

    words: tuple[str, ...]
    accented: tuple[str, ...]
    typed: str

    def is_in(self, text: str) -> bool:
        """Whether a folded text contains it, with whatever accents."""
        return _is_in(text, self.words)

    def is_exactly_in(self, text: Folded) -> bool:
        """Whether the text contains it with the same accents."""
        if self.accented is self.words and text.accented is text.plain:
            return self.is_in(text.plain)
        return _is_in(text.accented, self.accented)

    def stands_in(self, low: str) -> bool:
        """Whether the term is certainly a whole word of a text in lower case, as it was typed.

        Only ASCII is certain: any other sign beside it may change or disappear.
        """
        word = self.accented[0]
        if len(self.words) > 1 or not word.isascii():
            return False
        at = low.find(word)
        while at >= 0:
            beside = low[at - 1 : at] + low[at + len(word) : at + len(word) + 1]
            if beside.isascii() and not any(map(str.isalnum, beside)):
                return True
            at = low.find(word, at + len(word))
        return False

    def spans(self, text: str) -> Iterator[Span]:
        """All places of it in a folded text, without overlaps."""
        return _spans(text, self.words)

    def strength_in(self, text: str) -> int:
        """2 if the folded text has it as a whole word, 1 if only inside other words, else 0."""
        if not self.is_in(text):
            return 0
        return 2 if any(is_whole(text, span) for span in self.spans(text)) else 1


class Query(Struct, frozen=True, kw_only=True):
    """A session matches if it contains all `wanted` terms and no `unwanted` one."""

    wanted: tuple[Term, ...]
    unwanted: tuple[Term, ...] = ()


def is_whole(text: str, span: Span) -> bool:
    """Whether the folded text at this place is not part of a longer word."""
    start, end = span
    return not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum())


def parse_query(text: str) -> Query:
    """Parse a query.

    Raises `UsageError` if it is empty, has only excluded words, or an unclosed quote.
    """
    wanted: dict[tuple[str, ...], Term] = {}
    unwanted: dict[tuple[str, ...], Term] = {}
    # Phones and word processors replace what was typed: a phrase arrives as `“a phrase”`.
    for item in _ITEM.finditer(plain_punctuation(text)):
        term, leaves_out = _term(item)
        if term.words:
            (unwanted if leaves_out else wanted).setdefault(term.words, term)
    if not wanted and unwanted:
        dashed = " ".join(f"-{term.typed}" for term in unwanted.values()).replace('"', "")
        raise UsageError(
            "the query has only excluded words",
            hint=f"`-word` excludes a word; {how_to_find(dashed)}",
        )
    if not wanted:
        raise UsageError("the query is empty", hint=_HOW)
    return Query(wanted=tuple(wanted.values()), unwanted=tuple(unwanted.values()))


def how_to_find(text: str) -> str:
    """How to find a text that starts with a dash."""
    quoted = shlex.quote(f'"{text}"')
    return f"to find `{text}` itself, run `clinvk sessions search {quoted}`"


def _term(item: "re.Match[str]") -> tuple[Term, bool]:
    word = item["word"]
    if word is None:
        if not item["close"]:
            raise UsageError('a `"` in the query is not closed', hint=_HOW)
        term = _folded_term(item["phrase"], f'"{item["phrase"]}"')
        if not term.words:
            raise UsageError("a phrase in the query is empty", hint=_HOW)
        return term, bool(item["dash"])
    # `--flag` and `->` are words to find, not the excluded words `-flag` and `>`.
    leaves_out = len(word) > 1 and word[0] == "-" and word[1] not in "->"
    return _folded_term(word[leaves_out:], word[leaves_out:]), leaves_out


def _folded_term(text: str, typed: str) -> Term:
    accented, plain = folded(text)
    words = tuple(plain.split())
    return Term(words, words if accented is plain else tuple(accented.split()), typed)


def _is_in(text: str, words: tuple[str, ...]) -> bool:
    if not all(word in text for word in words):
        return False
    return len(words) == 1 or next(_spans(text, words), None) is not None


def _spans(text: str, words: tuple[str, ...]) -> Iterator[Span]:
    if len(words) > 1:
        pattern = r"\s+".join(map(re.escape, words))
        yield from (found.span() for found in re.finditer(pattern, text))
        return
    word = words[0]
    at = text.find(word)
    while at >= 0:
        yield at, at + len(word)
        at = text.find(word, at + len(word))
