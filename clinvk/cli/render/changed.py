"""The result of a change to a session: one line of text, or a JSON object."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from clinvk.cli.render.errors import say_error
from clinvk.cli.render.layout import shown_title
from clinvk.cli.streams import Streams
from clinvk.errors import ClinvkError, ExitStatus
from clinvk.model.report import ErrorReport
from clinvk.model.session import Session
from clinvk.services.sessions.lifecycle import Applied
from clinvk.services.sessions.list import Listed
from clinvk.text.json_codec import json_line, json_list
from clinvk.text.sanitize import safe_line


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
        return first_status(outcomes)
    for one in outcomes:
        title = shown_title(one.target)
        if one.error:
            say_unchanged(streams, one.target.id, one.error)
        elif one.result:
            streams.out(f"{done} session {one.target.id}: {title}\n")
        else:
            streams.out(f"session {one.target.id} was already {done}: {title}\n")
    return first_status(outcomes)


def say_unchanged(streams: Streams, session_id: str, error: ClinvkError) -> None:
    """Report the error that left one of several sessions unchanged."""
    report = ErrorReport.of_error(error)
    message = f"session {session_id} is unchanged: {error.message}"
    say_error(streams, replace(report, message=message))


def first_status(outcomes: Sequence[Applied[Any, Any]]) -> ExitStatus:
    """The exit status of the first error, `OK` without one."""
    return next((one.error.exit_status for one in outcomes if one.error), ExitStatus.OK)
