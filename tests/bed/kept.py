"""Records of sessions as they stand on disk, for tests that need many, or old ones, at once."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bed.command import Command
from clinvk.model.conversation import Conversation
from clinvk.model.session import Session
from clinvk.store.sessions.record_fields import encode
from clinvk.store.sessions.records import DamagedRecord, read


def with_conversation(record: dict[str, Any], **fields: object) -> dict[str, Any]:
    """The record with those fields of its one conversation, which is with its agent."""
    known = {"backend": record["backend"], **next(iter(record["conversations"]), {})}
    return {**record, "conversations": [{**known, **fields, "backend": record["backend"]}]}


def session_of(**fields: Any) -> Session:
    """A session; `conversation` are the fields of the conversation with its agent."""
    known = fields.pop("conversation", None)
    session = Session(**fields)
    if known is None:
        return session
    return session.with_conversation(Conversation(backend=session.backend, **known))


def load_record(path: Path) -> Session:
    """The session in the record at that path; raises what a command says that needs it."""
    found = read(path, session_id=path.stem)
    if isinstance(found, DamagedRecord):
        raise found.error()
    return found


def keep(clinvk: Command, number: int, *, days: float = 0, **fields: object) -> str:
    """Write the record of a session that was used so many days and minutes ago; its id.

    `number` counts the minutes and makes the id; what is not said is a plain session of the demo
    in the home's project with one turn.
    """
    at = datetime.now(UTC) - timedelta(days=days, minutes=number)
    said: dict[str, Any] = {"backend": "demo", "cwd": str(clinvk.home.project)}
    said |= {"title": f"session {number}"}
    said |= {"created_at": at, "last_used_at": at, "turns": 1}
    session = session_of(id=f"{number:012x}", **{**said, **fields})
    folder = clinvk.home.clinvk_home / "sessions"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / f"{session.id}.json").write_text(json.dumps(encode(session)))
    return session.id
