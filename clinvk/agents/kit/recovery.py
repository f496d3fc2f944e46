"""Finds the events of a line that is not one JSON object, so that nothing beside them loses them.

A shell's start-up file, a shim or a terminal title prints something without ending its line, a
program begins with a byte order mark, ends its lines with a carriage return alone, prefixes them
with `data:`, or writes two objects without a line end in between.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from itertools import chain
from typing import TypeVar

from clinvk.agents.base import Parser
from clinvk.agents.kit.jsonl import DECODER
from clinvk.model.events import Event, Raw

_OBJECT = re.compile(r'\{(?=\s*")')
_SILENT = re.compile(
    r"[\s\x00-\x1a\x1c-\x1f\x7f\ufeff]+|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-9;?]*[A-Za-z]"
)
"""What nobody sees: white space, controls, a terminal's title and colours."""

_MOST_FAILURES = 64
"""So many `{"` that begin no object are tried; each costs a look at the line up to there."""

_Parser = TypeVar("_Parser", bound=Parser)


def recovering(
    feed: Callable[[_Parser, str], Iterable[Event]],
) -> Callable[[_Parser, str], Iterable[Event]]:
    """A `feed` that also gets the objects of a line that it could not read as one.

    What stands beside them is a `Raw` event of its own.
    """

    @wraps(feed)
    def feed_all(parser: _Parser, line: str) -> Iterable[Event]:
        events = list(feed(parser, line))
        if events[-1:] != [Raw(line=line)]:
            return events
        parts = pieces(line)
        first = next(parts)
        if first == line:
            return events

        def each() -> Iterator[Event]:
            yield from events[:-1]
            for part in chain((first,), parts):
                yield from feed(parser, part)

        return each()

    return feed_all


def pieces(line: str) -> Iterator[str]:
    """The line in pieces, in order: each object, and what stands before, between and after them.

    One piece if it has no object to be taken for an event. The objects have to begin the line or
    to end it, but for what nobody sees: one in the middle of words is a part of a sentence. What
    stands inside an object that is cut off or damaged is never taken for one. Linear in time, and
    no more of it in memory than one piece, because a line may have a million.
    """
    first = last = None
    for start, stop in _objects(line):
        first, last = start if first is None else first, stop
    if first is None or last is None:
        return iter((line,))
    if not (_silent(line, 0, first) or _silent(line, last, len(line))):
        return iter((line,))
    return _cut(line, _objects(line))


def pieces_of_lines(text: str) -> Iterator[str]:
    """The same for many lines of which an object may take several: it begins a line or ends one."""
    return _cut(text, _standing(text))


def _standing(text: str) -> Iterator[tuple[int, int]]:
    end = 0
    for start, stop in _objects(text):
        before = text[end:start].rpartition("\n")[2]
        if _silent(before, 0, len(before)) or _ends_line(text, stop):
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
        if (found := _SILENT.match(text, at)) is None:
            return False
        at = found.end()
        if "\n" in found[0]:
            return True
    return True


def _objects(line: str) -> Iterator[tuple[int, int]]:
    """Where objects stand, from the left; what was read as a part of one is not looked at again."""
    at = failures = 0
    while failures < _MOST_FAILURES and (found := _OBJECT.search(line, at)) is not None:
        start = found.start()
        try:
            _, at = DECODER.raw_decode(line, start)
        except json.JSONDecodeError as error:
            if error.pos >= len(line) or error.msg.startswith("Unterminated"):
                return  # it goes on to the end of the line: what follows `{"` is inside of it
            # A string may have ended early in the `{"` of the next object.
            at = max(start + 1, error.pos - 2)
            failures += 1
        except RecursionError:
            return
        else:
            yield start, at


def _silent(line: str, start: int, end: int) -> bool:
    while start < end:
        if (found := _SILENT.match(line, start, end)) is None:
            return False
        start = found.end()
    return True
