"""Checks whether an agent with unknown output is older than clinvk supports.

Reading the version starts the agent's program, so it is only done after such a failure.
"""

from msgspec.structs import replace

from clinvk.model.failure import Failure, FailureCode
from clinvk.model.outcome import Outcome
from clinvk.model.versions import VersionMatch, match_version
from clinvk.process.signals import SignalInbox
from clinvk.services.agents.states import version_of
from clinvk.services.turns.plan import TurnPlan
from clinvk.services.world import World


def failure_by_version(
    result: Outcome, plan: TurnPlan, world: World, signals: SignalInbox
) -> Failure | None:
    """The failure of an agent that is too old, with its message as the detail; else None."""
    backend, before = plan.backend, result.failure
    if before is None or backend.oldest_version is None or signals.received:
        return None
    version = version_of(plan.program, world, signals)
    if match_version(version, (backend.oldest_version,)) is not VersionMatch.OLDER:
        return None
    words = [before.message, before.detail or ""]
    return replace(
        before,
        code=FailureCode.TOO_OLD,
        message=f"{backend.title} {version} is too old: clinvk needs {backend.oldest_version}"
        " or later",
        hint=f"update it: {backend.install_hint}",
        detail="\n".join(filter(None, words)),
    )
