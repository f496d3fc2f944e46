"""Exports sessions from a home and imports them into one, byte for byte."""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from clinvk.errors import StoreError
from clinvk.model.portable import PortableSession, TranscriptLine
from clinvk.model.session import SCHEMA, Session
from clinvk.store.files import (
    ensure_private_dir,
    open_private,
    reason,
    stored_file,
    write_all,
    write_private,
)
from clinvk.store.sessions.record_fields import encode, read_session
from clinvk.store.sessions.store import SessionStore
from clinvk.text.json_codec import json_line


def pack(store: SessionStore, session: Session) -> PortableSession:
    """The session's record and transcript as they are on disk now.

    A last line without a line end is left out: it is being written, or was cut off by a crash.
    Raises `StoreError` if an existing file cannot be read.
    """
    record = encode(session) if session.schema <= SCHEMA else _as_written(store, session)
    content = _content(store.home.transcript(session.id))
    whole = content[: content.rfind(b"\n") + 1]
    return PortableSession(
        record=record,
        transcript=tuple(map(_packed_line, whole.split(b"\n")[:-1])),
    )


def unpack(store: SessionStore, portable: PortableSession) -> Session:
    """Write a session that does not exist yet; the caller holds its lock. Raises `StoreError`.

    The transcript is written first, because a missing record can be rebuilt from it.
    """
    session = read_session(dict(portable.record))
    record, transcript = store.files(session.id)
    begun = is_half_unpacked(store, portable)
    if not begun and (os.path.lexists(record) or os.path.lexists(transcript)):
        raise StoreError(f"cannot create session `{session.id}`: it already exists")
    if portable.transcript and not begun:
        ensure_private_dir(store.home.root, may_be_link=True)
        ensure_private_dir(store.home.transcripts)
        write_private(transcript, b"".join(line_bytes(portable.transcript)))
    store.create(session)
    return session


def is_half_unpacked(store: SessionStore, portable: PortableSession) -> bool:
    """Whether only its transcript exists, because the import was interrupted.

    Raises `StoreError` if the transcript cannot be read.
    """
    record, transcript = store.files(portable.id)
    if os.path.lexists(record) or not os.path.lexists(transcript):
        return False
    return _content(transcript) == b"".join(line_bytes(portable.transcript))


def line_bytes(lines: Iterable[TranscriptLine]) -> Iterator[bytes]:
    """The lines in the form of a transcript, each with a line end."""
    for line in lines:
        if isinstance(line, str):
            yield line.encode("utf-8", "surrogateescape") + b"\n"
        else:
            yield json_line(line)


def write_new(path: Path, data: bytes) -> None:
    """Write a new file, 0600. Raises `FileExistsError` and `StoreError`."""
    try:
        descriptor = open_private(path, os.O_WRONLY | os.O_EXCL)
    except FileExistsError:
        raise
    except OSError as error:
        raise StoreError(f"cannot write `{path}`: {reason(error)}") from error
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    except OSError as error:
        with suppress(OSError):
            path.unlink()
        raise StoreError(f"cannot write `{path}`: {reason(error)}") from error
    finally:
        os.close(descriptor)


def _packed_line(raw: bytes) -> TranscriptLine:
    with suppress(ValueError, RecursionError):
        value = json.loads(raw)
        if isinstance(value, dict) and json_line(value) == raw + b"\n":
            return value
    return raw.decode("utf-8", "surrogateescape")


def _as_written(store: SessionStore, session: Session) -> dict[str, Any]:
    """The record of a newer clinvk, unchanged, so that no unknown field is lost."""
    try:
        value = json.loads(_content(store.home.record(session.id)))
    except ValueError:
        value = None
    return value if isinstance(value, dict) else encode(session)


def _content(path: Path) -> bytes:
    try:
        with stored_file(path) as descriptor, open(descriptor, "rb", closefd=False) as file:
            return file.read()
    except FileNotFoundError:
        return b""
