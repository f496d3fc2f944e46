"""Who stands in a lock file, as one line of it, and how a refused run is told of them.

The text is only for people, and for clearing up after a crash: `flock` alone decides who holds.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from clinvk.errors import SessionBusyError
from clinvk.text.json_codec import json_line, time_from_text, time_to_text

Runs = Callable[[int, str], bool]
"""Whether exactly that process runs: its number, and what tells it from a later one of the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds a lock, and the child that runs for them.

    `identity` and `child_identity` are whatever tells the process from a later one of the same pid.
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
    """The holder that the first line tells of; None for whatever is none."""
    try:
        said = json.loads(data.partition(b"\n")[0])
        pid, host = said["pid"], said["host"]
        child_pid = said.get("child_pid")
        started_at = time_from_text(said["started_at"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    if not _is_pid(pid) or not isinstance(host, str):
        return None
    return Holder(
        pid=pid,
        host=host,
        started_at=started_at,
        identity=_text(said.get("identity")),
        child_pid=child_pid if _is_pid(child_pid) else None,
        child_identity=_text(said.get("child_identity")),
    )


def busy_error(said: Holder | None, *, host: str, now: datetime, runs: Runs) -> SessionBusyError:
    """What a run on `host` is told of a lock that is held while `said` stands in it.

    Whoever stands there need not be who holds it: the name of a run that was killed stays until the
    next run, and a number is given again. Only a process that is known to be the one named is
    offered to be killed.
    """
    if said is None:
        return SessionBusyError("session is busy: another process holds it", hint=_SOON)
    here = said.host == host
    known = here and said.identity is not None
    if known and not runs(said.pid, str(said.identity)):
        return SessionBusyError(
            "session is busy: another process holds it at this moment"
            f" (the run that is named in its lock, process {said.pid}, has ended)",
            hint=_SOON,
        )
    where = "on this machine" if here else f"on `{said.host}`"
    held = _for((now - said.started_at).total_seconds())
    return SessionBusyError(
        f"session is busy: process {said.pid} {where} has held it{held}",
        hint=f"{_LONG}; `kill {said.pid}` stops it" if known else _LONG,
    )


_SOON = "try again in a moment, or wait for it with `--wait`"
_LONG = "wait until it has ended (`--wait`), or start a new session"


def _is_pid(value: object) -> bool:
    """Whether it is a pid of one process: 0 and below would signal whole groups."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 1


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _for(seconds: float) -> str:
    """` for 4 min`; nothing to say of a clock that was set back."""
    for unit, size in (("h", 3600), ("min", 60), ("s", 1)):
        if seconds >= size:
            return f" for {int(seconds // size)} {unit}"
    return ""
