"""The turn that a record shows as open, read from its transcript without the rest of it.

An agent may have said 300 000 things in it (5 s to read) before the run was killed, and each
command asks how it stands. Of all its lines four kinds say so: its beginning, its end, that it was
taken back, and the agent's session id. They are looked for from the end of the file by how our
writer begins them, in megabytes, without cutting the rest into lines. The turns of a transcript are
in order, because it is only ever appended to.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from clinvk.errors import StoreError
from clinvk.store.files import open_regular, reason
from clinvk.store.index.file_signature import file_signature

BLOCK = 1 << 20

_LONGEST_LINE = 64 << 20
_TOLD_BY = re.compile(rb'\n\{"type": "(?:turn_|backend_session")')
"""How a line begins that says how a turn stands. A text that quotes it has no line end in it."""

_LONGEST_MARK = 32
"""No beginning is longer."""

_READ: dict[Path, tuple[int, int, list[bytes] | None]] = {}
_MOST_REMEMBERED = 64


def lines_of_turn(path: Path, number: int, *, block: int = BLOCK) -> list[bytes] | None:
    """The lines that say how that turn stands, the beginning of the turn first.

    None if only the whole transcript can tell: there is no such beginning as our writer has it, or
    the turn was taken back. Raises `StoreError` for a file that cannot be read.
    """
    try:
        descriptor = open_regular(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"cannot read `{path}`: {reason(error)}") from error
    try:
        return _remembered(path, descriptor, number, block)
    except OSError as error:
        raise StoreError(f"cannot read `{path}`: {reason(error)}") from error
    finally:
        os.close(descriptor)


def _remembered(path: Path, descriptor: int, number: int, block: int) -> list[bytes] | None:
    """One command asks for the same turn several times: the file is as it was, or read again."""
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

    # Of what stands before the beginning, these say that it is not the turn's first line.
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
    """Where lines begin that say how a turn stands, the last one first."""
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
    """The line that begins there, with its end if it has one; None for one beyond all measure."""
    line, size = b"", 4096
    while len(line) < _LONGEST_LINE:
        more = os.pread(descriptor, size, at + len(line))
        end = more.find(b"\n")
        if end >= 0:
            return line + more[: end + 1]
        line += more
        if len(more) < size:
            return line
        size *= 4
    return None
