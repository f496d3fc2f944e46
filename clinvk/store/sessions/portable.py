"""Exports sessions from a home, byte for byte, without holding more than a line in memory."""

import codecs
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from clinvk.errors import StoreError
from clinvk.model.portable import LargeLine, PortableSession, TranscriptLine
from clinvk.model.session import SCHEMA, Session
from clinvk.store.files import CHUNK, open_private, reason, stored_file, temporary_file
from clinvk.store.sessions.moving import put
from clinvk.store.sessions.record_fields import encode
from clinvk.store.sessions.store import SessionStore
from clinvk.store.transcripts.outline import OutlineReader, outline_of
from clinvk.text.json_codec import json_line
from clinvk.text.json_stream import LARGE, JsonStream, written


def pack(
    store: SessionStore, session: Session, outline: OutlineReader | None = None
) -> PortableSession:
    """The session's record, and its transcript as it is on disk when it is read.

    A last line without a line end is left out: it is being written, or was cut off by a crash. The
    lines are also read by `outline`. Raises `StoreError` if an existing file cannot be read, for
    the transcript while it is read.
    """
    record = encode(session) if session.schema <= SCHEMA else _as_written(store, session)
    lines = _lines(store.home.transcript(session.id), outline or OutlineReader())
    return PortableSession(record=record, transcript=lines)


def check_transcript(store: SessionStore, session_id: str) -> None:
    """Raise `StoreError` if the session's transcript exists and cannot be opened."""
    with suppress(FileNotFoundError), stored_file(store.home.transcript(session_id)):
        pass


def whole_line(line: TranscriptLine | LargeLine) -> TranscriptLine:
    """The line; a large one is read into memory."""
    if not isinstance(line, LargeLine):
        return line
    value: TranscriptLine = json.loads(b"".join(line.blocks()))
    return value


def line_bytes(lines: Iterable[TranscriptLine | LargeLine]) -> Iterator[bytes]:
    """The lines in the form of a transcript, each with a line end."""
    for line in map(whole_line, lines):
        if isinstance(line, str):
            yield line.encode("utf-8", "surrogateescape") + b"\n"
        else:
            yield json_line(line)


@contextmanager
def new_file(path: Path, *, replace: bool = False) -> Iterator[BinaryIO]:
    """A file to write, 0600, that appears at `path` complete, or not at all.

    An existing file is kept, unless `replace`. Raises `FileExistsError`, before anything is
    written if possible, and `StoreError`.
    """
    if not replace and os.path.lexists(path):
        raise FileExistsError
    try:
        with temporary_file(path, path.parent) as temporary:
            with os.fdopen(open_private(temporary, os.O_WRONLY | os.O_EXCL), "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if replace:
                temporary.replace(path)
            else:
                put(temporary, path)
    except FileExistsError:
        raise
    except OSError as error:
        raise StoreError(f"cannot write `{path}`: {reason(error)}") from error


def _lines(path: Path, outline: OutlineReader) -> Iterator[TranscriptLine | LargeLine]:
    try:
        with stored_file(path) as descriptor, open(descriptor, "rb", closefd=False) as file:
            size = os.fstat(descriptor).st_size
            while (start := file.tell()) < size:
                line = file.readline(LARGE)
                if line.endswith(b"\n"):
                    outline.take_bytes(line)
                    yield _packed(line[:-1])
                elif (end := _end_of_line(file)) is not None:
                    yield _packed_large(descriptor, start, end, outline)
    except FileNotFoundError:
        return


def _end_of_line(file: BinaryIO) -> int | None:
    """Where the line ends that was read in part; None if it has no line end."""
    while rest := file.readline(CHUNK):
        if rest.endswith(b"\n"):
            return file.tell() - 1
    return None


def _packed(raw: bytes) -> TranscriptLine:
    with suppress(ValueError, RecursionError):
        value = json.loads(raw)
        if isinstance(value, dict) and json_line(value) == raw + b"\n":
            return value
    return raw.decode("utf-8", "surrogateescape")


def _packed_large(descriptor: int, start: int, end: int, outline: OutlineReader) -> LargeLine:
    def raw() -> Iterator[bytes]:
        return region(descriptor, start, end)

    with suppress(ValueError):
        outline.take(outline_of(raw()))
    is_text = not _is_written_so(raw())
    return LargeLine(is_text=is_text, blocks=lambda: _as_text(raw()) if is_text else raw())


def region(descriptor: int, start: int, end: int) -> Iterator[bytes]:
    """The bytes of the open file from `start` to `end`. Raises `OSError`."""
    while start < end and (block := os.pread(descriptor, min(CHUNK, end - start), start)):
        start += len(block)
        yield block


def _is_written_so(blocks: Iterable[bytes]) -> bool:
    """Whether clinvk would write the line of these blocks byte for byte in this form."""
    raw, ours = hashlib.sha256(), hashlib.sha256()

    def read() -> Iterator[bytes]:
        for block in blocks:
            raw.update(block)
            yield block

    stream = JsonStream(read())
    try:
        if stream.peek() != "{":
            return False
        for part in written(stream.tokens()):
            ours.update(part)
        return stream.peek() == "" and raw.digest() == ours.digest()
    except (ValueError, RecursionError):
        return False


def _as_text(blocks: Iterable[bytes]) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    yield b'"'
    for block in chain(blocks, [b""]):
        text = json.dumps(decoder.decode(block, not block), ensure_ascii=False)[1:-1]
        yield text.encode("utf-8", "backslashreplace")
    yield b'"'


def _as_written(store: SessionStore, session: Session) -> dict[str, Any]:
    """The record of a newer clinvk, unchanged, so that no unknown field is lost."""
    try:
        record = store.home.record(session.id)
        with stored_file(record) as descriptor, open(descriptor, "rb", closefd=False) as file:
            value = json.loads(file.read())
    except (FileNotFoundError, ValueError):
        value = None
    return value if isinstance(value, dict) else encode(session)
