"""Lock claims of this process, and checks of the agent that a killed run left in a lock."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from clinvk.errors import SessionBusyError
from clinvk.process import orphans
from clinvk.services.world import World
from clinvk.store.locks import Claim


def claim_of(world: World, *, wait_s: float = 0.0) -> Claim:
    """A claim of this process that waits up to `wait_s` seconds."""
    return Claim(
        pid=world.pid,
        host=world.hostname,
        identity=_own_identity(world.pid),
        now=world.now,
        sleep=world.sleep,
        runs=orphans.is_alive,
        wait_s=wait_s,
    )


@cache
def _own_identity(pid: int) -> str | None:
    """It never changes, and reading it took a fifth of an import of thousands of sessions."""
    return orphans.process_identity(pid)


@contextmanager
def at_rest(world: World, session_id: str, claim: Claim | None = None) -> Iterator[None]:
    """Lock a session that is not in use, for changes that must not happen during a turn.

    `claim` is that of this process, if it was made before. Raises `SessionBusyError` if a run uses
    it, or if the agent of a killed run still works (only the lock names that agent). Otherwise like
    `SessionStore.hold`.
    """
    with world.store.hold(session_id, claim or claim_of(world)):
        refuse_left_agent(world, session_id)
        yield


def refuse_left_agent(world: World, session_id: str) -> None:
    """Raise `SessionBusyError` if the agent of a killed run still works in the session.

    An agent on another machine cannot be checked.
    """
    left = world.store.holder(session_id)
    if left is None or left.child_pid is None or left.child_identity is None:
        return
    here = left.host == world.hostname
    if here and orphans.is_alive(left.child_pid, left.child_identity):
        raise agent_left(left.child_pid, left.child_identity)


def agent_left(pid: int, identity: str) -> SessionBusyError:
    """The error for an agent of a killed run that still works."""
    processes = orphans.processes_of(pid, identity) or (pid,)
    return SessionBusyError(
        f"session is busy: the agent of a killed run still works (process {processes[0]})",
        hint=f"`kill {' '.join(map(str, processes))}` stops it, like the session's next turn",
    )
