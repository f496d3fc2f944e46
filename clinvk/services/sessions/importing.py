"""Imports an export: it is checked completely before writing, and nothing is overwritten."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any, NoReturn

from msgspec import Struct
from msgspec.structs import replace

from clinvk.errors import ClinvkError, SessionDamagedError, UsageError
from clinvk.model.config import Settings
from clinvk.model.names import checked_name, checked_tag, refuse_id_like
from clinvk.model.portable import EXPORT_VERSION, PortableSession, TranscriptLine
from clinvk.model.provenance import FIELD, WITHHELD, provenance
from clinvk.model.session import SCHEMA, Session
from clinvk.services.agents.catalog import Catalog
from clinvk.services.session_locks import claim_of
from clinvk.services.sessions.resolve import find_named
from clinvk.services.world import World
from clinvk.store.sessions import portable
from clinvk.store.sessions.record_fields import encode, read_session, upgraded
from clinvk.store.transcripts.transcript import read_lines, rebuild, reconcile
from clinvk.text.sanitize import safe_line

LARGEST = 512 * 1024 * 1024
"""Maximum bytes that are read into memory."""

_NAME_WAIT_S = 30.0


class Refused(Struct, frozen=True, kw_only=True):
    """A session that was not imported, and why."""

    id: str
    reason: str


class Imported(Struct, frozen=True, kw_only=True):
    """The result for each session; `present` are identical sessions that exist already."""

    imported: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    refused: tuple[Refused, ...] = ()
    warnings: tuple[str, ...] = ()


def read_export(data: bytes, source: str, agents: Catalog) -> tuple[PortableSession, ...]:
    """The sessions of an export. Raises `SessionDamagedError` with the place and the fault.

    `source` is the name of the file in the message.
    """
    try:
        if len(data) > LARGEST:
            raise ValueError(f"it is larger than {LARGEST >> 20} MiB")  # noqa: TRY301  as all faults
        return tuple(_sessions(json.loads(data, parse_constant=_no_number), agents))
    except UnicodeDecodeError:
        why = "it is not text in UTF-8"
    except json.JSONDecodeError as error:
        why = f"it is not JSON: {error.msg[:1].lower()}{error.msg[1:]} (line {error.lineno})"
    except RecursionError:
        why = "it is nested too deeply"
    except ValueError as error:
        why = str(error)
    raise SessionDamagedError(
        f"`{source}` cannot be imported: {why}",
        hint="nothing was imported; only files of `clinvk sessions export ID -o json` can be",
    )


def import_sessions(
    world: World, sessions: tuple[PortableSession, ...], settings: Settings, *, trust: bool = False
) -> Imported:
    """Write sessions that do not exist yet; existing ones are not changed.

    Their access and system prompt are kept for information, but only applied with `trust`: the next
    turn uses the user's settings, like the first turn of a new session.
    """
    done = Imported()
    for exported in sessions:
        one = _adapted(exported, settings, trust=trust)
        try:
            done = _import_one(one, world, done)
        except ClinvkError as error:
            refused = Refused(id=one.id, reason=error.message)
            done = replace(done, refused=(*done.refused, refused))
    return done


def _adapted(one: PortableSession, settings: Settings, *, trust: bool) -> PortableSession:
    """The session as it will be written. The transcript must match: records are rebuilt from it."""
    session = read_session(dict(one.record))
    kept = {FIELD: provenance(one.record, session.turns_begun)}
    if trust:
        return replace(one, record={**one.record, **kept})
    access = settings.backend(session.backend, "access") or settings.get("run.access")
    given = {"access": access, "system_prompt": None}
    lines = tuple(_with_given(line, given) for line in one.transcript)
    return PortableSession(record={**one.record, **given, **kept}, transcript=lines)


def _with_given(line: TranscriptLine, given: Mapping[str, Any]) -> TranscriptLine:
    """The line; a `session` line gets the `given` access and system prompt."""
    value: object = line
    if isinstance(line, str):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            return line
    if not isinstance(value, dict) or value.get("type") != "session":
        return line
    return {**value, **given}


def _import_one(one: PortableSession, world: World, done: Imported) -> Imported:
    store = world.store
    with ExitStack() as held:
        held.enter_context(store.lock(one.id, claim_of(world)))
        if store.find(one.id) is not None and not portable.is_half_unpacked(store, one):
            here = portable.pack(store, store.load(one.id))
            if _same(here, one):
                return replace(done, present=(*done.present, one.id))
            reason = "a different session with that id exists, and is not overwritten"
            return replace(done, refused=(*done.refused, Refused(id=one.id, reason=reason)))
        name, why, warnings = one.record.get("name"), "", done.warnings
        if name is not None and _reads_as_id(name, world):
            why = f"`{safe_line(name)}` looks like an id"
        elif name is not None:
            held.enter_context(store.lock_name(name, claim_of(world, wait_s=_NAME_WAIT_S)))
            holder = find_named(store, name)
            if holder is not None and holder.id != one.id:
                why = f"`{name}` is session {holder.id}"
        if why:
            one = replace(one, record={**one.record, "name": None})
            warnings = (*warnings, f"session {one.id} is imported without its name: {why}")
        portable.unpack(store, one)
        return replace(done, imported=(*done.imported, one.id), warnings=warnings)


def _reads_as_id(name: str, world: World) -> bool:
    """Whether the name could be mistaken for the id of another session."""
    try:
        refuse_id_like(name, world.agents.names)
    except UsageError:
        return True
    return False


def _same(here: PortableSession, other: PortableSession) -> bool:
    """Whether both are the same session; a name dropped by the import makes no difference."""
    ours, theirs = (encode(read_session(dict(one.record))) for one in (here, other))
    if ours.get("name") is None:
        theirs["name"] = None
    for record in (ours, theirs):
        for name in (FIELD, *WITHHELD):  # settings may have changed meanwhile
            record.pop(name, None)
    first, second = (list(portable.line_bytes(one.transcript)) for one in (here, other))
    return ours == theirs and first == second


def _sessions(document: object, agents: Catalog) -> Iterator[PortableSession]:
    if not isinstance(document, dict) or "clinvk_export" not in document:
        raise ValueError("it is not an export of clinvk")
    version = document["clinvk_export"]
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ValueError("`clinvk_export` is not a version number")
    if version > EXPORT_VERSION:
        raise ValueError(f"a newer clinvk wrote it (format version {version})")
    sessions = document.get("sessions")
    if not isinstance(sessions, list):
        raise ValueError("`sessions` is not a list")  # noqa: TRY004  one type for all errors
    seen: set[str] = set()
    for number, value in enumerate(sessions):
        place = f"sessions[{number}]"
        one = _session(value, place, agents)
        if one.id in seen:
            raise ValueError(f"{place}.record.id: `{one.id}` occurs twice")
        seen.add(one.id)
        yield one


def _session(value: object, place: str, agents: Catalog) -> PortableSession:
    if not isinstance(value, dict):
        raise ValueError(f"{place} is not an object")  # noqa: TRY004  as above
    lines = value.get("transcript")
    if not isinstance(lines, list):
        raise ValueError(f"{place}.transcript is not a list")  # noqa: TRY004  as above
    record = _record(value.get("record"), f"{place}.record", agents)
    for number, line in enumerate(lines):
        if not isinstance(line, dict) and not (isinstance(line, str) and _is_of_bytes(line)):
            where = f"{place}.transcript[{number}]"
            raise ValueError(f"{where} is neither an object nor one line of text")
    record = _with_turns(record, tuple(lines), f"{place}.transcript", agents)
    return PortableSession(record=record, transcript=tuple(lines))


def _with_turns(
    record: Mapping[str, Any], lines: tuple[TranscriptLine, ...], place: str, agents: Catalog
) -> Mapping[str, Any]:
    """The record, corrected from its transcript, so that nothing changes after the import.

    Every command corrects a record from its transcript, and rebuilds a lost one from it; so both
    are checked like the record.
    """
    session = read_session(dict(record))
    transcript = read_lines(portable.line_bytes(lines))
    current, rebuilt = reconcile(session, transcript), rebuild(transcript)
    try:
        _check(current, agents)
        if rebuilt is not None and rebuilt.id == session.id:
            _check_what_runs(rebuilt, agents)
    except (UsageError, ValueError) as error:
        message = error.message if isinstance(error, UsageError) else error
        raise ValueError(f"{place}: {message}") from error
    return record if current == session else encode(current)


def _record(value: object, place: str, agents: Catalog) -> Mapping[str, Any]:
    """A valid record, checked against the published schema."""
    if not isinstance(value, dict):
        raise ValueError(f"{place} is not an object")  # noqa: TRY004  as above
    if isinstance(value.get("schema"), int) and value["schema"] > SCHEMA:
        raise ValueError(f"{place}: a newer clinvk wrote it (schema {value['schema']})")
    from pydantic import ValidationError

    from clinvk.published.record import SessionForm
    from clinvk.text.json_codec import json_line

    value = upgraded(value) if "schema" in value else value
    try:
        SessionForm.model_validate_json(json_line(value))
        _check(read_session(value), agents)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join([place, *map(str, first["loc"])])
        raise ValueError(f"{where}: {first['msg'][:1].lower()}{first['msg'][1:]}") from error
    except (UsageError, ValueError) as error:
        message = error.message if isinstance(error, UsageError) else error
        raise ValueError(f"{place}: {message}") from error
    return value


def _check(session: Session, agents: Catalog) -> None:
    """Raise `UsageError` or `ValueError` for a session that no command of clinvk would write."""
    if session.name is not None:
        checked_name(session.name)
    for tag in session.tags:
        checked_tag(tag)
    _check_what_runs(session, agents)


def _check_what_runs(session: Session, agents: Catalog) -> None:
    """Raise `ValueError` for a relative directory, or an id that could be read as an option."""
    if not session.cwd.startswith("/"):
        raise ValueError(f"`cwd` is not an absolute directory: `{safe_line(session.cwd)}`")
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


def _is_of_bytes(line: str) -> bool:
    """Whether the text of a damaged line can be encoded as bytes without a line end."""
    try:
        return b"\n" not in line.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"`{word}` is not a valid JSON number")
