"""One run at a time: an OS lock that a dead process cannot keep, with its holder's name inside.

The lock is `flock` on an open file, so the system frees it when the holder dies, however it dies.
The text in the file is only for people, and for clearing up after a crash: it is emptied at
release, so what is found in a lock that was free is what a crashed holder left.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from clinvk.errors import SessionBusyError, StoreError
from clinvk.store.files import ensure_private_dir, open_private, open_regular, reason, write_all
from clinvk.store.locks.holders import Holder, Runs, busy_error, holder_from, line_of

_GRACE_S = 0.02
"""How long a lock must stay taken to count as taken: `is_held` takes it for some microseconds."""

_FIRST_PAUSE_S = 0.004
_POLL_S = 0.1
_LARGEST = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who wants a lock, and how: `wait_s` is how long they wait for it, in seconds.

    `waiting` is told once, as soon as it turns out that there is something to wait for; it and
    `sleep` may raise to give up. `runs` tells whether the process that stands in a lock still runs.
    """

    pid: int
    host: str
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    identity: str | None = None
    runs: Runs = lambda *_: True
    wait_s: float = 0.0
    waiting: Callable[[SessionBusyError], None] = lambda _: None


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
            _rewrite(self._descriptor, line_of(self._holder))

    def release(self, *, keep_text: bool = False) -> None:
        """Give the lock back; a second time does nothing.

        With `keep_text` what stands in it stays, as if we had been killed: who comes next has to
        deal with the agent in it.
        """
        if self._descriptor < 0:
            return
        if not keep_text:
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


def acquire(path: Path, claim: Claim) -> HeldLock:
    """Take the lock at `path`, waiting for it as the claim says.

    Raises `SessionBusyError`, which names the holder, and `StoreError` where the lock file cannot
    be made. A lock file that somebody deletes meanwhile is noticed: the lock is the file that
    stands at `path`, never one that is gone.
    """
    descriptor = _take(path, claim)
    previous = holder_from(os.pread(descriptor, _LARGEST, 0))
    # Until it is dealt with, the agent that a killed holder left must not be forgotten.
    left = previous if previous is not None and previous.host == claim.host else None
    ours = Holder(
        pid=claim.pid,
        host=claim.host,
        started_at=claim.now(),
        identity=claim.identity,
        child_pid=None if left is None else left.child_pid,
        child_identity=None if left is None else left.child_identity,
    )
    with suppress(OSError):  # on a full disk too the lock is ours, and what is to be said matters
        _rewrite(descriptor, line_of(ours))
    return HeldLock(path, descriptor, ours, previous)


@contextmanager
def held_quietly(path: Path, claim: Claim) -> Iterator[None]:
    """Hold the lock at `path` for a moment, without signing it.

    What a crashed holder left in it stays for the next run, which ends that holder's agent. Raises
    as `acquire` does.
    """
    descriptor = _take(path, claim)
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
        return None if descriptor is None else holder_from(os.read(descriptor, _LARGEST))
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


def _take(path: Path, claim: Claim) -> int:
    """The descriptor of the lock, now ours. Raises as `acquire` does."""
    ensure_private_dir(path.parent)
    longest, waited, told = max(claim.wait_s, _GRACE_S), 0.0, False
    while True:
        descriptor = _try_to_take(path)
        if descriptor is not None:
            return descriptor
        if waited >= _GRACE_S and not told:
            told = True
            if claim.wait_s > 0:
                claim.waiting(_busy(path, claim))
        if waited >= longest:
            raise _busy(path, claim)
        pause = min(_POLL_S, longest - waited, _FIRST_PAUSE_S + waited)
        claim.sleep(pause)
        waited += pause


def _busy(path: Path, claim: Claim) -> SessionBusyError:
    return busy_error(holder(path), host=claim.host, now=claim.now(), runs=claim.runs)


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
