"""The block structure of Markdown: what one line begins, continues or ends.

Each line is examined once, as soon as its beginning is enough to decide. By the rules of CommonMark
but for what would have to wait for the lines below: a title that is underlined is text with a line
below it, and HTML is text.
"""

import re
from collections.abc import Sequence

from msgspec import Struct

LONGEST_HELD = 2_000
"""Characters of a line that wait for its end: a row of a table, a line of code."""

_LONGEST_BEGINNING = 200
"""Characters of a line that are enough for any decision."""

_DEEPEST = 20
"""Containers inside one another; what looks like a further one is text."""

_QUOTE = re.compile(r" {0,3}> ?")
_ITEM = re.compile(r" {0,3}(?P<mark>[-+*]|(?P<number>\d{1,9})[.)])(?P<gap> +|$)")
_RULE = re.compile(r" {0,3}([-*_])(?: *\1){2,} *")
_FENCE = re.compile(r" {0,3}(?P<marks>`{3,}|~{3,})(?P<info>.*)")
_HEADING = re.compile(r" {0,3}(#{1,6})(?: +|$)")
_UNDERLINE = re.compile(r" {0,3}(=+|-+) *")
_UNDECIDED = re.compile(r" *(?:#{1,6}|[-+*_=|: ]*|`+|~+|\d{1,9}[.)]?) *")
_WHOLE = re.compile(r" {0,3}(?:`{3,}|~{3,}|\|)")
_DELIMITERS = re.compile(r" {0,3}\|?(?: *:?-+:? *\|)* *:?-+:? *\|? *")


class Container(Struct):
    """A quote, or an item of a list with the column at which its content begins."""

    mark: str
    indent: int = 0
    shown: bool = False
    """Whether the mark was written; only the first line of an item has it."""

    @property
    def is_quote(self) -> bool:
        """Whether each of its lines has a mark."""
        return self.mark == ">"


class Line(Struct, frozen=True):
    """What a line is.

    It is in the first `kept` of the open containers, and in `opened`, which begin with it. `kind`
    is `blank`, `text`, `heading`, `rule`, `underline`, `fence` (its beginning), `code` (in a fence
    or indented), `fence_end` or `row` (it may belong to a table).
    """

    kind: str
    text: str
    kept: int
    opened: tuple[Container, ...] = ()
    level: int = 0
    marks: str = ""


class Open(Struct, frozen=True):
    """What is open above a line; `fence` are the marks that it has to be closed with."""

    containers: Sequence[Container]
    leaf: str | None = None
    """`text`, `table`, `head` (a row that may be the head of a table), or another."""
    fence: str = ""
    fence_depth: int = 0


def read_line(text: str, above: Open, *, complete: bool) -> Line | None:
    """What the line is; None if that is not decided before more of it arrives."""
    rest, kept = _inside(text, above.containers)
    if above.fence and kept >= above.fence_depth:
        return _fenced(rest, above, complete=complete)
    if complete and not rest.strip():
        quotes = [at for at, one in enumerate(above.containers) if one.is_quote and at >= kept]
        return Line("blank", "", quotes[0] if quotes else len(above.containers))
    opened: list[Container] = []
    while True:
        decided = complete or len(text) >= _LONGEST_BEGINNING
        if not decided and _UNDECIDED.fullmatch(rest):
            return None
        if line := _without_mark(rest, kept, tuple(opened), above, complete=complete):
            return line
        below_text = above.leaf == "text" and not opened
        found = _container(rest, kept if below_text else None, above)
        if found is None or kept + len(opened) == _DEEPEST:
            break
        opened.append(found[0])
        rest = found[1]
    whole = complete or len(text) >= LONGEST_HELD
    return _leaf(rest, kept, tuple(opened), above, complete=complete, whole=whole)


def _without_mark(
    rest: str, kept: int, opened: tuple[Container, ...], above: Open, *, complete: bool
) -> Line | None:
    """A line that is no container's, whatever it may look like; None for any other."""
    below_text = above.leaf == "text" and not opened
    if not rest.strip():
        return Line("blank" if complete else "text", "", kept, opened)
    if _indent(rest) >= 4 and not below_text:
        return Line("code", rest[4:], kept, opened)
    if below_text and complete and kept == len(above.containers) and _UNDERLINE.fullmatch(rest):
        return Line("underline", rest.strip()[0], kept)
    if complete and _RULE.fullmatch(rest):
        return Line("rule", "", kept, opened)
    return None


def _container(rest: str, below: int | None, above: Open) -> tuple[Container, str] | None:
    """The container that the line begins, and its content.

    `below` is the number of open containers that the line is in, if it is below text.
    """
    if quote := _QUOTE.match(rest):
        return Container(">"), _untabbed(rest[quote.end() :])
    item = _ITEM.match(rest)
    if item is None or (below is not None and not _interrupts(item, above, below)):
        return None
    after = rest[item.end("mark") :]
    gap = len(item["gap"])
    gap = 1 if gap > 4 or not after.strip() else gap
    return Container(item["mark"], item.end("mark") + gap), _untabbed(after[gap:])


def _leaf(  # noqa: PLR0913  what is known of the line so far
    rest: str, kept: int, opened: tuple[Container, ...], above: Open, *, complete: bool, whole: bool
) -> Line | None:
    if heading := _HEADING.match(rest):
        return Line("heading", rest[heading.end() :], kept, opened, level=len(heading[1]))
    if above.leaf == "text" and not opened and not _FENCE.match(rest):
        # The further lines of a paragraph need no marks of its containers.
        row = complete and is_delimiters(rest)
        return Line("row" if row else "text", rest.lstrip(), len(above.containers))
    if _WHOLE.match(rest) or (above.leaf in {"table", "head"} and not opened):
        if not whole:
            return None
        fence = _FENCE.fullmatch(rest) if complete else None
        # With a backtick in it, it is a code span.
        if fence and not (fence["marks"][0] == "`" and "`" in fence["info"]):
            return Line("fence", fence["info"].strip(), kept, opened, _indent(rest), fence["marks"])
        if complete and "|" in rest:
            return Line("row", rest.strip(), kept, opened)
    return Line("text", rest.lstrip(), kept, opened)


def is_delimiters(row: str) -> bool:
    """Whether it is the line below the head of a table."""
    return "|" in row and _DELIMITERS.fullmatch(row) is not None


def _fenced(rest: str, above: Open, *, complete: bool) -> Line | None:
    """A line in a fence; a very long one is shown before its end."""
    if not complete and len(rest) < LONGEST_HELD:
        return None
    bare = rest.strip()
    closes = len(bare) >= len(above.fence) and not bare.strip(above.fence[0])
    if complete and closes and _indent(rest) < 4:
        return Line("fence_end", "", above.fence_depth)
    return Line("code", rest, above.fence_depth)


def _inside(text: str, containers: Sequence[Container]) -> tuple[str, int]:
    """The line without the marks of the containers that it is in, and how many these are."""
    rest = _untabbed(text)
    for kept, one in enumerate(containers):
        if one.is_quote:
            if (quote := _QUOTE.match(rest)) is None:
                return rest, kept
            rest = _untabbed(rest[quote.end() :])
        elif rest.strip():
            if _indent(rest) < one.indent:
                return rest, kept
            rest = rest[one.indent :]
    return rest, len(containers)


def _interrupts(item: re.Match[str], above: Open, outer: int) -> bool:
    """Whether an item can begin below a paragraph without a blank line.

    Anywhere in a list; else a number that happens to begin a line is no list, unless it is 1.
    """
    in_list = outer < len(above.containers) and not above.containers[outer].is_quote
    if in_list:
        return True
    return bool(item["gap"]) and item["number"] in {None, "1"}


def _untabbed(text: str) -> str:
    """Tabs at the beginning as spaces."""
    body = text.lstrip(" \t")
    return text[: len(text) - len(body)].expandtabs(4) + body


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))
