"""Reads the lines of a file from last to first, only as far back as needed."""

import os
from collections.abc import Iterator
from pathlib import Path

from clinvk.store.files import open_regular

BLOCK = 64 * 1024
LONGEST_LINE = 64 * 1024 * 1024


def lines_from_end(path: Path, *, block: int = BLOCK, longest: int = LONGEST_LINE) -> Iterator[str]:
    """The lines that are not empty, last first; none if the file cannot be read.

    It ends early, without an error, at a line longer than `longest` bytes.
    """
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            yield from map(_text, backwards(file.fileno(), block, longest))
    except OSError:
        return


def backwards(descriptor: int, block: int, longest: int) -> Iterator[bytes]:
    """Like `lines_from_end` for an open file, as bytes. Raises `OSError`."""
    at = os.fstat(descriptor).st_size
    pieces: list[bytes] = []  # of the line that starts before `at`, last piece first
    while at > 0 and sum(map(len, pieces)) <= longest:
        size = min(block, at)
        at -= size
        first, *others = os.pread(descriptor, size, at).split(b"\n")
        if not others:
            pieces.append(first)
            continue
        others[-1] += b"".join(reversed(pieces))
        yield from (line for line in reversed(others) if line)
        pieces = [first]
    if at == 0 and (line := b"".join(reversed(pieces))):
        yield line


def _text(line: bytes) -> str:
    return line.decode("utf-8", errors="replace")
