"""Which sessions may be imported: those that a command of clinvk could have written."""

from collections.abc import Mapping
from typing import Any

from clinvk.errors import UsageError
from clinvk.model.names import checked_name, checked_tag, refuse_id_like
from clinvk.model.session import SCHEMA, Session
from clinvk.services.agents.catalog import Catalog
from clinvk.store.sessions.record_fields import read_session, upgraded
from clinvk.store.transcripts.transcript import Transcript, rebuild, reconcile
from clinvk.text.sanitize import safe_line


def checked_record(value: Mapping[str, Any], place: str, agents: Catalog) -> Session:
    """The session of a record. Raises `ValueError` with the place and the fault.

    The record is checked against its published form.
    """
    if isinstance(value.get("schema"), int) and value["schema"] > SCHEMA:
        raise ValueError(f"{place}: a newer clinvk wrote it (schema {value['schema']})")
    from pydantic import ValidationError

    from clinvk.published.record import SessionForm
    from clinvk.text.json_codec import json_line

    value = upgraded(value) if "schema" in value else value
    try:
        SessionForm.model_validate_json(json_line(value))
        session = read_session(value)
        _check(session, agents)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join([place, *map(str, first["loc"])])
        raise ValueError(f"{where}: {first['msg'][:1].lower()}{first['msg'][1:]}") from error
    except (UsageError, ValueError) as error:
        raise _at(place, error) from error
    return session


def checked_with_turns(
    session: Session, transcript: Transcript, place: str, agents: Catalog
) -> Session:
    """The session, corrected from its transcript, so that nothing changes after the import.

    Every command corrects a record from its transcript, and rebuilds a lost one from it; so both
    are checked like the record. Raises `ValueError` like `checked_record`.
    """
    current, rebuilt = reconcile(session, transcript), rebuild(transcript)
    try:
        _check(current, agents)
        if rebuilt is not None and rebuilt.id == session.id:
            _check_what_runs(rebuilt, agents)
    except (UsageError, ValueError) as error:
        raise _at(place, error) from error
    return current


def reads_as_id(name: str, agents: Catalog) -> bool:
    """Whether the name could be mistaken for the id of another session."""
    try:
        refuse_id_like(name, agents.names)
    except UsageError:
        return True
    return False


def _at(place: str, error: UsageError | ValueError) -> ValueError:
    message = error.message if isinstance(error, UsageError) else error
    return ValueError(f"{place}: {message}")


def _check(session: Session, agents: Catalog) -> None:
    """Raise `UsageError` or `ValueError` for a session that no command of clinvk would write."""
    if session.name is not None:
        checked_name(session.name)
    for tag in session.tags:
        checked_tag(tag)
    _check_what_runs(session, agents)


def _check_what_runs(session: Session, agents: Catalog) -> None:
    """Raise `ValueError` for relative directories, or an id that could be read as an option."""
    if not session.cwd.startswith("/"):
        raise ValueError(f"`cwd` is not an absolute directory: `{safe_line(session.cwd)}`")
    for directory in session.add_dirs:
        if not directory.startswith("/"):
            raise ValueError(f"`add_dirs` has no absolute directory: `{safe_line(directory)}`")
    for one in session.conversations:
        if one.id is not None and not _is_conversation(one.backend, one.id, agents):
            raise ValueError(
                f"`backend_session_id` is not the id of a conversation of `{one.backend}`:"
                f" `{safe_line(one.id[:80])}`"
            )


def _is_conversation(name: str, conversation: str, agents: Catalog) -> bool:
    """Whether the backend accepts the id; for an unknown backend, the usual rule applies."""
    from clinvk.agents.base import Backend

    if backend := agents.find(name):
        return backend.is_conversation(conversation)
    return ".." not in conversation and bool(Backend.conversation_ids.fullmatch(conversation))
