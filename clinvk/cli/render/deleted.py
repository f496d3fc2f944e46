"""`sessions delete`: the sessions to confirm, and the result for each."""

from collections.abc import Sequence
from datetime import datetime

from clinvk.cli.render.changed import first_status, say_unchanged
from clinvk.cli.render.layout import format_age, format_size, shown_title
from clinvk.cli.streams import Streams
from clinvk.errors import ExitStatus
from clinvk.services.sessions.known_conversation import NativeTranscript
from clinvk.services.sessions.lifecycle import Applied, Deleted, DeletionTarget
from clinvk.text.json_codec import json_list
from clinvk.text.sanitize import safe_line
from clinvk.text.units import plural


def deletion_line(target: DeletionTarget, now: datetime) -> str:
    """A line about a session, shown before it is deleted."""
    session = target.session
    if session is None:
        return f"{target.id}  a damaged record, and its transcript"
    turns = plural(session.turns, "turn")
    used = f"last used {format_age(session.last_used_at, now)}"
    return f"{target.id}  {shown_title(session)}  ({turns}, {used})"


def render_deleted(
    outcomes: Sequence[Applied[DeletionTarget, Deleted]], streams: Streams, *, as_json: bool
) -> ExitStatus:
    """Show the result for each session; return the exit status of the first error."""
    if as_json:
        from clinvk.published.sessions import deleted_to_json

        streams.out_json(json_list(map(deleted_to_json, outcomes)).decode())
        return first_status(outcomes)
    for one in outcomes:
        if one.error:
            say_unchanged(streams, one.target.id, one.error)
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
    return safe_line(f"; {native.agent}'s own transcript is kept{where and ': '}{where}")


def native_paths(native: NativeTranscript) -> list[str]:
    """The agent's files, or its folder if no file was found."""
    if native.files:
        return [str(path) for path in native.files]
    return [f"{native.root} (no file found)"] if native.root else []
