"""Records a turn in the order in which nothing is lost.

"Turn started" and the record are written before the agent gets its prompt; the agent's own id as
soon as it is known; its events as they arrive; at the end "turn finished" and the record again. A
run that saves nothing (ephemeral, or in a home that cannot be written) makes the same calls.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from types import TracebackType
from typing import ClassVar

from msgspec.structs import replace

from clinvk.errors import (
    SessionBusyError,
    SessionDamagedError,
    SessionNotFoundError,
    SessionsUnusableError,
    SessionUnreadableError,
    StoreError,
)
from clinvk.model.events import Event, Init
from clinvk.model.failure import FailureCode
from clinvk.model.outcome import Outcome
from clinvk.model.session import Session, TitleSource
from clinvk.services.turns.plan import TurnPlan
from clinvk.services.turns.recording_policy import KEEP_ALL, RecordingPolicy
from clinvk.services.world import World
from clinvk.store.locks import HeldLock
from clinvk.store.sessions.store import SessionStore
from clinvk.store.transcripts.writer import TranscriptWriter


class Recording(AbstractContextManager["Recording"]):
    """Records one turn, with the session locked from the first write to the last.

    `session` is the current session. Without a `lock` nothing is saved and `session_id` is None;
    `unrecorded` is the reason in a sentence, unless this was requested. `name_lock` is released
    after the record is written, so that no other run starts a session of that name before.
    """

    interactive: ClassVar[bool] = False
    """Whether the run is an interactive screen."""

    def __init__(  # noqa: PLR0913  the parts of a recording, all named
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
        """Whether the content of the turn is saved in the session."""
        return self.session_id is not None and self._policy.content

    def start(self, plan: TurnPlan) -> None:
        """Write the turn's start to the transcript, then the open turn to the record.

        Raises `StoreError` if this fails: then the session is unchanged. But for a new session
        without a name, the turn runs without being recorded.
        """
        before = self.session
        try:
            if self.session_id is not None:
                self._start(plan)
        except StoreError as error:
            self._undo_start()
            if not self._is_new:
                raise
            if before.name is not None:
                raise cannot_save(before.name, error) from error
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
        # A killed run may not have written a new title or tag to the transcript.
        if self._transcript.empty or self._before.interrupted:
            self._transcript.session(self.session)
        self._write_start(plan)
        if self._is_new:
            self._store.create(self.session)
        else:
            self._save(self.session)

    def start_again(self, plan: TurnPlan) -> None:
        """Void the first attempt and write the turn's start again. Raises `StoreError`."""
        if self._transcript is not None:
            at = self._world.now()
            reason = FailureCode.CONVERSATION_GONE.value
            self._transcript.turn_voided(turn=self._turn, at=at, reason=reason)
            known = replace(self.session.conversation, counters=None, counters_turn=0)
            self.session = self.session.with_conversation(known)
            self._write_start(plan)

    def _write_start(self, plan: TurnPlan) -> None:
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

    def _undo_start(self) -> None:
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
        """Write the agent to the lock, so that a later run can stop it if this one is killed."""
        if self._lock is not None:
            self._lock.note_child(pid, identity)

    def event(self, event: Event) -> None:
        """Append an event; the agent's own session id is synced to disk at once."""
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
        """Write the buffered events, so that a kill does not lose them."""
        if self._transcript is not None:
            self._transcript.flush()

    def finish(self, outcome: Outcome) -> None:
        """Close the turn in the transcript, then update the record."""
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
        """Write the end of the turn to the transcript; return the session after it."""
        outcome, turn, transcript = self._policy.outcome(outcome), self._turn, self._transcript
        if transcript is not None:
            self._try(lambda: transcript.turn_finished(turn, at, outcome))
        return self.session.turn_finished(outcome, number=turn, at=at, model_asked=model_asked)

    def _with_agents_title(self, session: Session) -> Session:
        """The session with the agent's title, unless it has a title from the user or the agent."""
        if session.title_source is not TitleSource.PROMPT or not self._policy.content:
            return session
        from clinvk.services.turns.titles import with_agents_title

        return with_agents_title(session, self._world)

    def void(self, reason: str) -> None:
        """Void the turn: restore the record, and note it in the transcript."""
        transcript = self._transcript
        if transcript is None:
            return
        turn = self._turn
        self._try(lambda: transcript.turn_voided(turn=turn, at=self._world.now(), reason=reason))
        self.session = self._before
        self._try(lambda: self._save(self._before))

    def error(self) -> str | None:
        """The first error of a write after the turn had started, None without one."""
        failed = self._transcript.failed if self._transcript else None
        return self._error or failed

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the transcript and release the session."""
        del kind, error, trace
        if self._transcript is not None:
            self._transcript.close()
        if self._lock is not None:
            self._lock.release()

    def _save(self, session: Session) -> None:
        """Write `session` to the record, merged with changes by the user since it was read.

        Such changes are also written to the transcript here, because the run has locked it. Raises
        `StoreError`.
        """
        try:
            self.session = self._store.update(
                session.id,
                lambda found: session.with_changes(seen=self._seen, found=found),
                self._world.sleep,
                as_written=True,
            )
        except SessionNotFoundError:  # deleted by hand while its agent works
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
        """Write; an error becomes a warning, because the agent's work must not be discarded."""
        try:
            write()
        except StoreError as error:
            self._error = self._error or error.message


@contextmanager
def before_the_agent() -> Iterator[None]:
    """Raise `SessionsUnusableError` for a `StoreError`: it prevented a turn, so no agent failed."""
    try:
        yield
    except SessionsUnusableError:
        raise
    except StoreError as error:
        raise SessionsUnusableError(error.message, hint=error.hint) from error


def not_recorded(error: StoreError) -> str:
    """The warning about a run that cannot be recorded."""
    return f"this run is not recorded: {error.message}"


def cannot_save(name: str, error: StoreError) -> SessionsUnusableError:
    """The error for a named session that cannot be recorded, and so not continued."""
    way_out = "`clinvk doctor` looks for the reason; without `-s` the prompt runs unrecorded"
    return SessionsUnusableError(
        f"session `{name}` cannot be saved: {error.message}",
        hint="\n".join(filter(None, (error.hint, way_out))),
    )
