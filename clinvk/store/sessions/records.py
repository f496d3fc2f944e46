"""Records: a session as a small JSON file that a person can read, written whole or not at all.

Reading is tolerant: what is missing and may be missing has its default, and fields that this
version does not know are kept. Writing is strict, and never touches what a newer version wrote.
"""

import errno
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinvk.errors import (
    SessionDamagedError,
    SessionNotFoundError,
    SessionUnreadableError,
    StoreError,
)
from clinvk.model.session import SCHEMA, Session
from clinvk.model.usage import FigureCounts, Usage
from clinvk.store.files import Place, ensure_private_dir, open_regular, reason, write_private
from clinvk.store.home import Home
from clinvk.store.sessions.record_fields import HUGE, KNOWN, read_session
from clinvk.text.json_codec import json_page, time_to_text

LARGEST = 16 * 1024 * 1024
"""More than this is no record of ours; it is not read into memory."""


NO_RECORD = frozenset({errno.ELOOP, errno.EINVAL, errno.EFBIG, errno.ENXIO})
"""How opening fails that is no file of ours; any other error says nothing of what is in it."""


@dataclass(frozen=True, slots=True)
class DamagedRecord:
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


def encode(session: Session) -> dict[str, Any]:
    """The session's fields under their published names, in their published order."""
    opened = session.open_turn
    unknown = session.unknown if isinstance(session.unknown, dict) else {}
    fields: dict[str, Any] = {
        "schema": session.schema,
        "id": session.id,
        "name": session.name,
        "title": session.title,
        "title_source": session.title_source.value,
        "backend": session.backend,
        "backend_session_id": session.conversation,
        "backend_session_seen": session.conversation_seen,
        "model": session.model,
        "model_requested": session.model_asked,
        "access": session.access.value if session.access else None,
        "system_prompt": session.system_prompt,
        "cwd": session.cwd,
        "status": session.status.value,
        "archived": session.archived,
        "parent": session.parent,
        "tags": list(session.tags),
        "created_at": time_to_text(session.created_at),
        "last_used_at": time_to_text(session.last_used_at),
        "turns": session.turns,
        "turns_reported": session.turns_reported,
        "usage": usage_to_record(session.usage),
        "cost_usd": _amount(session.cost_usd),
        "figures_reported": figures_to_record(session.figures_reported),
        "counters": session.counters if isinstance(session.counters, Mapping) else None,
        "counters_turn": session.counters_turn,
        "open_turn": opened
        and {"number": opened.number, "started_at": time_to_text(opened.started_at)},
    }
    return fields | {key: value for key, value in unknown.items() if key not in KNOWN}


def figures_to_record(told: FigureCounts | None) -> dict[str, int] | None:
    """How many turns told each figure, null where that is not known."""
    return None if told is None else dict(told)


def _amount(cost: float | None) -> float | None:
    """What is written must be what is read: an agent may have told an impossible cost."""
    return None if cost is None or not abs(cost) < HUGE else cost


def usage_to_record(usage: Usage) -> dict[str, int | None]:
    """The figures as they stand in records and transcripts; the total is for the reader."""
    return {
        "input_tokens": usage.input_tokens,
        "cached_tokens": usage.cached_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "output_tokens": usage.output_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "total_tokens": usage.total_tokens,
    }


def decode(data: object, *, path: Path) -> Session:
    """The session that the JSON value of the record at `path` says.

    Raises `SessionDamagedError`, which names the file and what is wrong with it. A record of a
    newer schema is read as far as it can be understood.
    """
    try:
        session = read_session(data)
    except ValueError as error:
        raise damaged(path, str(error)) from error
    if session.id != path.stem:
        raise damaged(path, f"it says that it is session `{session.id}`")
    return session


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


def damaged(path: Path, why: str, *, hint: str | None = None) -> SessionDamagedError:
    """The error of a record that cannot be read."""
    return SessionDamagedError(f"the record `{path}` is damaged: {why}", hint=hint)


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
