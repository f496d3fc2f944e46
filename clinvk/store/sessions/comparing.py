"""Compares two transcripts of one session: the same, one longer than the other, or different.

Only the lines of turns count. A rename or a tag adds a `session` line, and the import of a session
changes those that it has.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from enum import Enum, auto
from itertools import zip_longest
from pathlib import Path
from typing import BinaryIO

from clinvk.store.files import CHUNK, stored_file

_SESSION_LINE = b'{"type": "session"'


class Relation(Enum):
    """What another transcript is, seen from ours."""

    SAME = auto()
    LONGER = auto()
    SHORTER = auto()
    DIFFERENT = auto()


def relation(ours: Path, other: Path | None, *, whole: bool = False) -> Relation:
    """How the other transcript relates to ours: by its turns, or as a `whole`, byte for byte.

    A missing file has no line, and a last line without a line end does not count. Raises
    `StoreError` for a file that cannot be read.
    """
    with ExitStack() as opened:
        pairs = zip_longest(
            _parts(_open(ours, opened), whole=whole), _parts(_open(other, opened), whole=whole)
        )
        for mine, its in pairs:
            if mine != its:
                if mine is None:
                    return Relation.LONGER
                return Relation.SHORTER if its is None else Relation.DIFFERENT
    return Relation.SAME


def _open(path: Path | None, opened: ExitStack) -> BinaryIO | None:
    if path is None:
        return None
    try:
        descriptor = opened.enter_context(stored_file(path))
    except FileNotFoundError:
        return None
    return opened.enter_context(open(descriptor, "rb", closefd=False))


def _parts(file: BinaryIO | None, *, whole: bool) -> Iterator[bytes]:
    """The lines that count, each in parts of at most `CHUNK` bytes."""
    if file is None:
        return
    end = _end_of_last_line(file)
    at_start, counts = True, True
    while (rest := end - file.tell()) > 0:
        part = file.readline(min(CHUNK, rest))
        if not part:
            return
        if at_start:
            counts = whole or not part.startswith(_SESSION_LINE)
        if counts:
            yield part
        at_start = part.endswith(b"\n")


def _end_of_last_line(file: BinaryIO) -> int:
    at = file.seek(0, os.SEEK_END)
    while at > 0:
        start = max(0, at - CHUNK)
        file.seek(start)
        found = file.read(at - start).rfind(b"\n")
        if found >= 0:
            file.seek(0)
            return start + found + 1
        at = start
    return 0
