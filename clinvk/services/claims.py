"""Claiming a lock in the name of this process."""

from clinvk.process import orphans
from clinvk.services.world import World
from clinvk.store.locks import Claim


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
