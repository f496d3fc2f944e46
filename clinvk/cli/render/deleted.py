"""`sessions delete`: the question, and what became of each session."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from clinvk.cli.render.changed import error_to_json, first_status, say_kept
from clinvk.cli.streams import Streams
from clinvk.errors import ExitStatus
from clinvk.services.sessions.agent_files import NativeTranscript
from clinvk.services.sessions.delete import Deleted, Doomed
from clinvk.services.sessions.several import Outcome
from clinvk.text.json_codec import json_list
from clinvk.text.sanitize import safe_line
from clinvk.text.title import UNTITLED
from clinvk.text.units import format_age, format_size


def doomed_line(doomed: Doomed, now: datetime) -> str:
    """What a person should know of a session before it is gone."""
    session = doomed.session
    if session is None:
        return f"{doomed.id}  a damaged record, and its transcript"
    turns = f"{session.turns:,} turn{'' if session.turns == 1 else 's'}"
    title = safe_line(session.title) or UNTITLED
    return f"{doomed.id}  {title}  ({turns}, last used {format_age(session.last_used_at, now)})"


def render_deleted(
    outcomes: Sequence[Outcome[Doomed, Deleted]], streams: Streams, *, as_json: bool
) -> ExitStatus:
    """Say what became of each; the status is that of the first one that failed."""
    if as_json:
        streams.out_json(json_list(_outcome_to_json(one) for one in outcomes).decode())
        return first_status(outcomes)
    for one in outcomes:
        if one.error:
            say_kept(streams, one.target.id, one.error)
        elif one.result:
            title = f" ({safe_line(session.title)})" if (session := one.target.session) else ""
            freed = f"freed {format_size(one.result.freed)}{_native(one.result)}"
            streams.out(f"deleted session {one.target.id}{title}, {freed}\n")
    return first_status(outcomes)


def _native(deleted: Deleted) -> str:
    native = deleted.native
    if native is None:
        return ""
    where = ", ".join(native_paths(native))
    return safe_line(f"; {native.agent}'s own transcript is left alone{where and ': '}{where}")


def native_paths(native: NativeTranscript) -> list[str]:
    """The agent's files, or its folder where none was found."""
    if native.files:
        return [str(path) for path in native.files]
    return [f"{native.root} (none was found)"] if native.root else []


def _outcome_to_json(one: Outcome[Doomed, Deleted]) -> dict[str, Any]:
    native = one.result.native if one.result else None
    return {
        "id": one.target.id,
        "title": one.target.session.title if one.target.session else None,
        "outcome": "failed" if one.error else "deleted",
        "freed_bytes": one.result.freed if one.result else 0,
        "agent_transcripts": [str(path) for path in native.files] if native else [],
        "error": error_to_json(one.error),
    }
