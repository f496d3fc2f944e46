"""The holder that a lock file names in one line, and the error for a run that it blocks.

The text is only for people and for the cleanup after a crash: only `flock` decides who holds it.
"""

import json
from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from clinvk.errors import SessionBusyError
from clinvk.text.json_codec import json_line, time_from_text, time_to_text

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


def line_of(holder: Holder) -> bytes:
    """The holder as the first line of a lock file."""
    return json_line(
        {
            "pid": holder.pid,
            "host": holder.host,
            "started_at": time_to_text(holder.started_at),
            "identity": holder.identity,
            "child_pid": holder.child_pid,
            "child_identity": holder.child_identity,
        }
    )


def holder_from(data: bytes) -> Holder | None:
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


def busy_error(named: Holder | None, *, host: str, now: datetime, runs: Runs) -> SessionBusyError:
    """The error for a run on `host` when a lock is held and names `named`.

    The named process may not be the one that holds it: the name of a killed run stays until the
    next run, and pids are used again. The hint offers `kill` only for a process whose identity
    matches.
    """
    if named is None:
        return SessionBusyError("session is busy: another process holds it", hint=_SOON)
    here = named.host == host
    known = here and named.identity is not None
    if known and not runs(named.pid, str(named.identity)):
        return SessionBusyError(
            "session is busy: another process holds it"
            f" (the run that its lock names, process {named.pid}, has ended)",
            hint=_SOON,
        )
    where = "on this machine" if here else f"on `{named.host}`"
    held = _for((now - named.started_at).total_seconds())
    return SessionBusyError(
        f"session is busy: process {named.pid} {where} holds it{held}",
        hint=f"{_LONG}; `kill {named.pid}` stops it" if known else _LONG,
    )


_SOON = "try again in a moment, or wait for it with `--wait`"
_LONG = "wait until it ends (`--wait`), or start a new session"


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
