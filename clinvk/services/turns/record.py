"""How a turn gets onto disk, in the order that lets nothing be lost.

"Turn started", then the record, both before the agent can have its prompt; the agent's own id the
moment it is known; what it says as it says it; "turn finished" last, and then the record again. A
run that keeps nothing (ephemeral, or in a home that cannot be written) goes through the same calls
and writes nothing.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from types import TracebackType
from typing import ClassVar

from msgspec.structs import replace

from clinvk.errors import (
    SessionBusyError,
    SessionDamagedError,
    SessionNotFoundError,
    SessionUnreadableError,
    StoreError,
)
from clinvk.model.events import Event, Init
from clinvk.model.failure import FailureCode
from clinvk.model.outcome import Outcome
from clinvk.model.session import Session, TitleSource
from clinvk.services.turns.plan import TurnPlan
from clinvk.services.turns.policy import KEEP_ALL, RecordingPolicy
from clinvk.services.world import World
from clinvk.store.locks.lock import HeldLock
from clinvk.store.sessions.store import SessionStore
from clinvk.store.transcripts.transcript import TranscriptWriter


class Recording(AbstractContextManager["Recording"]):
    """One turn on its way to disk, under the session's lock from first write to last.

    `session` is the session as it now is. Without a `lock` nothing is kept and `session_id` is
    None; `unrecorded` says in a sentence why, unless that is as it should be. `name_lock` is let go
    once the record is written: until then nobody else may begin a session of that name.
    """

    interactive: ClassVar[bool] = False
    """Whether the run is the agent's own screen."""

    def __init__(  # noqa: PLR0913  what a recording is made of, each by its name
        self,
        session: Session,
        lock: HeldLock | None,
        store: SessionStore,
        world: World,
        *,
        is_new: bool,
        policy: RecordingPolicy = KEEP_ALL,
        unrecorded: str | None = None,
        name_lock: HeldLock | None = None,
    ) -> None:
        self.session = session
        self.session_id: str | None = session.id if lock else None
        self.unrecorded = unrecorded
        self._policy = policy
        self._before = session
        self._seen = session
        self._is_new = is_new
        self._lock = lock
        self._name_lock = name_lock
        self._store = store
        self._world = world
        self._transcript: TranscriptWriter | None = None
        self._error: str | None = None
        self._model_asked: str | None = None
        self._moves_to: str | None = None

    @property
    def keeps_content(self) -> bool:
        """Whether what was said can be read in the session afterwards."""
        return self.session_id is not None and self._policy.content

    def start(self, plan: TurnPlan) -> None:
        """Write the turn's start into the transcript, then the open turn into the record.

        Raises `StoreError` if either cannot be written: then the session is as it was. A new
        session that nobody named is not worth that: the turn takes place and is not recorded.
        """
        before = self.session
        try:
            if self.session_id is not None:
                self._start(plan)
        except StoreError as error:
            self._take_back()
            if not self._is_new:
                raise
            if before.name is not None:
                raise cannot_keep(before.name, error) from error
            self.unrecorded = not_recorded(error)
            self.session, self.session_id = before, None
        if self.session_id is None:
            self.session = before.turn_started(at=self._world.now())
        if self._name_lock is not None:
            self._name_lock.release()

    def _start(self, plan: TurnPlan) -> None:
        session = self._policy.session(self.session) if self._is_new else self.session
        self.session = session.turn_started(at=self._world.now(), mode=plan.request.mode)
        self._transcript = self._store.writer(self.session.id, self._world.now)
        # A run that was killed may have left a new title or tag to be told.
        if self._transcript.empty or self._before.interrupted:
            self._transcript.session(self.session)
        self._tell_start(plan)
        if self._is_new:
            self._store.create(self.session)
        else:
            self._save(self.session)

    def start_again(self, plan: TurnPlan) -> None:
        """Take the first attempt back and tell the turn's start anew. Raises `StoreError`."""
        if self._transcript is not None:
            at = self._world.now()
            reason = FailureCode.CONVERSATION_GONE.value
            self._transcript.turn_voided(turn=self._turn, at=at, reason=reason)
            known = replace(self.session.conversation, counters=None, counters_turn=0)
            self.session = self.session.with_conversation(known)
            self._tell_start(plan)

    def _tell_start(self, plan: TurnPlan) -> None:
        if self._transcript is None:
            return
        request = plan.request
        self._model_asked, self._moves_to = request.model, plan.moves_to
        self._transcript.turn_started(
            turn=self._turn,
            at=self.session.last_used_at,
            backend=plan.backend.name,
            prompt=self._policy.prompt(plan.prompt),
            cwd=str(request.cwd),
            model=request.model,
            access=request.access,
            conversation=request.conversation,
            mode=request.mode,
            interactive=self.interactive,
            conversation_origin=plan.conversation_origin,
        )

    def _take_back(self) -> None:
        transcript, turn = self._transcript, self._turn
        if transcript is not None and not self._is_new:
            at, reason = self._world.now(), "nothing was started"
            self._try(lambda: transcript.turn_voided(turn=turn, at=at, reason=reason))
        self.session = self._before
        if self._is_new:
            self._store.discard(self._before.id)
        else:
            self._try(lambda: self._save(self._before))
        if transcript is not None:
            transcript.close()
            self._transcript = None

    def note_agent(self, pid: int, identity: str) -> None:
        """Note the agent in the lock: whoever finds this run dead finds its agent by it."""
        if self._lock is not None:
            self._lock.note_child(pid, identity)

    def event(self, event: Event) -> None:
        """Append; the agent's own session id is forced to disk at once."""
        if self._transcript is None:
            return
        if isinstance(event, Init):
            own = self.session.keeps(self._model_asked)
            self.session = self.session.conversation_confirmed(
                event.backend_session_id, event.model if own else None
            )
        kept = self._policy.event(event)
        if kept is not None:
            self._transcript.event(self._turn, kept)

    def quiet(self) -> None:
        """Write what was gathered: a kill from now on loses none of it."""
        if self._transcript is not None:
            self._transcript.flush()

    def finish(self, outcome: Outcome) -> None:
        """Close the turn in the transcript, then bring the record up to it."""
        transcript = self._transcript
        if transcript is None:
            self.session = self.session.turn_finished(
                outcome, number=self._turn, at=self._world.now()
            )
            return
        if self._moves_to is not None and outcome.failure is None:
            self.session = replace(self.session, cwd=self._moves_to)
        finished = self._close_turn(outcome, self._world.now(), self._model_asked)
        named = self._with_agents_title(finished)
        self.session = named
        self._try(lambda: self._save(named))
        if named.title != finished.title or self._moves_to is not None:
            self._try(lambda: transcript.session(self.session, durable=False))

    def _close_turn(
        self, outcome: Outcome, at: datetime, model_asked: str | None = None
    ) -> Session:
        """Tell the transcript that the turn is over; returns the session after it."""
        outcome, turn, transcript = self._policy.outcome(outcome), self._turn, self._transcript
        if transcript is not None:
            self._try(lambda: transcript.turn_finished(turn, at, outcome))
        return self.session.turn_finished(outcome, number=turn, at=at, model_asked=model_asked)

    def _with_agents_title(self, session: Session) -> Session:
        """The session with the agent's own title, unless it has a better one already."""
        if session.title_source is not TitleSource.PROMPT or not self._policy.content:
            return session
        from clinvk.services.turns.titles import with_agents_title

        return with_agents_title(session, self._world)

    def void(self, reason: str) -> None:
        """Take the turn back: the record is as it was, the transcript says that it was nothing."""
        transcript = self._transcript
        if transcript is None:
            return
        turn = self._turn
        self._try(lambda: transcript.turn_voided(turn=turn, at=self._world.now(), reason=reason))
        self.session = self._before
        self._try(lambda: self._save(self._before))

    def error(self) -> str | None:
        """The first write that failed after the turn had begun."""
        failed = self._transcript.failed if self._transcript else None
        return self._error or failed

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
        if self._lock is not None:
            self._lock.release()

    def _save(self, session: Session) -> None:
        """Bring the record up to `session`, with what a person changed in it since we saw it.

        Whoever changes a record while a run holds the session leaves it to the run to tell the
        transcript. Raises `StoreError`.
        """
        try:
            self.session = self._store.update(
                session.id,
                lambda found: session.with_changes(seen=self._seen, found=found),
                self._world.sleep,
                as_written=True,
            )
        except SessionNotFoundError:  # deleted by hand, while its agent works on
            self._store.save(session)
            self.session = session
        except (SessionDamagedError, SessionUnreadableError, SessionBusyError) as error:
            raise StoreError(error.message, hint=error.hint) from error
        self._seen = self.session
        if self.session != session and self._transcript is not None:
            self._transcript.session(self.session)

    @property
    def _turn(self) -> int:
        return self.session.open_turn.number if self.session.open_turn else self.session.turns

    def _try(self, write: Callable[[], None]) -> None:
        """Once the agent works, a write that fails is a warning: its work is not thrown away."""
        try:
            write()
        except StoreError as error:
            self._error = self._error or error.message


def not_recorded(error: StoreError) -> str:
    """What is said of a run that takes place although it cannot be recorded."""
    return f"this run is not recorded: {error.message}"


def cannot_keep(name: str, error: StoreError) -> StoreError:
    """The error of a named session that cannot be recorded: it would be new each time."""
    way_out = "`clinvk doctor` looks for the reason; without `-s` a prompt is answered unrecorded"
    return StoreError(
        f"session `{name}` cannot be kept: {error.message}",
        hint="\n".join(filter(None, (error.hint, way_out))),
    )
