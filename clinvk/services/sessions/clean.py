"""Deletes or archives sessions not used recently. Suitable for cron.

There is no confirmation, two instances can run at once, and every doubtful session is kept: one in
use, one that changed meanwhile, one whose record cannot be read, and one whose dates are from a
wrong clock: in the future, or from before there was any agent. What is removed is in a log.
"""

import os
import re
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from clinvk.errors import (
    ClinvkError,
    SessionBusyError,
    SessionDamagedError,
    SessionNotFoundError,
    SessionUnreadableError,
    StoreError,
    UsageError,
)
from clinvk.model.config import Settings
from clinvk.model.progress import Progress, unwatched
from clinvk.model.session import Session, Status
from clinvk.process.scratch import iter_left, sweep_left
from clinvk.services.session_locks import at_rest, claim_of, refuse_left_agent
from clinvk.services.sessions.each import FEW, apply_each
from clinvk.services.sessions.known_conversation import (
    NativeTranscript,
    find_in_listings,
    native_transcript,
    own_files,
)
from clinvk.services.world import World
from clinvk.store.agent_files.conversations import conversation_paths
from clinvk.store.cleaning_log import MOVED, NOT_REMOVED, REMOVED, CleaningLog
from clinvk.store.leftovers import iter_half_copies, iter_leftovers, remove_leftover
from clinvk.store.locks import Claim
from clinvk.store.sessions.moving import copy_out
from clinvk.store.sessions.selection import Selection
from clinvk.store.sessions.store import SessionStore
from clinvk.text.json_codec import time_to_text
from clinvk.text.units import format_duration, parse_duration

EARLIEST = datetime(2024, 1, 1, tzinfo=UTC)
"""There was no coding agent before: an earlier date is from a wrong clock."""

DAY_S = 86_400.0


class Sweep(Struct, frozen=True, kw_only=True):
    """What to clean: sessions last used longer than `older_than_s` ago; None keeps all.

    The `keep_last` most recently used of that backend and status are kept, and with `keep_named`
    all that have a name. Files are moved to `archive` if it is set; with `dry_run` nothing is
    changed. `locate`: look for the agents' own files of each session.
    """

    older_than_s: float | None
    backend: str | None = None
    status: Status | None = None
    keep_last: int = 0
    keep_named: bool = False
    archive: Path | None = None
    dry_run: bool = False
    locate: bool = True


class Swept(Struct, frozen=True, kw_only=True):
    """One session that was cleaned, or would be; `moved_to` are its files in the archive."""

    session: Session
    size: int
    moved_to: tuple[Path, ...] = ()
    native: NativeTranscript | None = None


class Cleaned(Struct, frozen=True, kw_only=True):
    """The result; `in_use` are the ids of old sessions in which an agent works.

    `undated` are those kept because all their dates are from a wrong clock, `failed` those kept for
    another reason. `leftovers` counts the temporary files that killed writes left in the home and
    in the archive folder. `unlogged` is why the log could not be written.
    """

    swept: tuple[Swept, ...] = ()
    in_use: tuple[str, ...] = ()
    undated: tuple[str, ...] = ()
    failed: tuple[tuple[str, ClinvkError], ...] = ()
    leftovers: int = 0
    unlogged: str | None = None

    @property
    def freed(self) -> int:
        """Bytes freed in the home."""
        return sum(one.size for one in self.swept)


def retention_s(settings: Settings, older_than: str | None) -> float | None:
    """The age in seconds from which sessions are cleaned: `older_than`, or the setting.

    None keeps all (`session.retention_days` is 0). Raises `UsageError` for an invalid duration.
    """
    if older_than is None:
        days = settings.get("session.retention_days")
        return days * DAY_S if days else None
    try:
        return parse_duration(older_than)
    except UsageError as error:
        raise UsageError(f"`--older-than`: {error.message}", hint=error.hint) from error


def archive_folder(world: World, path: Path) -> Path:
    """The folder of `--archive`; it is not created.

    Raises `UsageError` for anything but a folder, and for folders of the home: there the files
    would be read as sessions, or be deleted as rebuildable.
    """
    folder = Path(os.path.realpath(world.cwd / path))
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise UsageError(f"`--archive`: `{folder}` is not a folder", hint="name another")
    home = world.home
    for ours in (home.sessions, home.transcripts, home.locks, home.cache):
        if folder.is_relative_to(os.path.realpath(ours)):
            raise UsageError(
                f"`--archive`: `{folder}` is one of clinvk's own folders", hint="name another"
            )
    return folder


def last_used(world: World, session: Session) -> datetime | None:
    """When the session was last used, as far as its dates can be right; None if none can.

    A session whose dates are before `EARLIEST` counts as used when its files were last changed.
    """
    used = max(session.last_used_at, session.created_at)
    if used < EARLIEST:
        used = world.store.changed_at(session.id) or used
    return used if used >= EARLIEST else None


def clean(world: World, sweep: Sweep, progress: Progress = unwatched) -> Cleaned:
    """Clean sessions, oldest first; an error with one does not stop the others."""
    old = list(_old(world, sweep))
    undated = {one.id for one, _ in old if last_used(world, one) is None}
    dated = [(one, status) for one, status in old if one.id not in undated]
    targets = [one for one, status in dated if status is not Status.RUNNING]
    in_use = [one.id for one, status in dated if status is Status.RUNNING]
    many = len(targets) > FEW
    with (
        world.store.many() if many and not sweep.dry_run else nullcontext(world.store) as store,
        CleaningLog(world.home, world.now()) as log,
    ):
        cleaning = _Cleaning(world, store, sweep, log)
        outcomes = apply_each(targets, cleaning.act, progress)
    find = (find_in_listings() if many else conversation_paths) if sweep.locate else None
    errors = [(one.target.id, one.error) for one in outcomes if one.error]
    return Cleaned(
        swept=tuple(
            replace(one.result, native=native_transcript(one.target, world, find))
            for one in outcomes
            if one.result
        ),
        in_use=(*in_use, *(one for one, error in errors if isinstance(error, SessionBusyError))),
        undated=tuple(sorted(undated)),
        failed=tuple(one for one in errors if not isinstance(one[1], SessionBusyError)),
        leftovers=_remove_leftovers(world, sweep),
        unlogged=log.failure,
    )


def _remove_leftovers(world: World, sweep: Sweep) -> int:
    """Remove old temporary files that no process uses, unless `dry_run`; return their number.

    The scratch folder of a run counts as one.
    """
    now_s = world.now().timestamp()
    gone = len(list(iter_left(now_s=now_s))) if sweep.dry_run else sweep_left(now_s=now_s)
    places = [iter_leftovers(world.home, now_s=now_s)]
    places += [iter_half_copies(sweep.archive, now_s=now_s)] if sweep.archive else []
    for place in places:
        with suppress(StoreError):  # an unreadable folder: its sessions were reported
            for path in list(place):
                with suppress(OSError):  # in use or not removable: kept
                    if not sweep.dry_run:
                        remove_leftover(path)
                    gone += 1
    return gone


def _old(world: World, sweep: Sweep) -> Iterator[tuple[Session, Status]]:
    """The sessions that are old enough, oldest first, and those without a date."""
    if sweep.older_than_s is None:
        return
    try:
        oldest = world.now() - timedelta(seconds=sweep.older_than_s)
    except OverflowError:
        return  # before the first valid date
    of = Selection(backend=sweep.backend, status=sweep.status)
    found = world.store.select(of, thorough=True).sessions
    for one in reversed(found[sweep.keep_last :]):
        used = last_used(world, one.session)
        kept = sweep.keep_named and one.session.name is not None
        if not kept and (used is None or used < oldest):
            yield one.session, one.status


class _Cleaning:
    """Cleans one session after another."""

    def __init__(self, world: World, store: SessionStore, sweep: Sweep, log: CleaningLog) -> None:
        self._world, self._store, self._sweep, self._log = world, store, sweep, log
        self._claim: Claim = claim_of(world)
        self._began = time_to_text(world.now())

    def act(self, session: Session) -> Swept | None:
        """Clean the session if it is unchanged; None if it changed or was already removed."""
        if self._sweep.dry_run:
            refuse_left_agent(self._world, session.id)
            size = self._store.size(session.id, self._deleted_too(session))
            return Swept(session=session, size=size)
        with at_rest(self._world, session.id, self._claim):
            try:
                found = self._store.load(session.id)
            except SessionNotFoundError:
                # Removes the lock file created for this check.
                self._store.remove(session.id, self._world.sleep)
                return None
            except (SessionDamagedError, SessionUnreadableError):
                return None
            return self._remove(session) if found == session else None

    def _remove(self, session: Session) -> Swept:
        store, folder = self._store, self._sweep.archive
        also = self._deleted_too(session)
        size = store.size(session.id, also)
        moved = copy_out(store.files(session.id), folder) if folder else ()
        self._note(session, size, what=MOVED if folder else REMOVED, moved_to=moved)
        try:
            store.remove(session.id, self._world.sleep, also)
        except ClinvkError as error:
            self._note(session, size, what=NOT_REMOVED, reason=error.message)
            raise
        return Swept(session=session, size=size, moved_to=moved)

    def _deleted_too(self, session: Session) -> tuple[Path, ...]:
        # A session that is moved to an archive can be put back, and then continued.
        return own_files(session, self._world) if self._sweep.archive is None else ()

    def _note(
        self, session: Session, size: int, *, moved_to: tuple[Path, ...] = (), **more: str
    ) -> None:
        line: dict[str, Any] = {
            "cleaning": self._began,
            "at": time_to_text(self._world.now()),
            **more,
            "why": f"not used for more than {age_text(self._sweep.older_than_s or 0)}",
            **{name: getattr(session, name) for name in ("id", "name", "title", "backend", "cwd")},
            "backend_session_id": session.conversation.id,
            "last_used_at": time_to_text(session.last_used_at),
            "bytes": size,
        }
        if moved_to:
            line["moved_to"] = list(map(str, moved_to))
        self._log.append(line)


def age_text(seconds: float) -> str:
    """An age in words, for a limit: `30d`."""
    return re.sub(r" 0[hms]$", "", format_duration(seconds))
