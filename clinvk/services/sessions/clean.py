"""Cleaning: sessions that nobody used for long go, or move away. Made for cron.

It asks nothing, two at once do no harm, and it keeps whatever it is not sure of: a session that a
run holds, one that changed since it was looked at, a record that cannot be read, a time that lies
ahead because a clock was set back.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

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
from clinvk.model.session import Session, Status
from clinvk.process.scratch import iter_left, sweep_left
from clinvk.services.claims import at_rest, refuse_left_agent
from clinvk.services.sessions.agent_files import NativeTranscript, native_transcript
from clinvk.services.world import World
from clinvk.store.leftovers import iter_half_copies, iter_leftovers, remove_leftover
from clinvk.store.sessions.moving import copy_out
from clinvk.store.sessions.selection import Selection
from clinvk.store.sessions.store import SessionStore
from clinvk.text.units import parse_duration

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What to clean: sessions last used longer than `older_than_s` ago; None keeps all for ever.

    Of those of that backend and status the `keep_last` used last stay, whatever their age. With
    `archive` they are moved there; with `dry_run` nothing is done.
    """

    older_than_s: float | None
    backend: str | None = None
    status: Status | None = None
    keep_last: int = 0
    archive: Path | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """One session that went, or would go; `moved_to` are its files in the archive."""

    session: Session
    size: int
    moved_to: tuple[Path, ...] = ()
    native: NativeTranscript | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """What came of it; `in_use` are the ids of old ones that an agent works in.

    `failed` are those that stay for another reason. `leftovers` counts the temporary files that
    killed writes had left in the home, and in the folder of the archive.
    """

    swept: tuple[Swept, ...] = ()
    in_use: tuple[str, ...] = ()
    failed: tuple[tuple[str, ClinvkError], ...] = ()
    leftovers: int = 0

    @property
    def freed(self) -> int:
        """How many bytes the home has less of."""
        return sum(one.size for one in self.swept)


def retention_s(settings: Settings, older_than: str | None) -> float | None:
    """The age in seconds from which sessions go: what was said, else `session.retention_days`.

    None means that they are kept for ever. Raises `UsageError` for what is no duration.
    """
    if older_than is None:
        days = settings.get("session.retention_days")
        return days * DAY_S if days else None
    try:
        return parse_duration(older_than)
    except UsageError as error:
        raise UsageError(f"`--older-than`: {error.message}", hint=error.hint) from error


def archive_folder(world: World, said: Path) -> Path:
    """The folder of `--archive`; nothing is created.

    Raises `UsageError` for what is no folder, and for the home's own: there the files would be
    taken for sessions, or be deleted as what can be rebuilt.
    """
    folder = Path(os.path.realpath(world.cwd / said))
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise UsageError(f"`--archive`: `{folder}` is not a folder", hint="name another")
    home = world.home
    for ours in (home.sessions, home.transcripts, home.locks, home.cache):
        if folder.is_relative_to(os.path.realpath(ours)):
            raise UsageError(
                f"`--archive`: `{folder}` is a folder of clinvk's own", hint="name another"
            )
    return folder


def clean(world: World, sweep: Sweep) -> Cleaned:
    """Clean, oldest first; what cannot be cleaned is told and does not keep the others."""
    store = SessionStore(world.home)
    swept: list[Swept] = []
    in_use: list[str] = []
    failed: list[tuple[str, ClinvkError]] = []
    for session, status in _old(store, world, sweep):
        if status is Status.RUNNING:
            in_use.append(session.id)
            continue
        try:
            one = (
                _look(store, world, session) if sweep.dry_run else _go(store, world, session, sweep)
            )
        except SessionBusyError:
            in_use.append(session.id)
        except ClinvkError as error:
            failed.append((session.id, error))
        else:
            swept += [one] if one else []
    return Cleaned(
        swept=tuple(swept),
        in_use=tuple(in_use),
        failed=tuple(failed),
        leftovers=_clear_away(world, sweep),
    )


def _clear_away(world: World, sweep: Sweep) -> int:
    """How many temporary files are old and nobody's; they go, unless nothing is to be done.

    The scratch folder of a run counts as one.
    """
    now_s = world.now().timestamp()
    gone = len(list(iter_left(now_s=now_s))) if sweep.dry_run else sweep_left(now_s=now_s)
    places = [iter_leftovers(world.home, now_s=now_s)]
    places += [iter_half_copies(sweep.archive, now_s=now_s)] if sweep.archive else []
    for place in places:
        with suppress(StoreError):  # a folder that cannot be read: its sessions have said so
            for path in list(place):
                with suppress(OSError):  # somebody holds it, or may not let it go: it stays
                    if not sweep.dry_run:
                        remove_leftover(path)
                    gone += 1
    return gone


def _old(store: SessionStore, world: World, sweep: Sweep) -> list[tuple[Session, Status]]:
    """The sessions that are old enough, oldest first."""
    if sweep.older_than_s is None:
        return []
    try:
        oldest = world.now() - timedelta(seconds=sweep.older_than_s)
    except OverflowError:
        return []  # nothing is older than the calendar
    of = Selection(backend=sweep.backend, status=sweep.status)
    found = store.select(of, thorough=True).sessions
    rest = reversed(found[sweep.keep_last :])
    return [(one.session, one.status) for one in rest if one.session.last_used_at < oldest]


def _look(store: SessionStore, world: World, session: Session) -> Swept:
    refuse_left_agent(store, world, session.id)
    return Swept(
        session=session,
        size=store.size(session.id),
        native=native_transcript(session, world),
    )


def _go(store: SessionStore, world: World, session: Session, sweep: Sweep) -> Swept | None:
    """Let the session go, if it is still as it was; None if it is not, or went already."""
    with at_rest(store, world, session.id):
        try:
            found = store.current(store.load(session.id))
        except SessionNotFoundError:
            store.remove(session.id, world.sleep)  # the lock that was made to look
            return None
        except (SessionDamagedError, SessionUnreadableError):
            return None
        if found != session:
            return None
        swept = _look(store, world, session)
        moved = copy_out(store.files(session.id), sweep.archive) if sweep.archive else ()
        store.remove(session.id, world.sleep)
    return Swept(session=session, size=swept.size, moved_to=moved, native=swept.native)
