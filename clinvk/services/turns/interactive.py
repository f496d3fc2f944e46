"""Opens the agent's interactive screen on the terminal, and records its turns.

The session is locked meanwhile, so that no other run can continue it.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from clinvk.errors import BackendStartError
from clinvk.model.config import Settings
from clinvk.model.files import FileReport, merged_files
from clinvk.model.native import NativeTurn
from clinvk.model.request import Invocation, RunRequest
from clinvk.model.session import Session
from clinvk.process.descendants import RUN_MARK, new_mark
from clinvk.process.foreground import ForegroundEnd, run_foreground
from clinvk.process.orphans import run_identity
from clinvk.process.scratch import ScratchFiles
from clinvk.process.signals import SignalInbox
from clinvk.services.agents.known_versions import may_be_too_old
from clinvk.services.files.observe import watch_files
from clinvk.services.turns.find_or_create import Opening
from clinvk.services.turns.native_import import (
    ScreenEnd,
    ScreenRecording,
    native_turns,
    new_turns,
    started_since,
    unseen_turn,
)
from clinvk.services.turns.plan import TurnPlan
from clinvk.services.turns.record import before_the_agent
from clinvk.services.turns.too_old import refuse_too_old
from clinvk.services.world import World


class ScreenResult(Struct, frozen=True, kw_only=True):
    """The result: `turns` is the number of imported turns, None if unknown.

    `session` is None if nothing is recorded: a new session had no turn, or nothing is saved.
    `stopped` is as in `ForegroundEnd`.
    """

    exit_code: int
    stopped: bool
    session: Session | None
    turns: int | None
    error: str | None = None


def run_screen(
    request: RunRequest,
    world: World,
    settings: Settings,
    notice: Callable[[str], None],
    waiting: Callable[[str], None] = lambda _: None,
) -> ScreenResult:
    """Open the agent's interactive screen and wait for its end.

    `notice` gets the notes for the user before the start, `waiting` is called while waiting for a
    busy session. Raises a `ClinvkError` for any error before the start; nothing is changed then.
    """
    world = replace(world, settings=settings)
    with before_the_agent(), ExitStack() as held:
        opening = Opening(request, world, settings, held, recorder=ScreenRecording, waiting=waiting)
        plan, recording = opening.open()
        if may_be_too_old(plan.backend, plan.program[0], world):
            with SignalInbox() as signals:
                refuse_too_old(plan, world, signals)
        recording.start(plan)  # the user enters the prompts in the screen, so this comes first
        lost = (recording.unrecorded,) if recording.unrecorded else ()
        for note in (*lost, *opening.notes, *plan.warnings):
            notice(note)
        kept = recording.session_id is not None
        recorded = recording if kept and isinstance(recording, ScreenRecording) else None
        before = native_turns(plan.backend, plan.request.conversation, world)
        began_at = world.now()
        try:
            end = _show(plan, world, recorded)
        except BackendStartError:
            if recorded is not None:
                recorded.no_turns()
            raise
        if recorded is None:
            return ScreenResult(
                exit_code=end.exit_code, stopped=end.stopped, session=None, turns=None
            )
        imported, conversation = _imported(plan, before, began_at, world)
        if imported is None:
            recorded.import_turns([unseen_turn(began_at)], None, end)
        elif imported:
            recorded.import_turns(imported, conversation, end)
        else:
            recorded.no_turns()
        return ScreenResult(
            exit_code=end.exit_code,
            stopped=end.stopped,
            session=recorded.session if recorded.session_id else None,
            turns=None if imported is None else len(imported),
            error=recorded.error(),
        )


def _imported(
    plan: TurnPlan, before: Sequence[NativeTurn] | None, began_at: datetime, world: World
) -> tuple[Sequence[NativeTurn] | None, str | None]:
    """The new turns, None if unknown, and the id of their conversation.

    An agent that chooses the id itself must have started at most one conversation: of several in
    the same directory at the same time, it is unknown which is ours.
    """
    known = plan.request.conversation
    if known is not None:
        return new_turns(before, native_turns(plan.backend, known, world)), known
    started = started_since(plan.backend, plan.invocation.cwd, began_at, world)
    if started is None or len(started) > 1:
        return None, None
    if not started:
        return (), None
    return native_turns(plan.backend, started[0], world), started[0]


def _show(plan: TurnPlan, world: World, recorded: ScreenRecording | None) -> ScreenEnd:
    """Run the screen, and compare the work tree before and after."""
    cwd = plan.invocation.cwd
    began, began_at = world.monotonic(), world.now().timestamp()
    watch = watch_files(cwd, world, began_at=began_at)
    if watch is not None:
        watch.wait()
    ended = _run(plan.invocation, world, recorded)
    files: tuple[FileReport, ...] = ()
    if watch is not None:
        files = merged_files((), watch.compare().changes, str(cwd))
    return ScreenEnd(
        exit_code=ended.exit_code,
        duration_s=world.monotonic() - began,
        files=files,
        stopped=ended.stopped,
    )


def _run(invocation: Invocation, world: World, recorded: ScreenRecording | None) -> ForegroundEnd:
    def started(pid: int) -> None:
        if recorded is not None:
            recorded.note_agent(pid, run_identity(pid, mark))

    environ = {
        name: value for name, value in world.environ.items() if name not in invocation.env_unset
    }
    mark = new_mark(world.environ)
    environ[RUN_MARK] = mark
    scratch = ScratchFiles(invocation.files)
    try:
        argv = scratch.fill_in(invocation.argv)
        environ |= scratch.fill_in_env(invocation.env)
        return run_foreground(
            argv,
            environ=environ,
            cwd=invocation.cwd,
            keep_open=scratch.keep_open,
            started=started,
        )
    finally:
        scratch.remove()
