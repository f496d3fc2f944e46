"""Runs one prompt, from the request to the report.

The steps: resolve the session, the backend and the settings, start the agent, record the start,
pass on each event, record the end, report.
"""

from collections.abc import Callable
from contextlib import ExitStack

from msgspec.structs import replace

from clinvk.model.config import Settings
from clinvk.model.report import RunReport
from clinvk.model.request import RunRequest
from clinvk.process.signals import SignalInbox
from clinvk.services.agents.known_versions import may_be_too_old
from clinvk.services.turns.find_or_create import Opening
from clinvk.services.turns.find_target import find_target, other_directory_note
from clinvk.services.turns.new_session import new_session
from clinvk.services.turns.permissions import Asker
from clinvk.services.turns.plan import TurnPlan, backend_for, plan_turn
from clinvk.services.turns.record import before_the_agent
from clinvk.services.turns.turn import Attend, Observer, Turn, never_waits
from clinvk.services.world import World
from clinvk.store.sessions.store import SessionStore


def run(  # noqa: PLR0913  the request and its callbacks, all named
    request: RunRequest,
    world: World,
    settings: Settings,
    observer: Observer,
    *,
    waiting: Callable[[str], None] = lambda _: None,
    attended: Callable[[Attend], None] = never_waits,
    asker: Asker | None = None,
) -> RunReport:
    """Run one turn to its end and report; a failed turn is a report, not an exception.

    `waiting` is called while waiting for a busy session, `attended` and `asker` are as in `Turn`.
    Raises a `ClinvkError` for any error before the agent has the prompt, and `StoppedBySignal` for
    a signal during the wait; nothing has been changed then.
    """
    world = replace(world, settings=settings)
    with before_the_agent(), ExitStack() as held, SignalInbox() as signals:
        opening = Opening(request, world, settings, held, sleep=signals.sleep, waiting=waiting)
        plan, recording = opening.open()
        plan = replace(plan, warnings=(*opening.notes, *plan.warnings))
        if may_be_too_old(plan.backend, plan.program[0], world):
            from clinvk.services.turns.too_old import refuse_too_old

            refuse_too_old(plan, world, signals)
        return Turn(plan, recording, world, observer, attended=attended, asker=asker).run(signals)


def dry_run(request: RunRequest, world: World, settings: Settings) -> TurnPlan:
    """The plan of the turn that `run` would start; nothing is started, locked or written."""
    world = replace(world, settings=settings)
    store = SessionStore(world.home)
    notes: list[str] = []
    target = find_target(request, store, settings, world, notes.append)
    if target is None:
        backend = backend_for(request, None, settings, world)
        session = new_session(request, backend, settings, world)
    else:
        session = store.current(target)
        backend = backend_for(request, session, settings, world)
    plan = plan_turn(
        request,
        session,
        backend,
        settings,
        world,
        past=lambda: store.transcript(session.id).turns,
    )
    if target is None:
        return plan
    if note := other_directory_note(request, session, plan.invocation.cwd, world):
        notes.append(note)
    return replace(plan, warnings=(*notes, *plan.warnings))
