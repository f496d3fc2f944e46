"""One run at a time: a lock of the operating system that names its holder.

The lock is `flock` on an open file, so the system frees it whenever the holder dies. The text in
the file, one line, is only for people and for the cleanup after a crash: it never decides who holds
the lock. It is removed at release, so text in a free lock comes from a crashed holder.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import asdict, replace

from clinvk.errors import SessionBusyError, StoreError
from clinvk.store.files import ensure_private_dir, open_private, reason, regular_file, write_all
from clinvk.text.json_codec import json_line, time_from_text, time_to_text

_GRACE_S = 0.02
"""A lock counts as held only after this time, because `is_held` takes it for microseconds."""

_FIRST_PAUSE_S = 0.004
_POLL_S = 0.1
_LARGEST = 4096

_SOON = "try again in a moment, or wait for it with `--wait`"
_LONG = "wait until it ends (`--wait`), or start a new session"

Runs = Callable[[int, str], bool]
"""Whether a process is running: its pid, and its identity, as a pid can be used again later."""


class Holder(Struct, frozen=True, kw_only=True):
    """The process that holds a lock, and its child.

    `identity` and `child_identity` differ from those of a later process with the same pid.
    """

    pid: int
    host: str
    started_at: datetime
    identity: str | None = None
    child_pid: int | None = None
    child_identity: str | None = None


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


class HeldLock(AbstractContextManager["HeldLock"]):
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
            _rewrite(self._descriptor, _line_of(self._holder))

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

    def __exit__(self, *_: object) -> None:
        self.release()


def acquire(path: Path, claim: Claim) -> HeldLock:
    """Acquire the lock at `path`, and wait for it as long as the claim allows.

    Raises `SessionBusyError`, which names the holder, and `StoreError` if the lock file cannot be
    created. A lock file that is deleted during the wait is noticed: the lock is always the file
    that exists at `path`.
    """
    descriptor = _take(path, claim)
    previous = _holder_from(os.pread(descriptor, _LARGEST, 0))
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
        _rewrite(descriptor, _line_of(ours))
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
    try:
        with regular_file(path) as descriptor:
            if os.read(descriptor, 1):
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


def holder(path: Path) -> Holder | None:
    """The holder that the lock file names: the current one if it is held, else a crashed one."""
    with suppress(OSError), regular_file(path) as descriptor:
        return _holder_from(os.read(descriptor, _LARGEST))
    return None


def lock_open_file(descriptor: int, path: Path) -> bool:
    """Lock the open file; False if another process holds it or another file is at `path` now.

    Raises `OSError`, `FileNotFoundError` if no file is at `path` now.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.path.samestat(os.fstat(descriptor), os.lstat(path))


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
    """The error for a claim on a lock that is held.

    The process that it names may not be the one that holds it: the name of a killed run stays until
    the next run, and pids are used again. The hint offers `kill` only for a process whose identity
    matches.
    """
    named = holder(path)
    if named is None:
        return SessionBusyError("session is busy: another process holds it", hint=_SOON)
    here = named.host == claim.host
    known = here and named.identity is not None
    if known and not claim.runs(named.pid, str(named.identity)):
        return SessionBusyError(
            "session is busy: another process holds it"
            f" (process {named.pid}, which the lock names, has ended)",
            hint=_SOON,
        )
    where = "on this machine" if here else f"on `{named.host}`"
    held = _for((claim.now() - named.started_at).total_seconds())
    return SessionBusyError(
        f"session is busy: process {named.pid} {where} holds it{held}",
        hint=f"{_LONG}; `kill {named.pid}` stops it" if known else _LONG,
    )


def _try_to_take(path: Path) -> int | None:
    """The descriptor of the lock; None if another process holds it or the file was replaced."""
    try:
        descriptor = open_private(path, os.O_RDWR)
        try:
            if lock_open_file(descriptor, path):
                return descriptor
        except FileNotFoundError:
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


def _line_of(holder: Holder) -> bytes:
    return json_line({**asdict(holder), "started_at": time_to_text(holder.started_at)})


def _holder_from(data: bytes) -> Holder | None:
    """The holder in the first line; None if it is not a valid one."""
    try:
        fields = json.loads(data.partition(b"\n")[0])
        pid, host = fields["pid"], fields["host"]
        child_pid = fields.get("child_pid")
        started_at = time_from_text(fields["started_at"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    if not _is_pid(pid) or not isinstance(host, str):
        return None
    return Holder(
        pid=pid,
        host=host,
        started_at=started_at,
        identity=_text(fields.get("identity")),
        child_pid=child_pid if _is_pid(child_pid) else None,
        child_identity=_text(fields.get("child_identity")),
    )


def _is_pid(value: object) -> bool:
    """Whether it is the pid of one process: a signal to 0 or below goes to whole groups."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 1


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _for(seconds: float) -> str:
    """` (for 4 min)`; empty below a second and if the clock was set back."""
    for unit, size in (("h", 3600), ("min", 60), ("s", 1)):
        if seconds >= size:
            return f" (for {int(seconds // size)} {unit})"
    return ""
