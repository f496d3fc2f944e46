"""Exports sessions as they are."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from clinvk.errors import UsageError
from clinvk.model.portable import PortableSession
from clinvk.model.session import Session, Status
from clinvk.model.turn import Turn
from clinvk.services.sessions.resolve import resolve_all
from clinvk.services.world import World
from clinvk.store.files import write_private
from clinvk.store.sessions import portable
from clinvk.store.sessions.record_fields import read_session
from clinvk.store.transcripts import transcript as transcripts
from clinvk.text.units import format_turns, plural


class ExportedSession(Struct, frozen=True, kw_only=True):
    """A session with its turns, for a reader."""

    session: Session
    status: Status
    turns: tuple[Turn, ...]


class Export(Struct, frozen=True, kw_only=True):
    """The exported sessions in the requested order; `running` are the ids of running ones.

    `lacking` has a sentence about each transcript that is incomplete.
    """

    sessions: tuple[PortableSession, ...]
    statuses: tuple[Status, ...]
    running: tuple[str, ...]
    lacking: tuple[str, ...] = ()

    def with_turns(self) -> tuple[ExportedSession, ...]:
        """The sessions with their turns."""
        return tuple(map(_with_turns, self.sessions, self.statuses))


def export_sessions(world: World, references: Sequence[str]) -> Export:
    """Export the sessions that the references mean, without duplicates.

    Raises like `resolve_all`, and `StoreError`.
    """
    store = world.store
    found = {one.id: one for one in resolve_all(store, references, ago=world.ago)}
    statuses = tuple(store.status_of(session) for session in found.values())
    packed = tuple(portable.pack(store, session) for session in found.values())
    return Export(
        sessions=packed,
        statuses=statuses,
        running=tuple(
            one for one, status in zip(found, statuses, strict=True) if status is Status.RUNNING
        ),
        lacking=tuple(sentence for one in packed for sentence in _lacking(one)),
    )


def save_export(path: Path, data: bytes, *, replace: bool = False) -> None:
    """Write the export to a file that only its owner can read.

    An existing file is only replaced with `replace`, and then at once: until then, it is unchanged.
    """
    try:
        if replace and path.is_file():
            # The target of a link is replaced, as a redirection of the shell would write it.
            write_private(Path(os.path.realpath(path)), data)
        else:
            portable.write_new(path, data)
    except FileExistsError:
        if replace:
            raise UsageError(
                f"`{path}` is not a regular file", hint="name another file; `-` is stdout"
            ) from None
        raise UsageError(
            f"`{path}` already exists, and is not overwritten",
            hint="name another file, or replace it with `--force`",
        ) from None


def _lacking(exported: PortableSession) -> Iterator[str]:
    """Sentences about what is missing in the session's transcript."""
    session, transcript = _read(exported)
    if damaged := transcript.damaged_lines:
        count = plural(damaged, "line")
        yield f"session {session.id}: {count} of its transcript cannot be read, exported unchanged"
    if lost := transcript.lost_turns(session):
        has = f"lacks {format_turns(lost)}" if transcript.turns else "has no turn"
        yield f"session {session.id} counts {session.turns:,} turns, but its transcript {has}"


def _read(exported: PortableSession) -> tuple[Session, transcripts.Transcript]:
    session = read_session(dict(exported.record))
    return session, transcripts.read_lines(portable.line_bytes(exported.transcript))


def _with_turns(exported: PortableSession, status: Status) -> ExportedSession:
    session, transcript = _read(exported)
    return ExportedSession(
        session=transcripts.reconcile(session, transcript), status=status, turns=transcript.turns
    )
