"""Records: a session as a small JSON file that a person can read, written whole or not at all.

Reading is tolerant: what is missing and may be missing has its default, and fields that this
version does not know are kept. Writing is strict, and never touches what a newer version wrote.
"""

import errno
import json
import os
from pathlib import Path

from msgspec import Struct

from clinvk.errors import (
    SessionDamagedError,
    SessionNotFoundError,
    SessionUnreadableError,
    StoreError,
)
from clinvk.model.session import SCHEMA, Session
from clinvk.store.files import Place, ensure_private_dir, open_regular, reason, write_private
from clinvk.store.home import Home
from clinvk.store.sessions.record_fields import encode, read_session
from clinvk.text.json_codec import json_page

LARGEST = 16 * 1024 * 1024
"""More than this is no record of ours; it is not read into memory."""


NO_RECORD = frozenset({errno.ELOOP, errno.EINVAL, errno.EFBIG, errno.ENXIO})
"""How opening fails that is no file of ours; any other error says nothing of what is in it."""


class DamagedRecord(Struct, frozen=True):
    """A file among the records that is none; `id_guess` is the id that its name says, if any.

    `unreadable` says that the system refused to read it (permissions, too many open files, a disk
    error): nothing is known of what is in it, and it may be as good as ever. `foreign` says that it
    was never the record of that id: a link, a folder, a copy of another session's record.
    """

    path: Path
    id_guess: str | None
    reason: str
    unreadable: bool = False
    foreign: bool = False

    @property
    def status(self) -> str:
        """What a list calls it in place of a status."""
        return "unreadable" if self.unreadable else "damaged"

    @property
    def sentence(self) -> str:
        """What is the matter, in one sentence that names the file."""
        if self.unreadable:
            return f"cannot read `{self.path}`: {self.reason}"
        kind = "transcript" if self.path.suffix == ".jsonl" else "record"
        return f"the {kind} `{self.path}` is damaged: {self.reason}"

    def error(self, *, hint: str | None = None) -> SessionDamagedError | SessionUnreadableError:
        """The error of a command that needs this session."""
        kind = SessionUnreadableError if self.unreadable else SessionDamagedError
        return kind(self.sentence, hint=hint)


def read(path: Path | str, *, session_id: str | None) -> Session | DamagedRecord:
    """The session in the record at `path`, or what is wrong with it; `session_id` is its name's.

    Never follows a symlink, never waits. Raises `FileNotFoundError`, and nothing else.
    """
    try:
        content = _content(path)
    except FileNotFoundError:
        raise
    except OSError as error:
        foreign = error.errno in NO_RECORD
        return DamagedRecord(
            Path(path), session_id, reason(error), unreadable=not foreign, foreign=foreign
        )
    return parse(content, path=path, session_id=session_id)


def parse(content: bytes, *, path: Path | str, session_id: str | None) -> Session | DamagedRecord:
    """The same of the bytes of that record. Raises nothing."""
    session = None
    try:
        session = read_session(json.loads(content)) if content.strip() else None
    except json.JSONDecodeError as error:
        why = f"it is not JSON: {_lower(str(error))}"
    except UnicodeDecodeError:
        why = "it is not text in UTF-8"
    except ValueError as error:
        why = str(error)
    except RecursionError:
        why = "it is nested too deeply"
    else:
        if session is not None and session.id == session_id:
            return session
        why = f"it says that it is session `{session.id}`" if session else "it is empty"
    return DamagedRecord(Path(path), session_id, why, foreign=session is not None)


def id_inside(path: Path) -> str | None:
    """The id that the record at `path` says, whatever the file's name; None if it is no record."""
    try:
        return read_session(json.loads(_content(path))).id
    except (ValueError, OSError, RecursionError):
        return None


def load(path: Path) -> Session:
    """The session in the record at `path`.

    Raises `SessionNotFoundError` if there is no such file, and `SessionDamagedError` if it cannot
    be read.
    """
    try:
        found = read(path, session_id=path.stem)
    except FileNotFoundError:
        raise SessionNotFoundError(f"there is no record `{path}`") from None
    if isinstance(found, DamagedRecord):
        raise found.error()
    return found


def save(
    home: Home, session: Session, *, staging: Path | None = None, place: Place = Path.replace
) -> None:
    """Write the session's record; the old one stands until the new one is on the disk.

    `staging` and `place` are as for `write_private`. Raises `StoreError`, also for a session that a
    newer clinvk wrote.
    """
    path = home.record(session.id)
    if session.schema > SCHEMA:
        raise StoreError(
            f"cannot write `{path}`: a newer clinvk wrote it (schema {session.schema})",
            hint="update clinvk; until then this session can only be read",
        )
    ensure_private_dir(home.root, may_be_link=True)
    ensure_private_dir(home.sessions)
    write_private(path, json_page(encode(session)), staging=staging, place=place)


def _content(path: Path | str) -> bytes:
    descriptor = open_regular(path)
    try:
        size = os.fstat(descriptor).st_size
        if size > LARGEST:
            raise OSError(errno.EFBIG, f"it is larger than {LARGEST >> 20} MiB")
        return _read_all(descriptor, size)
    finally:
        os.close(descriptor)


def _read_all(descriptor: int, size: int) -> bytes:
    """So many bytes, or all there are: a network file system may give them in pieces."""
    content = os.read(descriptor, size)
    while len(content) < size and (more := os.read(descriptor, size - len(content))):
        content += more
    return content


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]
