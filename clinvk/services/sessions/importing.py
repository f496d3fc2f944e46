"""Imports the sessions of an export, however many and however large they are.

Each session is checked, written beside its place and compared with the one that exists, then
several are moved to their places together: one wait for the disk instead of hundreds. A session
that exists is never overwritten, except by a longer copy of itself, if that is wanted.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from clinvk.errors import (
    ClinvkError,
    SessionDamagedError,
    SessionError,
    SessionUnreadableError,
    StoreError,
)
from clinvk.model.config import Settings
from clinvk.model.portable import PortableSession
from clinvk.model.progress import Progress, unwatched
from clinvk.model.provenance import FIELD, WITHHELD, provenance
from clinvk.model.session import Session
from clinvk.services.session_locks import at_rest, claim_of
from clinvk.services.sessions.export_file import iter_sessions
from clinvk.services.sessions.import_checks import checked_record, checked_with_turns, reads_as_id
from clinvk.services.sessions.import_names import Names
from clinvk.services.world import World
from clinvk.store.sessions.comparing import Relation, relation
from clinvk.store.sessions.record_fields import encode, read_session
from clinvk.store.sessions.records import DamagedRecord, changing
from clinvk.store.sessions.unpacking import Unpacked, append_session, place, stage
from clinvk.text.sanitize import safe_line
from clinvk.text.units import plural

_SAME = Relation.SAME

_MOST = 64
"""Sessions that are placed together: each holds one or two locks, and a process of macOS may have
256 open files."""


class Refused(Struct, frozen=True, kw_only=True):
    """A session that was not imported, and why."""

    id: str
    reason: str


class Imported(Struct, kw_only=True):
    """The ids by what was done.

    `present` are those that exist already and were not changed, `different` those of them that
    differ from the export.
    """

    imported: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    present: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """The number of sessions."""
        return len(self.imported) + len(self.updated) + len(self.present) + len(self.refused)


def import_sessions(  # noqa: PLR0913  what an import is told
    world: World,
    blocks: Iterable[bytes],
    source: str,
    settings: Settings,
    *,
    trust: bool = False,
    update: bool = False,
    progress: Progress = unwatched,
) -> Imported:
    """Import the export with these bytes; `source` is its name in messages.

    Existing sessions are not changed; with `update`, one whose turns are the first of the copy's
    gets the others too. Access and system prompt of the export are kept for information, but only
    applied with `trust`: the next turn uses the user's settings, like the first turn of a new
    session, or those of the session that was updated.

    Raises `SessionDamagedError` with the place and the fault, and `StoreError`. What comes before
    is imported then, and the message says so. An import can be repeated.
    """
    work = _Import(world, settings, trust=trust, update=update)
    progress(0, None)
    try:
        why = _fault(work, blocks, progress)
        work.flush()
    except StoreError as error:
        raise StoreError(f"{error.message} ({_said(work.done)})", hint=error.hint) from error
    finally:
        work.drop()
    progress(work.done.count, work.done.count)
    if why:
        raise _damaged(source, why, work.done)
    return work.done


def _fault(work: "_Import", blocks: Iterable[bytes], progress: Progress) -> str:
    """Import up to the end of the file, or to a fault in it, which is returned."""
    try:
        for where, one in iter_sessions(blocks):
            work.take(where, one)
            progress(work.done.count, None)
    except UnicodeDecodeError:
        return "it is not text in UTF-8"
    except RecursionError:
        return "it is nested too deeply"
    except ValueError as error:
        return str(error)
    return ""


def _damaged(source: str, why: str, done: Imported) -> SessionDamagedError:
    if not done.count:
        return SessionDamagedError(
            f"`{source}` cannot be imported: {why}",
            hint="nothing was imported; only files of `clinvk sessions export ID -o json` can be",
        )
    return SessionDamagedError(
        f"`{source}` cannot be imported completely: {why}; {_said(done)}",
        hint="get a whole copy of the export, and import it again: what is here is not changed",
    )


def _said(done: Imported) -> str:
    """How far an import came that stopped."""
    new = len(done.imported) + len(done.updated)
    here = f", {len(done.present):,} already here" if done.present else ""
    return f"{plural(new, 'session')} before that imported{here}"


class _Ready(Struct, frozen=True, kw_only=True):
    """A session that can be placed, and what is held until then.

    `transcript` is its new file, None if the one that is here stays. `here` is the session that
    it updates.
    """

    session: Session
    transcript: Path | None
    here: Session | None
    held: ExitStack


class _Import:
    """The import so far."""

    def __init__(self, world: World, settings: Settings, *, trust: bool, update: bool) -> None:
        self.done = Imported()
        self._world, self._settings = world, settings
        self._trust, self._update = trust, update
        self._ready: list[_Ready] = []
        self._seen: set[str] = set()
        self._claim = claim_of(world)
        self._names = Names(world, self._claim)

    def take(self, where: str, one: PortableSession) -> None:
        """Import a session, now or with the next ones.

        Raises `ValueError` with the place and the fault of an invalid one, and `StoreError`.
        """
        session = checked_record(one.record, f"{where}.record", self._world.agents)
        if session.id in self._seen:
            raise ValueError(f"{where}.record.id: `{session.id}` occurs twice")
        self._seen.add(session.id)
        with ExitStack() as held:
            try:
                self._take(where, one, session, held)
            except StoreError:
                raise
            except ClinvkError as error:
                self.done.refused.append(Refused(id=session.id, reason=error.message))
        if len(self._ready) >= _MOST:
            self.flush()

    def flush(self) -> None:
        """Move the sessions that are ready to their places. Raises `StoreError`."""
        with ExitStack() as held:
            ready, self._ready = self._ready, []
            for one in ready:
                held.push(one.held)
            ready = self._with_names(ready, held)
            unpacked = [Unpacked(session=one.session, transcript=one.transcript) for one in ready]
            place(self._world.store, unpacked)
        for one in ready:
            ids = self.done.imported if one.here is None else self.done.updated
            ids.append(one.session.id)

    def drop(self) -> None:
        """Forget the sessions that are ready, and their files."""
        for one in self._ready:
            one.held.close()
        self._ready = []

    def _take(self, where: str, one: PortableSession, session: Session, held: ExitStack) -> None:
        key = session.id
        if self._find(key) is None or self._update or not self._has_record(key):
            # Nobody may begin or delete it until it is in its place.
            held.enter_context(at_rest(self._world, key, self._claim))
            if self._has_record(key):
                held.enter_context(changing(self._record(key), self._world.sleep))
        here = self._find(key)
        given = self._given(session, here)
        place_ = f"{where}.transcript"
        staged = stage(self._world.home, one, place_, partial(_replaced, given), held)
        session = checked_with_turns(session, staged.outline, place_, self._world.agents)
        session = _adapted(session, given)
        if here is None:
            self._is_ready(session, staged.file, None, held)
        elif not self._has_record(key) and self._relation(key, staged.file, whole=True) is _SAME:
            # An import was killed between the two files.
            self._is_ready(session, None, None, held)
        elif self._update and self._is_longer(here, session, staged.file):
            self._is_ready(_merged(here, session), staged.file, here, held)
        else:
            self.done.present.append(key)
            whole = self._relation(key, staged.file, whole=True) is _SAME
            if not whole or not _same_record(here, session):
                self.done.different.append(key)

    def _is_ready(
        self, session: Session, transcript: Path | None, here: Session | None, held: ExitStack
    ) -> None:
        self._ready.append(
            _Ready(session=session, transcript=transcript, here=here, held=held.pop_all())
        )

    def _is_longer(self, here: Session, session: Session, staged: Path | None) -> bool:
        """Whether the copy has our turns and more. Raises `SessionError` if it has others."""
        found = self._relation(here.id, staged)
        fewer = session.turns_begun < here.turns_begun
        if found is Relation.DIFFERENT or (found is Relation.LONGER and fewer):
            raise SessionError(
                "its turns and those of the session here are different, and nothing is overwritten"
            )
        return found is Relation.LONGER

    def _given(self, session: Session, here: Session | None) -> Mapping[str, Any]:
        """The access and system prompt that replace those of the file."""
        if self._trust:
            return {}
        if here is not None:
            return {name: encode(here)[name] for name in WITHHELD}
        settings = self._settings
        access = settings.backend(session.backend, "access") or settings.get("run.access")
        return {"access": access, "system_prompt": None, "add_dirs": []}

    def _with_names(self, ready: Sequence[_Ready], held: ExitStack) -> list[_Ready]:
        """The sessions with the names that no other one has; `held` keeps the names locked.

        All are looked up together: for each one, the index would look at the files again.
        """
        names = {name for one in ready if (name := self._new_name(one)) is not None}
        holders = self._names.holders(names, held)
        named: list[_Ready] = []
        for one in ready:
            session, name = one.session, self._new_name(one)
            holder = None if name is None else holders[name]
            if isinstance(holder, ClinvkError):
                self.done.refused.append(Refused(id=session.id, reason=holder.message))
                continue
            if name is not None and holder in (None, session.id):
                holders[name] = session.id
            elif session.name is not None and (name is not None or not _is_kept(one)):
                session = self._without_name(one, holder)
            if one.here is not None and one.transcript is not None:
                append_session(one.transcript, session)
            named.append(replace(one, session=session))
        return named

    def _new_name(self, one: _Ready) -> str | None:
        """The name to look up; None if it has none, or it may not or need not have it."""
        name = one.session.name
        if name is None or _is_kept(one) or reads_as_id(name, self._world.agents):
            return None
        return name

    def _without_name(self, one: _Ready, holder: str | None) -> Session:
        name = safe_line(one.session.name or "")
        why = f"`{name}` looks like an id" if holder is None else f"`{name}` is session {holder}"
        self.done.warnings.append(f"session {one.session.id} is imported without its name: {why}")
        return replace(one.session, name=one.here.name if one.here is not None else None)

    def _relation(self, key: str, staged: Path | None, *, whole: bool = False) -> Relation:
        try:
            return relation(self._world.home.transcript(key), staged, whole=whole)
        except StoreError as error:  # of this session; the next may be well
            raise SessionUnreadableError(error.message) from error

    def _find(self, key: str) -> Session | None:
        found = self._world.store.find(key)
        if isinstance(found, DamagedRecord):
            raise found.error()
        return found

    def _record(self, key: str) -> Path:
        return self._world.home.record(key)

    def _has_record(self, key: str) -> bool:
        return os.path.lexists(self._record(key))


def _is_kept(one: _Ready) -> bool:
    """Whether the session that is here has the name already."""
    return one.here is not None and one.session.name == one.here.name


def _replaced(given: Mapping[str, Any], line: dict[str, Any]) -> dict[str, Any]:
    """The line with these values; an older version's line has not all of the fields."""
    return {**line, **{name: value for name, value in given.items() if value or name in line}}


def _adapted(session: Session, given: Mapping[str, Any]) -> Session:
    """The session as it will be written, with a note of what its file says."""
    record = encode(session)
    note = {FIELD: provenance(record, session.turns_begun)}
    return read_session({**record, **given, **note})


def _merged(here: Session, copy: Session) -> Session:
    """The longer copy of a session, where and with the labels that it has here."""
    tags = tuple(dict.fromkeys((*here.tags, *copy.tags)))
    return replace(copy, cwd=here.cwd, name=copy.name or here.name, tags=tags)


def _same_record(here: Session, copy: Session) -> bool:
    """Whether both are the same; a name dropped by the import makes no difference."""
    ours, theirs = encode(here), encode(copy)
    if ours.get("name") is None:
        theirs["name"] = None
    for record in (ours, theirs):
        for name in (FIELD, *WITHHELD):  # settings may have changed meanwhile
            record.pop(name, None)
    return ours == theirs
