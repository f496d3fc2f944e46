"""Exports sessions as they are, one after the other: they need not fit into memory."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct, field

from clinvk.errors import ClinvkError, UsageError
from clinvk.model.portable import PortableSession
from clinvk.model.progress import Progress, unwatched
from clinvk.model.session import Session, Status
from clinvk.model.turn import Turn
from clinvk.services.sessions.resolve import resolve_all
from clinvk.services.world import World
from clinvk.store.sessions import portable
from clinvk.store.sessions.record_fields import read_session
from clinvk.store.sessions.records import DamagedRecord
from clinvk.store.transcripts import transcript as transcripts
from clinvk.store.transcripts.outline import OutlineReader
from clinvk.store.transcripts.transcript import Transcript
from clinvk.text.units import format_turns, plural


class ExportedSession(Struct, frozen=True, kw_only=True):
    """A session with its turns, for a reader."""

    session: Session
    status: Status
    turns: tuple[Turn, ...]


class ExportNotes(Struct, kw_only=True):
    """What is known of the sessions exported so far.

    `running` are the ids of running ones, `lacking` has a sentence about each transcript that is
    incomplete, `failed` a sentence about each session that could not be exported.
    """

    count: int = 0
    running: list[str] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def ids_to_export(world: World, references: Sequence[str] | None) -> list[str]:
    """The ids of the sessions that the references mean, each once; None means all.

    Raises like `resolve_all`, and `StoreError`.
    """
    if references is None:
        return world.store.ids()
    return [one.id for one in resolve_all(world.store, references, ago=world.ago)]


@contextmanager
def export_file(path: Path, *, replace: bool = False) -> Iterator[BinaryIO]:
    """A file for an export that only its owner can read; it appears at `path` once it is complete.

    An existing file is only replaced with `replace`, and then at once: until then, it is unchanged.
    Raises `UsageError` and `StoreError`.
    """
    there = replace and path.is_file()
    # The target of a link is replaced, as a redirection of the shell would write it.
    place = Path(os.path.realpath(path)) if there else path
    try:
        with portable.new_file(place, replace=there) as file:
            yield file
    except FileExistsError:
        if replace:
            raise UsageError(
                f"`{path}` is not a regular file", hint="name another file; `-` is stdout"
            ) from None
        raise UsageError(
            f"`{path}` already exists, and is not overwritten",
            hint="name another file, or replace it with `--force`",
        ) from None


def export_sessions(
    world: World, ids: Sequence[str], notes: ExportNotes, progress: Progress = unwatched
) -> Iterator[PortableSession]:
    """The sessions with these ids as they are now; each is read before the next.

    One that was deleted meanwhile is left out. Raises `StoreError` for a transcript that cannot be
    read to its end.
    """
    progress(0, len(ids))
    for number, session_id in enumerate(ids, 1):
        try:
            found = world.store.find(session_id)
            if isinstance(found, DamagedRecord):
                raise found.error()
            portable.check_transcript(world.store, session_id)
        except ClinvkError as error:
            notes.failed.append(f"session {session_id} is not exported: {error.message}")
            found = None
        if found is not None:
            outline = OutlineReader()
            if world.store.status_of(found) is Status.RUNNING:
                notes.running.append(session_id)
            yield portable.pack(world.store, found, outline)
            notes.count += 1
            notes.lacking += _lacking(found, outline.transcript)
        progress(number, len(ids))


def head_of(world: World, exported: PortableSession) -> tuple[Session, Status]:
    """The session without its turns, and its status."""
    session = read_session(dict(exported.record))
    return session, world.store.status_of(session)


def with_turns(world: World, exported: PortableSession) -> ExportedSession:
    """The session with its turns, for a reader."""
    session, status = head_of(world, exported)
    transcript = transcripts.read_lines(portable.line_bytes(exported.transcript))
    return ExportedSession(
        session=transcripts.reconcile(session, transcript),
        status=status,
        turns=transcript.turns,
    )


def _lacking(session: Session, transcript: Transcript) -> Iterator[str]:
    """Sentences about what is missing in the session's transcript."""
    if damaged := transcript.damaged_lines:
        count = plural(damaged, "line")
        yield f"session {session.id}: {count} of its transcript cannot be read, exported unchanged"
    if lost := transcript.lost_turns(session):
        has = f"lacks {format_turns(lost)}" if transcript.turns else "has no turn"
        yield f"session {session.id} counts {session.turns:,} turns, but its transcript {has}"
