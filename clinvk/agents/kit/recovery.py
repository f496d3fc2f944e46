"""Finds the events in a line that is not exactly one JSON object, so that none is lost.

A shell's start-up file, a shim or a terminal title prints something without a line end; a program
starts with a byte order mark, ends its lines with only a carriage return, prefixes them with
`data:`, or writes two objects without a line end between them.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from itertools import chain
from typing import TypeVar

from clinvk.agents.base import Parser, Reply
from clinvk.agents.kit.jsonl import DECODER
from clinvk.model.events import Event, Raw

_OBJECT = re.compile(r'\{(?=\s*")')
_INVISIBLE = re.compile(
    r"[\s\x00-\x1a\x1c-\x1f\x7f\ufeff]+|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-9;?]*[A-Za-z]"
)
"""Invisible characters: white space, control characters, terminal titles and colours."""

_MAX_FAILURES = 64
"""Limit of attempts at `{"` that do not start an object; each scans the line up to there."""

_Parser = TypeVar("_Parser", bound=Parser)


def recovering(
    feed: Callable[[_Parser, str], Iterable[Event | Reply]],
) -> Callable[[_Parser, str], Iterable[Event | Reply]]:
    """A `feed` that also finds the objects of a line that it could not parse as a whole.

    The rest of the line becomes separate `Raw` events.
    """

    @wraps(feed)
    def feed_all(parser: _Parser, line: str) -> Iterable[Event | Reply]:
        events = list(feed(parser, line))
        if events[-1:] != [Raw(line=line)]:
            return events
        parts = pieces(line)
        first = next(parts)
        if first == line:
            return events

        def each() -> Iterator[Event | Reply]:
            yield from events[:-1]
            for part in chain((first,), parts):
                yield from feed(parser, part)

        return each()

    return feed_all


def pieces(line: str) -> Iterator[str]:
    """The line in pieces, in order: each object, and the text before, between and after them.

    The result is the whole line if no object in it can be an event. Apart from invisible
    characters, the objects have to begin or end the line: one in the middle of words is part of a
    sentence. Objects inside one that is cut off or damaged are ignored. Takes linear time and keeps
    only one piece in memory, because a line may have a million.
    """
    first = last = None
    for start, stop in _objects(line):
        first, last = start if first is None else first, stop
    if first is None or last is None:
        return iter((line,))
    if not (_is_invisible(line, 0, first) or _is_invisible(line, last, len(line))):
        return iter((line,))
    return _cut(line, _objects(line))


def pieces_of_lines(text: str) -> Iterator[str]:
    """Like `pieces`, for many lines: an object may span lines, and has to begin or end one."""
    return _cut(text, _spans_at_line_ends(text))


def _spans_at_line_ends(text: str) -> Iterator[tuple[int, int]]:
    end = 0
    for start, stop in _objects(text):
        before = text[end:start].rpartition("\n")[2]
        if _is_invisible(before, 0, len(before)) or _ends_line(text, stop):
            yield start, stop
        end = stop


def _cut(text: str, spans: Iterable[tuple[int, int]]) -> Iterator[str]:
    end = 0
    for start, stop in spans:
        if start > end:
            yield text[end:start]
        yield text[start:stop]
        end = stop
    if end < len(text):
        yield text[end:]


def _ends_line(text: str, at: int) -> bool:
    while at < len(text) and text[at] != "\n":
        if (found := _INVISIBLE.match(text, at)) is None:
            return False
        at = found.end()
        if "\n" in found[0]:
            return True
    return True


def _objects(line: str) -> Iterator[tuple[int, int]]:
    """The spans of objects, from the left; text that is part of one is not searched again."""
    at = failures = 0
    while failures < _MAX_FAILURES and (found := _OBJECT.search(line, at)) is not None:
        start = found.start()
        try:
            _, at = DECODER.raw_decode(line, start)
        except json.JSONDecodeError as error:
            if error.pos >= len(line) or error.msg.startswith("Unterminated"):
                return  # it extends to the end of the line: what follows `{"` is inside it
            # A string may have ended early in the `{"` of the next object.
            at = max(start + 1, error.pos - 2)
            failures += 1
        except RecursionError:
            return
        else:
            yield start, at


def _is_invisible(line: str, start: int, end: int) -> bool:
    while start < end:
        if (found := _INVISIBLE.match(line, start, end)) is None:
            return False
        start = found.end()
    return True
