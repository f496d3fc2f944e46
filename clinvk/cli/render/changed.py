"""The result of a change to a session: one line of text, or a JSON object."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

from msgspec.structs import replace

from clinvk.cli.render.errors import say_error
from clinvk.cli.render.layout import format_age, format_size, shown_title
from clinvk.cli.streams import Streams
from clinvk.errors import ClinvkError, ExitStatus, UsageError
from clinvk.model.report import ErrorReport
from clinvk.model.session import Session
from clinvk.services.sessions.each import Applied
from clinvk.services.sessions.known_conversation import NativeTranscript
from clinvk.services.sessions.lifecycle import Deleted, DeletionTarget
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


class Form(Enum):
    """How the result for several sessions is printed."""

    QUIET = "quiet"
    SUMMARY = "summary"
    LINES = "lines"
    JSON = "json"


def form_of(*, quiet: bool, verbose: bool, as_json: bool) -> Form:
    """The form that the options ask for. Raises `UsageError` for two of them."""
    asked = {Form.QUIET: quiet, Form.LINES: verbose, Form.JSON: as_json}
    if quiet and (verbose or as_json):
        other = "--verbose" if verbose else "--json"
        raise UsageError(f"`--quiet` cannot be used with `{other}`", hint="use one of them")
    return next((form for form in (Form.JSON, *asked) if asked[form]), Form.SUMMARY)


def render_deleted(
    outcomes: Sequence[Applied[DeletionTarget, Deleted]], streams: Streams, form: Form
) -> ExitStatus:
    """Show the result, of several sessions as one line; return the status of the first error."""
    if form is Form.JSON:
        from clinvk.published.sessions import deleted_to_json

        streams.out_json(json_list(map(deleted_to_json, outcomes)).decode())
        return _say_errors(outcomes, streams)
    done = [(one.target, one.result) for one in outcomes if one.result]
    if form is Form.LINES or (form is Form.SUMMARY and len(outcomes) == 1):
        streams.out("".join(_deletion(*one) for one in done))
    for one in outcomes:
        if one.error:
            say_unchanged(streams, one.target.id, one.error)
    if form is not Form.QUIET and len(outcomes) > 1:
        freed = format_size(sum(one.freed for _, one in done))
        parts = [f"deleted {plural(len(done), 'session')}, freed {freed}"]
        if failed := len(outcomes) - len(done):
            parts.append(f"could not delete {plural(failed, 'session')}")
        parts += kept_transcripts(one.native for _, one in done)
        streams.out(f"{safe_line('; '.join(parts))}\n")
    return first_status(outcomes)


def _deletion(target: DeletionTarget, deleted: Deleted) -> str:
    title = f" ({safe_line(target.session.title)})" if target.session else ""
    freed = f"freed {format_size(deleted.freed)}{_native(deleted)}"
    return f"deleted session {target.id}{title}, {freed}\n"


def _native(deleted: Deleted) -> str:
    """Where the agent's files are: the folder if no file was found."""
    native = deleted.native
    if native is None:
        return ""
    folder = f"{native.root} (no file found)" if native.root else ""
    where = ", ".join(map(str, native.files)) or folder
    return safe_line(f"; {native.agent}'s own transcript is kept{where and ': '}{where}")


def kept_transcripts(natives: Iterable[NativeTranscript | None]) -> Iterator[str]:
    """One part of a sentence about the agents' own transcripts of several sessions, or none."""
    agents = {one.agent: one.root for one in natives if one}
    if agents:
        kept = (f"{agent}'s ({root})" if root else f"{agent}'s" for agent, root in agents.items())
        yield f"the agent's own transcripts are kept: {', '.join(kept)}"


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
