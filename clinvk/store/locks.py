"""One run at a time: an OS lock that a dead process cannot keep, with its holder's name inside.

The lock is `flock` on an open file, so the system frees it when the holder dies, however it dies.
The text in the file is only for people, and for clearing up after a crash: it is emptied at
release, so what is found in a lock that was free is what a crashed holder left.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from clinvk.errors import SessionBusyError, StoreError
from clinvk.store.atomic import ensure_private_dir, open_private, open_regular, reason, write_all
from clinvk.store.forms import json_line, time_from_text, time_to_text

_GRACE_S = 0.02
"""How long a lock must stay taken to count as taken: `is_held` takes it for some microseconds."""

_FIRST_PAUSE_S = 0.004
_POLL_S = 0.1
_LARGEST = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds a lock, and the child that runs for them.

    `child_identity` is whatever tells the child from a later process of the same pid.
    """

    pid: int
    host: str
    started_at: datetime
    child_pid: int | None = None
    child_identity: str | None = None


class HeldLock:
    """A lock that is ours until `release`, or until this process ends.

    `previous` is who held it before and never released it, None if it was released in order.
    """

    def __init__(self, path: Path, descriptor: int, ours: Holder, previous: Holder | None) -> None:
        self.path = path
        self.previous = previous
        self._descriptor = descriptor
        self._holder = ours

    def note_child(self, pid: int, identity: str | None) -> None:
        """Say in the lock which child runs, so that the next run can find it if we crash."""
        self._holder = replace(self._holder, child_pid=pid, child_identity=identity)
        with suppress(OSError):  # a full disk must not end the run
            _rewrite(self._descriptor, _to_line(self._holder))

    def release(self) -> None:
        """Give the lock back; a second time does nothing."""
        if self._descriptor < 0:
            return
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)
        self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def acquire(
    path: Path, ours: Holder, *, wait_s: float = 0.0, sleep: Callable[[float], None]
) -> HeldLock:
    """Take the lock at `path`, waiting up to `wait_s` for it.

    Raises `SessionBusyError`, which names the holder, and `StoreError` where the lock file cannot
    be made. A lock file that somebody deletes meanwhile is noticed: the lock is the file that
    stands at `path`, never one that is gone.
    """
    descriptor = _take(path, ours, wait_s, sleep)
    previous = _from_bytes(os.pread(descriptor, _LARGEST, 0))
    try:
        _rewrite(descriptor, _to_line(ours))
    except OSError as error:
        os.close(descriptor)
        raise StoreError(f"cannot write `{path}`: {reason(error)}") from error
    return HeldLock(path, descriptor, ours, previous)


@contextmanager
def held_quietly(path: Path, ours: Holder, *, sleep: Callable[[float], None]) -> Iterator[None]:
    """Hold the lock at `path` for a moment, without signing it.

    What a crashed holder left in it stays for the next run, which ends that holder's agent. Raises
    as `acquire` does.
    """
    descriptor = _take(path, ours, 0.0, sleep)
    try:
        yield
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock at this moment; a lock that cannot be looked at is not.

    To look is to take the lock for some microseconds, which could turn a run away. So it is looked
    at only if there is a name in it: it is held, or its holder crashed.
    """
    with _looking(path) as descriptor:
        if descriptor is None or not os.read(descriptor, 1):
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def holder(path: Path) -> Holder | None:
    """Who stands in the lock file: the holder if it is held, else one that crashed, or None."""
    with _looking(path) as descriptor:
        return None if descriptor is None else _from_bytes(os.read(descriptor, _LARGEST))
    return None


@contextmanager
def _looking(path: Path) -> Iterator[int | None]:
    """The lock file, open for reading; None if there is none that is a file. Swallows `OSError`."""
    with suppress(OSError):
        try:
            descriptor = open_regular(path)
        except OSError:
            yield None
            return
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def _take(path: Path, ours: Holder, wait_s: float, sleep: Callable[[float], None]) -> int:
    """The descriptor of the lock, now ours. Raises as `acquire` does."""
    ensure_private_dir(path.parent)
    waited = 0.0
    while True:
        descriptor = _try_to_take(path)
        if descriptor is not None:
            return descriptor
        if waited >= max(wait_s, _GRACE_S):
            raise _busy(holder(path), ours, waited)
        pause = min(_POLL_S, max(wait_s, _GRACE_S) - waited, _FIRST_PAUSE_S + waited)
        sleep(pause)
        waited += pause


def _try_to_take(path: Path) -> int | None:
    """The descriptor of the lock, now ours; None if another has it or the file was replaced."""
    try:
        descriptor = open_private(path, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(descriptor), os.lstat(path)):
                return descriptor
        except (BlockingIOError, FileNotFoundError):
            pass
        except BaseException:
            os.close(descriptor)
            raise
    except OSError as error:
        raise StoreError(f"cannot lock `{path}`: {reason(error)}") from error
    os.close(descriptor)
    return None


def _rewrite(descriptor: int, line: bytes) -> None:
    """Write from the start, then cut: whoever reads in between still finds a whole first line."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    write_all(descriptor, line)
    os.ftruncate(descriptor, len(line))


def _to_line(ours: Holder) -> bytes:
    return json_line(
        {
            "pid": ours.pid,
            "host": ours.host,
            "started_at": time_to_text(ours.started_at),
            "child_pid": ours.child_pid,
            "child_identity": ours.child_identity,
        }
    )


def _from_bytes(data: bytes) -> Holder | None:
    try:
        said = json.loads(data.partition(b"\n")[0])
        pid, host = said["pid"], said["host"]
        child_pid, identity = said.get("child_pid"), said.get("child_identity")
        started_at = time_from_text(said["started_at"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    if not _is_pid(pid) or not isinstance(host, str):
        return None
    return Holder(
        pid=pid,
        host=host,
        started_at=started_at,
        child_pid=child_pid if _is_pid(child_pid) else None,
        child_identity=identity if isinstance(identity, str) else None,
    )


def _is_pid(value: object) -> bool:
    """Whether it is a pid of one process: 0 and below would signal whole groups."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 1


def _busy(theirs: Holder | None, ours: Holder, waited_s: float) -> SessionBusyError:
    if theirs is None:
        return SessionBusyError(
            "session is busy: another run holds it", hint="wait until it has ended, then try again"
        )
    here = theirs.host == ours.host
    where = "on this machine" if here else f"on `{theirs.host}`"
    held = ours.started_at + timedelta(seconds=waited_s) - theirs.started_at
    hint = "wait until it has ended, or start a new session"
    return SessionBusyError(
        f"session is busy: process {theirs.pid} {where} has held it{_for(held.total_seconds())}",
        hint=f"{hint}; `kill {theirs.pid}` stops it" if here else hint,
    )


def _for(seconds: float) -> str:
    """` for 4 min`; nothing to say of a clock that was set back."""
    for unit, size in (("h", 3600), ("min", 60), ("s", 1)):
        if seconds >= size:
            return f" for {int(seconds // size)} {unit}"
    return ""
