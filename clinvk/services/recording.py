"""How a turn gets onto disk, in the order that lets nothing be lost.

"Turn started", then the record, both before the child is started; the agent's own id the moment
it is known; what it says as it says it; "turn finished" last, and then the record again. A run
that keeps nothing goes through the same calls and writes nothing.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol

from clinvk.errors import StoreError
from clinvk.model.events import Event, FileChange, Init, Result
from clinvk.model.report import FileReport
from clinvk.model.session import Session, TurnEnd
from clinvk.process.runner import Child, Ending
from clinvk.services.plan import TurnPlan
from clinvk.services.world import World
from clinvk.store.locks import HeldLock, Holder
from clinvk.store.sessions import SessionStore
from clinvk.store.transcripts import TranscriptWriter


class Recording(Protocol):
    """What a run tells about itself; `session` is the session as it now stands."""

    session: Session
    session_id: str | None

    def start(self, plan: TurnPlan) -> None:
        """The turn begins; what is needed to go on with it is on disk afterwards."""

    def child_started(self, child: Child) -> None:
        """The agent runs as this process."""

    def event(self, event: Event) -> None:
        """The agent said something."""

    def quiet(self) -> None:
        """The agent says nothing at the moment: what it said is put down."""

    def finish(self, result: Result, ending: Ending, files: tuple[FileReport, ...]) -> None:
        """The turn is over."""

    def void(self, reason: str) -> None:
        """The turn did not take place: the session stays as it was before."""

    def trouble(self) -> str | None:
        """Why something could not be recorded, None if everything is."""


def _advance(session: Session, result: Result, world: World) -> Session:
    return session.turn_finished(
        TurnEnd(
            number=session.open_turn.number if session.open_turn else session.next_turn,
            ended_at=world.now(),
            failed=result.failure is not None,
            usage=result.usage,
            cost_usd=result.cost_usd,
            model=result.model,
            conversation=result.backend_session_id,
            counters=result.counters,
        )
    )


class Unrecorded:
    """A run of which nothing is kept."""

    session_id: str | None = None

    def __init__(self, session: Session, world: World) -> None:
        self.session = session
        self._world = world

    def start(self, plan: TurnPlan) -> None:
        """Only in memory."""
        del plan
        self.session = self.session.turn_started(at=self._world.now())

    def child_started(self, child: Child) -> None:
        """Nothing to keep."""

    def event(self, event: Event) -> None:
        """Nothing to keep."""

    def quiet(self) -> None:
        """Nothing to put down."""

    def finish(self, result: Result, ending: Ending, files: tuple[FileReport, ...]) -> None:
        """Only in memory."""
        del ending, files
        self.session = _advance(self.session, result, self._world)

    def void(self, reason: str) -> None:
        """Nothing to take back."""

    def trouble(self) -> str | None:
        """Nothing can go wrong with what is not written."""
        return None


class Recorded(AbstractContextManager["Recorded"]):
    """A run that is kept in the store, under the session's lock from first write to last."""

    def __init__(
        self, session: Session, lock: HeldLock, store: SessionStore, world: World, *, is_new: bool
    ) -> None:
        self.session = session
        self.session_id: str | None = session.id
        self._before = session
        self._is_new = is_new
        self._lock = lock
        self._store = store
        self._world = world
        self._transcript: TranscriptWriter | None = None
        self._trouble: str | None = None

    def start(self, plan: TurnPlan) -> None:
        """Write the turn's start into the transcript, then the open turn into the record.

        Raises `StoreError` if either cannot be written: then nothing has been started, and the
        session is as it was.
        """
        try:
            self._start(plan)
        except StoreError:
            self._take_back()
            raise

    def _start(self, plan: TurnPlan) -> None:
        self.session = self.session.turn_started(at=self._world.now())
        self._transcript = self._store.writer(self.session.id, self._world.now)
        if self._transcript.empty:
            self._transcript.session(self.session)
        request = plan.request
        self._transcript.turn_started(
            turn=self._turn,
            at=self.session.last_used_at,
            prompt=request.prompt,
            cwd=str(request.cwd),
            model=request.model,
            access=request.access,
            conversation=request.conversation,
            resume=request.resume,
        )
        if self._is_new:
            self._store.create(self.session)
        else:
            self._store.save(self.session)

    def _take_back(self) -> None:
        if self._is_new:
            self._store.discard(self.session.id)
        else:
            self._try(lambda: self._store.save(self._before))
        self.session = self._before

    def child_started(self, child: Child) -> None:
        """Note the child in the lock: whoever finds this run dead finds its agent by it."""
        self._try(lambda: self._lock.note_child(child.pid, child.identity))

    def event(self, event: Event) -> None:
        """Append; the agent's own session id is forced to disk at once."""
        if self._transcript is None:
            return
        if isinstance(event, Init):
            self.session = self.session.conversation_confirmed(
                event.backend_session_id, event.model
            )
        self._transcript.event(self._turn, event)

    def quiet(self) -> None:
        """Write what was gathered: a kill from now on loses none of it."""
        if self._transcript is not None:
            self._transcript.flush()

    def finish(self, result: Result, ending: Ending, files: tuple[FileReport, ...]) -> None:
        """Close the turn in the transcript, then bring the record up to it."""
        transcript = self._transcript
        if transcript is None:
            return
        finished = _advance(self.session, result, self._world)
        self._try(
            lambda: transcript.turn_finished(
                turn=self._turn,
                at=finished.last_used_at,
                stop_reason=result.stop_reason,
                text=result.text,
                usage=result.usage,
                cost_usd=result.cost_usd,
                model=result.model,
                conversation=result.backend_session_id,
                counters=result.counters,
                failure=result.failure,
                exit_code=ending.exit_code,
                duration_s=ending.duration_s,
                files=[FileChange(path=file.path, change=file.change) for file in files],
            )
        )
        self.session = finished
        self._try(lambda: self._store.save(finished))

    def void(self, reason: str) -> None:
        """Take the turn back: the record is as it was, the transcript says that it was nothing."""
        transcript = self._transcript
        if transcript is None:
            return
        turn = self._turn
        self._try(lambda: transcript.turn_voided(turn=turn, at=self._world.now(), reason=reason))
        self._try(lambda: self._store.save(self._before))
        self.session = self._before

    def trouble(self) -> str | None:
        """The first write that failed after the turn had begun."""
        failed = self._transcript.failed if self._transcript else None
        return self._trouble or failed

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the transcript and let the session go."""
        del kind, error, trace
        if self._transcript is not None:
            self._transcript.close()
        self._lock.release()

    @property
    def _turn(self) -> int:
        return self.session.open_turn.number if self.session.open_turn else self.session.turns

    def _try(self, write: Callable[[], None]) -> None:
        """Once the agent works, a write that fails is a warning: its work is not thrown away."""
        try:
            write()
        except StoreError as error:
            self._trouble = self._trouble or error.message


def holder_of(world: World) -> Holder:
    """What this process writes into a lock."""
    return Holder(
        pid=world.pid,
        host=world.hostname,
        started_at=world.now(),
        child_pid=None,
        child_identity=None,
    )
