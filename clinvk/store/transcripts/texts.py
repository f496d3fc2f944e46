"""Reads the texts of a transcript that are searched, without parsing the other lines.

A word that is in every session needs all transcripts. Inputs and outputs of tools are a large part
of them, and are not searched. Such a line is recognized by the first characters that clinvk's
writer uses; all other lines are parsed.
"""

import re
from collections.abc import Iterable

from msgspec import Struct

from clinvk.store.transcripts.quick_texts import quick_texts
from clinvk.store.transcripts.reader import LineReader
from clinvk.store.transcripts.turns import TurnTexts

_UNSEARCHED = re.compile(
    rb'\{"type": "(?:session"|(tool_use|tool_result|thinking|usage|error|raw)",'
    rb' "turn": ([1-9]\d{0,8})), '
)
# A torn line may continue with another one; in text that quotes JSON, quotes are escaped.
_AGAIN = re.compile(rb'"(?:type|turn)"')


class TranscriptTexts(Struct, frozen=True, kw_only=True):
    """The turns in order, without voided ones.

    `damaged_lines` counts the invalid lines, except those that need not be parsed.
    """

    turns: tuple[TurnTexts, ...]
    damaged_lines: int


def read_texts(lines: Iterable[bytes | None]) -> TranscriptTexts:
    """The texts in the lines; None stands for a line that is too long."""
    reader = LineReader()
    for line in lines:
        known = None if line is None else _unsearched(line)
        if known is None:
            reader.take(line)
        elif known[1]:
            reader.note(*known)
    turns = tuple(turn.texts() for turn in reader.turns)
    return TranscriptTexts(turns=turns, damaged_lines=reader.damaged)


def texts_in(content: bytes) -> TranscriptTexts:
    """The texts in the content of a transcript."""
    turns = quick_texts(content)
    if turns is None:
        return read_texts(content.split(b"\n"))
    return TranscriptTexts(turns=turns, damaged_lines=0)


def _unsearched(line: bytes) -> tuple[str, int] | None:
    """Kind and turn (0 for none) of a line with nothing to search; None for other lines."""
    found = _UNSEARCHED.match(line)
    if found is None or not line.endswith((b"}", b"}\n")) or _AGAIN.search(line, found.end()):
        return None
    return (found[1] or b"session").decode(), int(found[2] or 0)
