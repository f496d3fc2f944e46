"""Refuses an agent that is older than clinvk supports.

Reading the version starts the agent's program. So it is only done if the version seems to be too
old before the turn, or if the agent's output was not understood.
"""

from msgspec.structs import replace

from clinvk.errors import BackendTooOldError
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.outcome import Outcome
from clinvk.process.signals import SignalInbox
from clinvk.services.agents.known_versions import is_too_old, remember_versions
from clinvk.services.agents.states import version_of
from clinvk.services.turns.plan import TurnPlan
from clinvk.services.world import World


def refuse_too_old(plan: TurnPlan, world: World, signals: SignalInbox) -> None:
    """Raise `BackendTooOldError` if the program says that it is too old.

    `StoppedBySignal` if a signal arrived meanwhile.
    """
    message = _too_old(plan, world, signals)
    if signals.received:
        signals.sleep(0)
    if message is not None:
        raise BackendTooOldError(message, hint=_update(plan))


def failure_by_version(
    result: Outcome, plan: TurnPlan, world: World, signals: SignalInbox
) -> Failure | None:
    """The failure of an agent that is too old, with its message as the detail; else None."""
    before = result.failure
    if before is None or signals.received:
        return None
    message = _too_old(plan, world, signals)
    if message is None:
        return None
    words = [before.message, before.detail or ""]
    return replace(
        before,
        code=FailureCode.TOO_OLD,
        message=message,
        hint=_update(plan),
        detail="\n".join(filter(None, words)),
    )


def _too_old(plan: TurnPlan, world: World, signals: SignalInbox) -> str | None:
    """That the version that the program prints is too old; None if not, or unknown."""
    oldest = plan.backend.oldest_version
    if oldest is None or not plan.program:
        return None
    version = version_of(plan.program, world, signals)
    if version is not None:
        remember_versions({plan.program[0]: version}, world)
    if not is_too_old(version, oldest):
        return None
    return f"{plan.backend.title} {version} is too old: clinvk needs {oldest} or later"


def _update(plan: TurnPlan) -> str:
    return f"update it: {plan.backend.install_hint}"
