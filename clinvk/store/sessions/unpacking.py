"""Imports sessions into a home: each is written beside its place first, and moved there whole.

A transcript is written line by line as clinvk would write it, and what it says about its session is
read on the way. No line has to fit into memory.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from clinvk.errors import StoreError
from clinvk.model.portable import LargeLine, PortableSession, TranscriptLine
from clinvk.model.session import Session
from clinvk.store.files import (
    ensure_private_dir,
    open_private,
    reason,
    sync_files,
    sync_folder,
    temporary_file,
)
from clinvk.store.home import Home
from clinvk.store.index import index
from clinvk.store.sessions.portable import region
from clinvk.store.sessions.record_fields import encode
from clinvk.store.sessions.records import LARGEST
from clinvk.store.sessions.store import SessionStore
from clinvk.store.transcripts.lines import Line, session_line
from clinvk.store.transcripts.outline import OutlineReader, outline_of
from clinvk.store.transcripts.transcript import Transcript
from clinvk.text.json_codec import json_line, json_page, parse_line
from clinvk.text.json_stream import JsonStream

Change = Callable[[Line], Line]
"""Returns the `session` line to write in place of the exported one."""


_SESSION = "session"
_NO_LINE = "is neither an object nor one line of text"


class StagedTranscript(Struct, frozen=True, kw_only=True):
    """A transcript in a temporary file; None if it has no line. `outline` is what it says."""

    file: Path | None
    outline: Transcript


class Unpacked(Struct, frozen=True, kw_only=True):
    """A session to be placed: its record, and the file of its transcript if that is new too."""

    session: Session
    transcript: Path | None


def stage(
    home: Home,
    portable: PortableSession,
    where: str,
    change: Change,
    held: ExitStack,
) -> StagedTranscript:
    """Write the session's transcript to a temporary file, which `held` deletes.

    `where` is the place of the transcript in messages. Raises `ValueError` with the place and the
    fault of an invalid line, and `StoreError`.
    """
    outline = OutlineReader()
    numbered = enumerate(portable.transcript)
    first = next(numbered, None)
    if first is None:
        return StagedTranscript(file=None, outline=outline.transcript)
    ensure_private_dir(home.root, may_be_link=True)
    ensure_private_dir(home.transcripts)
    path = home.transcript(portable.id)
    temporary = held.enter_context(temporary_file(path, _staging(home, home.transcripts)))
    try:
        with os.fdopen(open_private(temporary, os.O_RDWR | os.O_EXCL), "w+b") as file:
            for number, line in chain([first], numbered):
                try:
                    _write(file, line, change, outline)
                except _LineError as error:
                    raise ValueError(f"{where}[{number}] {error}") from error
    except OSError as error:
        raise StoreError(f"cannot write `{path}`: {reason(error)}") from error
    return StagedTranscript(file=temporary, outline=outline.transcript)


def append_session(transcript: Path, session: Session) -> None:
    """Append the fields of the session to a staged transcript. Raises `StoreError`."""
    try:
        with transcript.open("ab") as file:
            file.write(json_line(session_line(session)))
    except OSError as error:
        raise StoreError(f"cannot write `{transcript}`: {reason(error)}") from error


def place(store: SessionStore, ready: Sequence[Unpacked]) -> None:
    """Move the sessions to their places, when all are on the disk; the caller holds their locks.

    If the process dies, each is complete, missing, or has only its transcript: then it can be
    rebuilt. Raises `StoreError`; if that is before the first is placed, nothing has changed.
    """
    home = store.home
    if not ready:
        return
    ensure_private_dir(home.root, may_be_link=True)
    ensure_private_dir(home.sessions)
    try:
        with ExitStack() as held:
            transcripts = [
                (one.transcript, home.transcript(one.session.id))
                for one in ready
                if one.transcript is not None
            ]
            records = [_stage_record(home, one.session, held) for one in ready]
            sync_files([file for file, _ in (*transcripts, *records)])

            def move() -> None:
                # First the transcripts: a missing record can be rebuilt from one.
                for file, path in (*transcripts, *records):
                    file.replace(path)

            ids = [one.session.id for one in ready]
            index.change_all(home, ids, ("transcripts", "sessions"), move)
            for folder in {path.parent for _, path in (*transcripts, *records)}:
                sync_folder(folder)
    except OSError as error:
        raise StoreError(f"cannot write to `{home.root}`: {reason(error)}") from error


def _stage_record(home: Home, session: Session, held: ExitStack) -> tuple[Path, Path]:
    path = home.record(session.id)
    file = held.enter_context(temporary_file(path, _staging(home, home.sessions)))
    with os.fdopen(open_private(file, os.O_WRONLY | os.O_EXCL), "wb") as opened:
        opened.write(json_page(encode(session)))
    return file, path


def _staging(home: Home, folder: Path) -> Path:
    """Where temporary files are: each change of the folder itself would show in the index."""
    in_cache = os.path.lexists(home.index) and not os.path.islink(home.cache)
    return home.cache if in_cache else folder


class _LineError(ValueError):
    """Why it cannot be a line of a transcript: the end of a sentence."""


def _write(
    file: BinaryIO, line: TranscriptLine | LargeLine, change: Change, outline: OutlineReader
) -> None:
    if isinstance(line, LargeLine):
        _write_large(file, line, change, outline)
        return
    raw, value = (_bytes_of(line), None) if isinstance(line, str) else (None, dict(line))
    if raw is not None:
        value = _object_in(raw)
    if value is not None and value.get("type") == _SESSION:
        raw, value = None, change(value)
    if raw is not None:
        file.write(raw + b"\n")
        outline.take_bytes(raw)
    elif value is not None:
        file.write(json_line(value))
        outline.take(value)


def _write_large(file: BinaryIO, line: LargeLine, change: Change, outline: OutlineReader) -> None:
    start = file.tell()
    file.writelines(_large_bytes(line.blocks()) if line.is_text else line.blocks())
    file.flush()
    end = file.tell()
    try:
        value = outline_of(region(file.fileno(), start, end))
    except ValueError as error:
        raise _LineError(str(error)) from error
    if value is None or value.get("type") != _SESSION:
        file.write(b"\n")
    else:
        if end - start > LARGEST:
            raise _LineError("is too large for a session")
        value = _object_in(b"".join(region(file.fileno(), start, end))) or value
        value = change(value)
        file.seek(start)
        file.truncate()
        file.write(json_line(value))
    outline.take(value)


def _object_in(raw: bytes) -> Line | None:
    try:
        value = parse_line(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _bytes_of(text: str) -> bytes:
    """The bytes of a damaged line. Raises `_LineError`."""
    try:
        raw = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise _LineError(_NO_LINE) from error
    if b"\n" in raw:
        raise _LineError(_NO_LINE)
    return raw


def _large_bytes(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same for a large line, in parts; the blocks are those of its JSON."""
    for token in JsonStream(blocks).tokens():
        if token.kind == "text":
            yield _bytes_of(json.loads(f'"{token.text}"'))
