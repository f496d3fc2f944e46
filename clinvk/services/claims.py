"""Claiming a lock in the name of this process, and what stands in one that nobody holds."""

from collections.abc import Iterator
from contextlib import contextmanager

from clinvk.errors import SessionBusyError
from clinvk.process import orphans
from clinvk.services.world import World
from clinvk.store.locks.lock import Claim
from clinvk.store.sessions.store import SessionStore


def claim_of(world: World, *, wait_s: float = 0.0) -> Claim:
    """A claim of this process, which waits so many seconds."""
    return Claim(
        pid=world.pid,
        host=world.hostname,
        identity=orphans.process_identity(world.pid),
        now=world.now,
        sleep=world.sleep,
        runs=orphans.is_alive,
        wait_s=wait_s,
    )


@contextmanager
def at_rest(store: SessionStore, world: World, session_id: str) -> Iterator[None]:
    """Hold a session that nobody works in, for what a turn must not see: closing it, deleting it.

    Raises `SessionBusyError` where a run holds it, and where the agent of a run that was killed
    still works: the lock is the only trace of it. Otherwise as `SessionStore.hold`.
    """
    with store.hold(session_id, claim_of(world)):
        refuse_left_agent(store, world, session_id)
        yield


def refuse_left_agent(store: SessionStore, world: World, session_id: str) -> None:
    """Raise `SessionBusyError` if the agent of a run that was killed still works in the session.

    Of one on another machine nothing can be seen from here.
    """
    left = store.holder(session_id)
    if left is None or left.child_pid is None or left.child_identity is None:
        return
    here = left.host == world.hostname
    if here and orphans.is_alive(left.child_pid, left.child_identity):
        raise agent_left(left.child_pid, left.child_identity)


def agent_left(pid: int, identity: str) -> SessionBusyError:
    """What is said of an agent that a killed run left behind, and that still works."""
    processes = orphans.processes_of(pid, identity) or (pid,)
    return SessionBusyError(
        f"session is busy: the agent of a run that was killed still works (process {processes[0]})",
        hint=f"`kill {' '.join(map(str, processes))}` ends it, and so does the session's next turn",
    )
