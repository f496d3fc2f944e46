"""The reports of a turn to its caller, at its start and its end."""

from msgspec.structs import replace

from clinvk.model.failure import Failure, FailureCode
from clinvk.model.outcome import Outcome
from clinvk.model.report import ErrorReport, RunReport, TurnStart
from clinvk.model.session import status_after
from clinvk.process.ending import Ending
from clinvk.services.turns.accumulate import TurnAccumulator
from clinvk.services.turns.outcome import exit_status
from clinvk.services.turns.plan import TurnPlan
from clinvk.services.turns.record import Recording
from clinvk.services.world import World


def turn_start(plan: TurnPlan, recording: Recording) -> TurnStart:
    """The report at the start of the turn."""
    session = recording.session
    return TurnStart(
        session_id=recording.session_id,
        title=session.title,
        backend=plan.backend.name,
        model=plan.request.model,
        cwd=str(plan.invocation.cwd),
        turn=session.open_turn.number if session.open_turn else session.next_turn,
        resumed=plan.request.resume,
        created=plan.created,
    )


def report_of(  # noqa: PLR0913  all that is known of a turn
    plan: TurnPlan,
    recording: Recording,
    collected: TurnAccumulator,
    outcome: Outcome,
    *,
    ending: Ending,
    world: World,
) -> RunReport:
    """The report at the end of the turn."""
    session = recording.session
    return RunReport(
        exit_status=exit_status(outcome, ending),
        session_id=recording.session_id,
        name=session.name,
        title=session.title,
        backend=plan.backend.name,
        backend_session_id=session.conversation.id,
        model=outcome.model
        or (collected.init and collected.init.model)
        or session.conversation.model,
        cwd=str(plan.invocation.cwd),
        turn=session.turns,
        resumed=plan.request.resume,
        status=status_after(outcome),
        outcome=outcome,
        error=_error(outcome.failure, plan, recording, world) if outcome.failure else None,
    )


def _error(failure: Failure, plan: TurnPlan, recording: Recording, world: World) -> ErrorReport:
    """The failure; without another hint, it points to the agent's last output."""
    if failure.code is FailureCode.AUTH and failure.hint is None:
        way = plan.backend.way_to_sign_in(world.user_home, world.environ)
        failure = replace(failure, hint=way)
    if failure.way_out is None and failure.detail and recording.keeps_content:
        shown = f"clinvk sessions show {recording.session_id} --turn {recording.session.turns}"
        failure = replace(failure, hint=f"`{shown}` has the agent's last output")
    return ErrorReport.of_failure(failure, recording.session_id)
