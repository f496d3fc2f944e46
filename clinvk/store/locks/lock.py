"""One run at a time: a lock of the operating system that names its holder.

The lock is `flock` on an open file, so the system frees it whenever the holder dies. The text in
the file is only for people and for the cleanup after a crash. It is removed at release, so text in
a free lock comes from a crashed holder.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from clinvk.errors import SessionBusyError, StoreError
from clinvk.store.files import ensure_private_dir, open_private, open_regular, reason, write_all
from clinvk.store.locks.holders import Holder, Runs, busy_error, holder_from, line_of

_GRACE_S = 0.02
"""A lock counts as held only after this time, because `is_held` takes it for microseconds."""

_FIRST_PAUSE_S = 0.004
_POLL_S = 0.1
_LARGEST = 4096


class Claim(Struct, frozen=True, kw_only=True):
    """A process that wants a lock, and how many seconds it waits for it (`wait_s`).

    `waiting` is called once, when the wait begins. It and `sleep` may raise to give up. `runs`
    returns whether the process that a lock names is still running.
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

    `previous` is the last holder if it never released the lock, else None.
    """

    def __init__(self, path: Path, descriptor: int, ours: Holder, previous: Holder | None) -> None:
        self.path = path
        self.previous = previous
        self._descriptor = descriptor
        self._holder = ours

    def note_child(self, pid: int, identity: str | None) -> None:
        """Write the child to the lock file, so that the next run finds it if we crash."""
        self._holder = replace(self._holder, child_pid=pid, child_identity=identity)
        with suppress(OSError):  # a full disk must not end the run
            _rewrite(self._descriptor, line_of(self._holder))

    def release(self, *, keep_text: bool = False) -> None:
        """Release the lock; a second call does nothing.

        `keep_text` keeps the text, as if we had been killed: the next holder has to handle the
        agent named in it.
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
    """Acquire the lock at `path`, and wait for it as long as the claim allows.

    Raises `SessionBusyError`, which names the holder, and `StoreError` if the lock file cannot be
    created. A lock file that is deleted during the wait is noticed: the lock is always the file
    that exists at `path`.
    """
    descriptor = _take(path, claim)
    previous = holder_from(os.pread(descriptor, _LARGEST, 0))
    # The agent of a killed holder stays in the file until the caller has handled it.
    left = previous if previous is not None and previous.host == claim.host else None
    ours = Holder(
        pid=claim.pid,
        host=claim.host,
        started_at=claim.now(),
        identity=claim.identity,
        child_pid=None if left is None else left.child_pid,
        child_identity=None if left is None else left.child_identity,
    )
    with suppress(OSError):  # with a full disk the lock is ours too
        _rewrite(descriptor, line_of(ours))
    return HeldLock(path, descriptor, ours, previous)


@contextmanager
def briefly_locked(path: Path, claim: Claim) -> Iterator[None]:
    """Hold the lock at `path` for a short time, without writing to it.

    The text of a crashed holder stays for the next run, which stops that holder's agent. Raises
    like `acquire`.
    """
    descriptor = _take(path, claim)
    try:
        yield
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether a process holds the lock now; False if the file cannot be read.

    The check takes the lock for microseconds, which could block a run. So it is done only if the
    file names a holder: then the lock is held, or its holder crashed.
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
    """The holder that the lock file names: the current one if it is held, else a crashed one."""
    with _looking(path) as descriptor:
        return None if descriptor is None else holder_from(os.read(descriptor, _LARGEST))
    return None


@contextmanager
def _looking(path: Path) -> Iterator[int | None]:
    """A descriptor for reading, None if it is not a file. Suppresses `OSError` inside, too."""
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
    """Wait for the lock and return its descriptor. Raises like `acquire`."""
    ensure_private_dir(path.parent)
    longest, waited, announced = max(claim.wait_s, _GRACE_S), 0.0, False
    while True:
        descriptor = _try_to_take(path)
        if descriptor is not None:
            return descriptor
        if waited >= _GRACE_S and not announced:
            announced = True
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
    """The descriptor of the lock; None if another process holds it or the file was replaced."""
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
    """Write from the start, then truncate, so that a reader always finds a whole first line."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    write_all(descriptor, line)
    os.ftruncate(descriptor, len(line))
