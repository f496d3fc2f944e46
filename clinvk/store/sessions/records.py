"""Records: a session as a small JSON file that people can read, written atomically.

Reading is tolerant: optional fields have defaults, and fields that this version does not know are
kept. Writing is strict, and never changes the record of a newer version.
"""

import errno
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from clinvk.errors import SessionBusyError, SessionDamagedError, SessionUnreadableError, StoreError
from clinvk.model.session import SCHEMA, Session
from clinvk.store.files import (
    Place,
    ensure_private_dir,
    open_regular,
    reason,
    regular_file,
    write_private,
)
from clinvk.store.home import Home
from clinvk.store.sessions.record_fields import encode, read_session
from clinvk.text.json_codec import json_page, parse_line

LARGEST = 16 * 1024 * 1024
"""A larger file is not a record of clinvk; it is not read into memory."""


NO_RECORD = frozenset({errno.ELOOP, errno.EINVAL, errno.EFBIG, errno.ENXIO})
"""The errors that mean that it is not a record of clinvk; with others it may be intact."""

LONGEST_S = 10.0
"""An update takes milliseconds; a process that takes this long was stopped during one."""

_PAUSE_S = 0.005


class DamagedRecord(Struct, frozen=True):
    """A file in the records' folder that is not a valid record; `id_guess` is the id in its name.

    `unreadable`: the system could not read it (permissions, too many open files, a disk error), and
    it may be intact. `foreign`: it was never the record of that id, but is a link, a folder or a
    copy of another session's record.
    """

    path: Path
    id_guess: str | None
    reason: str
    unreadable: bool = False
    foreign: bool = False

    @property
    def status(self) -> str:
        """The word in a list, instead of a status."""
        return "unreadable" if self.unreadable else "damaged"

    @property
    def sentence(self) -> str:
        """One sentence with the file and the reason."""
        if self.unreadable:
            return f"cannot read `{self.path}`: {self.reason}"
        kind = "transcript" if self.path.suffix == ".jsonl" else "record"
        return f"the {kind} `{self.path}` is damaged: {self.reason}"

    def error(self, *, hint: str | None = None) -> SessionDamagedError | SessionUnreadableError:
        """The error of a command that needs this session."""
        kind = SessionUnreadableError if self.unreadable else SessionDamagedError
        return kind(self.sentence, hint=hint)


def read(path: Path | str, *, session_id: str | None) -> Session | DamagedRecord:
    """The session in the record at `path`, or why it is damaged; `session_id` is from its name.

    Never follows a symlink, never blocks. Raises only `FileNotFoundError`.
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
    """Like `read`, for the bytes of the record. Never raises."""
    session = None
    try:
        session = read_session(parse_line(content)) if content.strip() else None
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
        why = f"it is the record of session `{session.id}`" if session else "it is empty"
    return DamagedRecord(Path(path), session_id, why, foreign=session is not None)


def id_inside(path: Path) -> str | None:
    """The id inside the record at `path`, whatever its file name; None if it is not a record."""
    try:
        return read_session(parse_line(_content(path))).id
    except (ValueError, OSError, RecursionError):
        return None


def save(
    home: Home, session: Session, *, staging: Path | None = None, place: Place = Path.replace
) -> None:
    """Write the session's record; the old one stays until the new one is on the disk.

    `staging` and `place` are as in `write_private`. Raises `StoreError`, also for a session of a
    newer clinvk.
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


@contextmanager
def changing(record: Path, sleep: Callable[[float], None]) -> Iterator[None]:
    """Lock `record` against other updates: read, change, write. A missing one needs no lock.

    It is held for a few milliseconds, unlike the session's lock, also by a turn. As a lock of the
    system on the record's file itself it needs no other file, and it ends when the new record
    replaces the file. Raises `SessionBusyError` after `LONGEST_S`. On file systems without locks
    (some network file systems) it does nothing, and the last update wins.
    """
    descriptor = _take(record, sleep)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _take(record: Path, sleep: Callable[[float], None]) -> int | None:
    waited = 0.0
    while waited < LONGEST_S:
        try:
            descriptor = open_regular(record)
        except OSError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(descriptor), os.lstat(record)):
                return descriptor
        except BlockingIOError:
            sleep(_PAUSE_S)
            waited += _PAUSE_S
        except FileNotFoundError:
            pass  # replaced or deleted since it was opened: try again
        except OSError:
            os.close(descriptor)
            return None
        os.close(descriptor)
    raise SessionBusyError(
        f"another process is changing the record `{record}`", hint="try again in a moment"
    )


def _content(path: Path | str) -> bytes:
    with regular_file(path) as descriptor:
        size = os.fstat(descriptor).st_size
        if size > LARGEST:
            raise OSError(errno.EFBIG, f"it is larger than {LARGEST >> 20} MiB")
        return _read_all(descriptor, size)


def _read_all(descriptor: int, size: int) -> bytes:
    """Read this many bytes, or all; a network file system may return them in parts."""
    content = os.read(descriptor, size)
    while len(content) < size and (more := os.read(descriptor, size - len(content))):
        content += more
    return content


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]
