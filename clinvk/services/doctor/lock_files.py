"""The locks: who holds them, who died while holding one, and whose agent still runs."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from clinvk.model.finding import Finding, RemoveLock
from clinvk.process.orphans import is_alive, process_identity, processes_of
from clinvk.services.doctor.findings import FIX, Report, command, note, problem, warning
from clinvk.services.doctor.survey import Survey
from clinvk.services.world import World
from clinvk.store.lock_files import LockFile, iter_lock_files
from clinvk.store.locks import Holder


def check_locks(survey: Survey) -> Report:
    """Check every lock file. An empty one of an existing session is fine."""
    locks = list(iter_lock_files(survey.world.home))
    held = sum(lock.held for lock in locks)
    found = (finding for lock in locks for finding in _of(lock, survey))
    return f"{held or 'none'} held", found


def _of(lock: LockFile, survey: Survey) -> Iterator[Finding]:
    if lock.held:
        return
    if lock.signed:
        yield _left(lock, survey.world)
    elif lock.session_id and lock.session_id not in survey.records | survey.transcripts:
        yield note(
            "lock_without_session",
            "the session of this lock no longer exists",
            where=str(lock.path),
            command=FIX,
            repair=RemoveLock(path=lock.path),
        )


def _left(lock: LockFile, world: World) -> Finding:
    """A lock that was never released: what happened to its holder, and to its agent."""
    sessions = (lock.session_id,) if lock.session_id else ()
    repair = RemoveLock(path=lock.path)
    holder = lock.holder
    if holder is None:
        found = note(
            "lock_unreadable",
            "the content of this lock is invalid, and nobody holds it",
            command=FIX,
            repair=repair,
        )
    elif holder.host != world.hostname:
        found = warning(
            "lock_of_other_host",
            f"process {holder.pid} on `{holder.host}` never released this lock; whether it "
            "still runs cannot be checked from this machine",
            remedy=f"if it no longer runs on `{holder.host}`",
            command=command("rm", lock.path),
        )
    elif (processes := _agent_processes(holder)) is not None:
        which = f" (process {processes[0]})" if processes else ""
        found = problem(
            "agent_left_running",
            f"the agent of a killed run is still running{which}",
            remedy="the next turn of the session stops it; or stop it now",
            command=command("kill", *map(str, processes)) if processes else None,
        )
    else:
        reused = process_identity(holder.pid) is not None
        what = "has ended, and another process has its number" if reused else "is gone"
        found = note(
            "lock_stale",
            f"a run was killed while it held this lock: process {holder.pid} {what}",
            command=FIX,
            repair=repair,
        )
    return replace(found, where=str(lock.path), sessions=sessions)


def _agent_processes(holder: Holder) -> Sequence[int] | None:
    """The processes of the holder's agent; None if none is running."""
    pid, identity = holder.child_pid, holder.child_identity
    if pid is None or identity is None or not is_alive(pid, identity):
        return None
    return processes_of(pid, identity)
