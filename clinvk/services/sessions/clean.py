"""Deletes or archives sessions not used recently. Suitable for cron.

There is no confirmation, two instances can run at once, and every doubtful session is kept: one in
use, one that changed meanwhile, one whose record cannot be read, and one with a time in the future
(because a clock was set back).
"""

import os
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

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
from clinvk.model.session import Session, Status
from clinvk.process.scratch import iter_left, sweep_left
from clinvk.services.session_locks import at_rest, refuse_left_agent
from clinvk.services.sessions.known_conversation import (
    NativeTranscript,
    native_transcript,
    own_files,
)
from clinvk.services.world import World
from clinvk.store.leftovers import iter_half_copies, iter_leftovers, remove_leftover
from clinvk.store.sessions.moving import copy_out
from clinvk.store.sessions.selection import Selection
from clinvk.text.units import parse_duration

DAY_S = 86_400.0


class Sweep(Struct, frozen=True, kw_only=True):
    """What to clean: sessions last used longer than `older_than_s` ago; None keeps all.

    The `keep_last` most recently used of that backend and status are kept. Files are moved to
    `archive` if it is set; with `dry_run` nothing is changed.
    """

    older_than_s: float | None
    backend: str | None = None
    status: Status | None = None
    keep_last: int = 0
    archive: Path | None = None
    dry_run: bool = False


class Swept(Struct, frozen=True, kw_only=True):
    """One session that was cleaned, or would be; `moved_to` are its files in the archive."""

    session: Session
    size: int
    moved_to: tuple[Path, ...] = ()
    native: NativeTranscript | None = None


class Cleaned(Struct, frozen=True, kw_only=True):
    """The result; `in_use` are the ids of old sessions in which an agent works.

    `failed` are those kept for another reason. `leftovers` counts the temporary files that killed
    writes left in the home and in the archive folder.
    """

    swept: tuple[Swept, ...] = ()
    in_use: tuple[str, ...] = ()
    failed: tuple[tuple[str, ClinvkError], ...] = ()
    leftovers: int = 0

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


def clean(world: World, sweep: Sweep) -> Cleaned:
    """Clean sessions, oldest first; an error with one does not stop the others."""
    swept: list[Swept] = []
    in_use: list[str] = []
    failed: list[tuple[str, ClinvkError]] = []
    for session, status in _old(world, sweep):
        if status is Status.RUNNING:
            in_use.append(session.id)
            continue
        try:
            if sweep.dry_run:
                swept.append(_inspect(world, session, sweep))
            elif one := _remove(world, session, sweep):
                swept.append(one)
        except SessionBusyError:
            in_use.append(session.id)
        except ClinvkError as error:
            failed.append((session.id, error))
    return Cleaned(
        swept=tuple(swept),
        in_use=tuple(in_use),
        failed=tuple(failed),
        leftovers=_remove_leftovers(world, sweep),
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


def _old(world: World, sweep: Sweep) -> list[tuple[Session, Status]]:
    """The sessions that are old enough, oldest first."""
    if sweep.older_than_s is None:
        return []
    try:
        oldest = world.now() - timedelta(seconds=sweep.older_than_s)
    except OverflowError:
        return []  # before the first valid date
    of = Selection(backend=sweep.backend, status=sweep.status)
    found = world.store.select(of, thorough=True).sessions
    rest = reversed(found[sweep.keep_last :])
    return [(one.session, one.status) for one in rest if one.session.last_used_at < oldest]


def _inspect(world: World, session: Session, sweep: Sweep) -> Swept:
    refuse_left_agent(world, session.id)
    native = native_transcript(session, world)
    size = world.store.size(session.id, _deleted_too(world, session, sweep))
    return Swept(session=session, size=size, native=native)


def _remove(world: World, session: Session, sweep: Sweep) -> Swept | None:
    """Clean the session if it is unchanged; None if it changed or was already removed."""
    store = world.store
    with at_rest(world, session.id):
        try:
            found = store.current(store.load(session.id))
        except SessionNotFoundError:
            store.remove(session.id, world.sleep)  # removes the lock file created for this check
            return None
        except (SessionDamagedError, SessionUnreadableError):
            return None
        if found != session:
            return None
        swept = _inspect(world, session, sweep)
        moved = copy_out(store.files(session.id), sweep.archive) if sweep.archive else ()
        store.remove(session.id, world.sleep, _deleted_too(world, session, sweep))
    return replace(swept, moved_to=moved)


def _deleted_too(world: World, session: Session, sweep: Sweep) -> tuple[Path, ...]:
    # A session that is moved to an archive can be put back, and then continued.
    return own_files(session, world) if sweep.archive is None else ()
