"""Finds the lines of a transcript that say how its turns went, without parsing the others.

An agent may have written 300,000 lines, which take 1.2 to 5 s to read. The relevant ones are found
by the first characters that clinvk's writer uses, in blocks of 1 MiB, without splitting the rest
into lines.

- The outline, the facts about all turns, needs five kinds of lines. It is used only if each line of
  the transcript starts and ends like clinvk's writer writes it.
- The state of an open turn needs four: its start, its end, that it was voided, and the agent's
  session id. They are searched from the end of the file: the turns of a transcript are in order,
  because it is append-only.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from clinvk.store.agent_files.backwards import LONGEST_LINE
from clinvk.store.files import stored_file
from clinvk.store.index.file_signature import file_signature

BLOCK = 1 << 20

_LINE = b'\n{"type": "'
_END = b"}\n"
_TELLING = re.compile(rb'\n\{"type": "(?:turn_|backend_session"|session"|file_change")')

_TOLD_BY = re.compile(rb'\n\{"type": "(?:turn_|backend_session")')
"""The start of a relevant line. A quoted copy in a text has no line end before it."""

_LONGEST_MARK = 32
"""The maximum length of such a start."""

_READ: dict[Path, tuple[int, int, list[bytes] | None]] = {}
_MOST_REMEMBERED = 64


def outline_lines(path: Path, *, block: int = BLOCK) -> list[bytes] | None:
    """The lines of the outline, in order.

    None if a line is not in the form of clinvk's writer, or the file does not exist. Raises
    `StoreError` if the file cannot be read.
    """
    try:
        with stored_file(path) as descriptor:
            found: list[bytes] = []
            for part in _parts(iter(lambda: os.read(descriptor, block), b"")):
                if not _is_ours(part):
                    return None
                found += _telling(part)
            return found
    except FileNotFoundError:
        return None


def _parts(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks, split between lines, each with the preceding line end."""
    pieces: list[bytes] = [b"\n"]
    for block in blocks:
        end = block.rfind(b"\n") + 1
        pieces.append(block[:end] if end else block)
        if end:
            yield b"".join(pieces)
            pieces = [b"\n", block[end:]]
    if len(pieces) > 1 and any(pieces[1:]):
        yield b"".join(pieces)


def _is_ours(part: bytes) -> bool:
    lines = part.count(b"\n") - 1
    begun, ended = part.count(_LINE), part.count(_END)
    # A torn line may continue with another one; in text that quotes a line, quotes are escaped.
    return part.endswith(_END) and begun == lines == ended and part.count(_LINE[1:]) == lines


def _telling(part: bytes) -> list[bytes]:
    places = [found.start() + 1 for found in _TELLING.finditer(part)]
    return [part[at : part.index(b"\n", at) + 1] for at in places]


def lines_of_turn(path: Path, number: int, *, block: int = BLOCK) -> list[bytes] | None:
    """The lines with the state of this turn, its start line first.

    None if the whole transcript is needed: there is no start line in the form of clinvk's writer,
    or the turn was voided. Raises `StoreError` if the file cannot be read.
    """
    try:
        with stored_file(path) as descriptor:
            return _remembered(path, descriptor, number, block)
    except FileNotFoundError:
        return None


def _remembered(path: Path, descriptor: int, number: int, block: int) -> list[bytes] | None:
    """The lines, cached while the file is unchanged: a command needs the same turn repeatedly."""
    signature = file_signature(os.fstat(descriptor))
    before = _READ.get(path)
    if before is not None and before[:2] == (number, signature):
        return before[2]
    lines = _lines(descriptor, number, block)
    if len(_READ) >= _MOST_REMEMBERED:
        _READ.clear()
    _READ[path] = (number, signature, lines)
    return lines


def _lines(descriptor: int, number: int, block: int) -> list[bytes] | None:
    def of_turn(kind: str) -> bytes:
        return b'{"type": "%s", "turn": %d, ' % (kind.encode(), number)

    # If one of these comes before the start line, it is not the turn's first line.
    earlier = (of_turn("backend_session"), of_turn("turn_finished"))
    found: list[bytes] = []
    begun = False
    for at in _places(descriptor, block):
        line = _line_at(descriptor, at)
        if line is None or line.startswith(of_turn("turn_voided")):
            return found[::-1] if begun and line is not None else None
        if begun:
            return None if line.startswith(earlier) else found[::-1]
        found.append(line)
        begun = line.startswith(of_turn("turn_started"))
    return found[::-1] if begun else None


def _places(descriptor: int, block: int) -> Iterator[int]:
    """The start positions of relevant lines, last first."""
    start = os.fstat(descriptor).st_size
    later = b""  # the first bytes of the block after this one: a mark may lie across
    while start > 0:
        size = min(block, start)
        start -= size
        data = os.pread(descriptor, size, start)
        text = data + later
        places = [found.start() for found in _TOLD_BY.finditer(text) if found.start() < len(data)]
        yield from (start + at + 1 for at in reversed(places))
        later = text[:_LONGEST_MARK]
    if _TOLD_BY.match(b"\n" + later):
        yield 0


def _line_at(descriptor: int, at: int) -> bytes | None:
    """The line at this position, with its line end if it has one; None if it is too long."""
    line, size = b"", 4096
    while len(line) < LONGEST_LINE:
        more = os.pread(descriptor, size, at + len(line))
        end = more.find(b"\n")
        if end >= 0:
            return line + more[: end + 1]
        line += more
        if len(more) < size:
            return line
        size *= 4
    return None
