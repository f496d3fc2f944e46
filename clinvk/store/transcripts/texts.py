"""The texts of a transcript that a search looks through, without parsing the rest of its lines.

A word that is in every session has all of them read. Much of a transcript are inputs and outputs of
tools, which are not searched: such a line is known by how our writer begins it, and is taken at its
first word. Any other form of JSON is parsed.
"""

import re
from collections.abc import Iterable

from msgspec import Struct

from clinvk.store.transcripts.reader import LineReader
from clinvk.store.transcripts.turns import TurnTexts

_UNSEARCHED = re.compile(
    rb'\{"type": "(?:session"|(tool_use|tool_result|thinking|usage|error|raw)",'
    rb' "turn": ([1-9]\d{0,8})), '
)
# Text that quotes JSON has its quotes escaped; a line that was torn may go on as another one.
_AGAIN = re.compile(rb'"(?:type|turn)"')


class TranscriptTexts(Struct, frozen=True, kw_only=True):
    """The turns in order, without those that were voided.

    `damaged_lines` counts the lines that make no sense, but for those that hold no such text.
    """

    turns: tuple[TurnTexts, ...]
    damaged_lines: int


def read_texts(lines: Iterable[bytes | None]) -> TranscriptTexts:
    """What the lines say, wherever they come from; None stands for one that is too long."""
    reader = LineReader()
    for line in lines:
        known = None if line is None else _unsearched(line)
        if known is None:
            reader.take(line)
        elif known[1]:
            reader.note(*known)
    turns = tuple(turn.texts() for turn in reader.turns)
    return TranscriptTexts(turns=turns, damaged_lines=reader.damaged)


def _unsearched(line: bytes) -> tuple[str, int] | None:
    """Kind and turn of a line that holds nothing to search, 0 if it is none's; None for others."""
    found = _UNSEARCHED.match(line)
    if found is None or not line.endswith((b"}", b"}\n")) or _AGAIN.search(line, found.end()):
        return None
    return (found[1] or b"session").decode(), int(found[2] or 0)
