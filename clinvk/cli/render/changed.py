"""The result of a change to a session: one line of text, or a JSON object."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from clinvk.cli.render.errors import say_error
from clinvk.cli.render.layout import format_age, format_size, shown_title
from clinvk.cli.streams import Streams
from clinvk.errors import ClinvkError, ExitStatus
from clinvk.model.report import ErrorReport
from clinvk.model.session import Session
from clinvk.services.sessions.lifecycle import Applied, Deleted, DeletionTarget
from clinvk.services.sessions.list import Listed
from clinvk.text.json_codec import json_line, json_list
from clinvk.text.sanitize import safe_line
from clinvk.text.units import plural


def render_changed(changed: Listed, sentence: str, streams: Streams, *, as_json: bool) -> None:
    """Show the change of one session; the JSON is its object in `sessions list`."""
    if as_json:
        from clinvk.published.sessions import session_to_json

        streams.out_json(json_line(session_to_json(changed)).decode())
    else:
        streams.out(f"{safe_line(sentence)}\n")


def render_tagged(changed: Listed, streams: Streams, *, as_json: bool) -> None:
    """Show the tags of a session, like `render_changed`."""
    session = changed.session
    tagged = f"is tagged {', '.join(session.tags)}" if session.tags else "has no tags"
    render_changed(changed, f"session {session.id} {tagged}", streams, as_json=as_json)


def render_each(
    outcomes: Sequence[Applied[Session, bool]], done: str, streams: Streams, *, as_json: bool
) -> ExitStatus:
    """Show the result for each session; return the exit status of the first error.

    `done` is the past participle of the change. A result is False if nothing had to be changed.
    """
    if as_json:
        from clinvk.published.sessions import changed_to_json

        streams.out_json(json_list(changed_to_json(one, done) for one in outcomes).decode())
        return _say_errors(outcomes, streams)
    for one in outcomes:
        title = shown_title(one.target)
        if one.error:
            say_unchanged(streams, one.target.id, one.error)
        elif one.result:
            streams.out(f"{done} session {one.target.id}: {title}\n")
        else:
            streams.out(f"session {one.target.id} was already {done}: {title}\n")
    return first_status(outcomes)


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
        return _say_errors(outcomes, streams)
    for one in outcomes:
        if one.error:
            say_unchanged(streams, one.target.id, one.error)
        elif one.result:
            title = f" ({safe_line(session.title)})" if (session := one.target.session) else ""
            freed = f"freed {format_size(one.result.freed)}{_native(one.result)}"
            streams.out(f"deleted session {one.target.id}{title}, {freed}\n")
    return first_status(outcomes)


def _native(deleted: Deleted) -> str:
    """Where the agent's files are: the folder if no file was found."""
    native = deleted.native
    if native is None:
        return ""
    folder = f"{native.root} (no file found)" if native.root else ""
    where = ", ".join(map(str, native.files)) or folder
    return safe_line(f"; {native.agent}'s own transcript is kept{where and ': '}{where}")


def say_unchanged(streams: Streams, session_id: str, error: ClinvkError) -> None:
    """Report the error that left one of several sessions unchanged."""
    report = ErrorReport.of_error(error)
    message = f"session {session_id} is unchanged: {error.message}"
    say_error(streams, replace(report, message=message))


def _say_errors(outcomes: Sequence[Applied[Any, Any]], streams: Streams) -> ExitStatus:
    for one in outcomes:
        if one.error:
            say_unchanged(streams, one.target.id, one.error)
    return first_status(outcomes)


def first_status(outcomes: Sequence[Applied[Any, Any]]) -> ExitStatus:
    """The exit status of the first error, `OK` without one."""
    return next((one.error.exit_status for one in outcomes if one.error), ExitStatus.OK)
