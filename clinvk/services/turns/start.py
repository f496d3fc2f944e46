"""From what was asked to a turn that is ready to be started: its session is locked by then."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from clinvk.errors import (
    ClinvkError,
    NothingToResumeError,
    SessionBusyError,
    SessionNotFoundError,
    StoreError,
)
from clinvk.model.config import Settings
from clinvk.model.names import refuse_id_like
from clinvk.model.request import Pick, RunRequest
from clinvk.model.session import Session, Status
from clinvk.process import orphans
from clinvk.process.scratch import sweep_left
from clinvk.services.claims import agent_left, claim_of
from clinvk.services.sessions.places import here_in
from clinvk.services.turns.history import refuse_newer
from clinvk.services.turns.plan import TurnPlan, backend_for, new_session, plan_turn
from clinvk.services.turns.policy import recording_policy
from clinvk.services.turns.record import Recording, cannot_keep, not_recorded
from clinvk.services.turns.target import find_target, standing
from clinvk.services.world import World
from clinvk.store.locks.holders import Holder
from clinvk.store.locks.lock import Claim, HeldLock
from clinvk.store.sessions.selection import Selection
from clinvk.store.sessions.store import SessionStore
from clinvk.text.summary import summed_up
from clinvk.text.timestamps import CLOCKS_AGREE
from clinvk.text.units import format_time

NAME_LOCK_WAIT_S = 30.0
ORPHAN_GRACE_S = 3.0


def _nobody(_: str) -> None:
    """Tells nobody."""


class Opening(Struct, frozen=True):
    """Finds the session that is meant, or makes a new one, locks it and plans the turn in it.

    Nothing is written or started yet: that is up to `Recording.start` and the runner.

    The locks are let go with `held`. `sleep` is how it waits; what it raises gets out. `waiting` is
    told that it waits for a busy session, and for whom. `notes` are what the person should know of
    the way there, `recorder` keeps what is said.
    """

    request: RunRequest
    world: World
    settings: Settings
    held: ExitStack
    recorder: type[Recording] = Recording
    sleep: Callable[[float], None] | None = None
    waiting: Callable[[str], None] = _nobody
    notes: list[str] = field(default_factory=list)

    def open(self) -> tuple[TurnPlan, Recording]:
        """Go on with the session that is meant, or begin a new one.

        A name is held while its session is looked for or created: two at once make one session. It
        is let go once a new record is written, and before a busy session is waited for: what it
        means then is looked up again.
        """
        store = SessionStore(self.world.home)
        while True:
            name_lock = self._lock_name(store)
            target = find_target(self.request, store, self.settings, self.world)
            if target is None:
                return self._begin(store, name_lock)
            if name_lock is not None:
                name_lock.release()
            if (opened := self._go_on(store, target)) is not None:
                return opened

    def _begin(self, store: SessionStore, name_lock: HeldLock | None) -> tuple[TurnPlan, Recording]:
        """A new session; a home that cannot be written costs the record, not the prompt.

        But a name asks for a session to continue: answered without one, it would be new each time.
        """
        backend = backend_for(self.request, None, self.settings, self.world)
        if self.request.name is not None:
            refuse_id_like(self.request.name, self.world.agents.names)
        session = new_session(self.request, backend, self.settings, self.world)
        plan = plan_turn(self.request, session, backend, self.settings, self.world)
        lock, unrecorded = None, None
        if not self.request.ephemeral:
            try:
                lock = self.held.enter_context(store.lock(session.id, self._claim()))
            except StoreError as error:
                if self.request.name is not None:
                    raise cannot_keep(self.request.name, error) from error
                unrecorded = not_recorded(error)
        recording = self._recording(
            session, lock, store, is_new=True, unrecorded=unrecorded, name_lock=name_lock
        )
        return plan, recording

    def _go_on(self, store: SessionStore, target: Session) -> tuple[TurnPlan, Recording] | None:
        """The next turn of a session, read again once nobody else can change it.

        None if the name that was asked for no longer means it.
        """
        lock = self._lock(store, target.id)
        if lock.previous is not None:
            self._refuse_before_stopping(store, target, lock)
            self._stop_orphan(lock, lock.previous)
            store.sweep(target.id, self.world.sleep)
            sweep_left(now_s=self.world.now().timestamp())
        session = self._still_meant(store, target, lock)
        if session is None:
            return None
        plan = self._planned(store, session)
        self._say_where(session, plan)
        self._say_damaged(store)
        self._say_ahead(session)
        if session.archived:
            self.notes.append(f"session {session.id} was archived; it is back in the list")
        return plan, self._recording(session, lock, store, is_new=False)

    def _planned(self, store: SessionStore, session: Session) -> TurnPlan:
        """The next turn of the session; raises for one that cannot be."""
        refuse_newer(session)
        return plan_turn(
            self.request,
            session,
            backend_for(self.request, session, self.settings, self.world),
            self.settings,
            self.world,
            past=lambda: store.transcript(session.id).turns,
        )

    def _refuse_before_stopping(self, store: SessionStore, target: Session, lock: HeldLock) -> None:
        """Raise for a turn that cannot be, before the agent of a killed run is stopped for it.

        That agent works on, and the lock keeps its trace.
        """
        try:
            self._planned(store, store.reconciled(store.load(target.id)))
        except SessionNotFoundError:
            return  # it was deleted, which is said below
        except ClinvkError:
            lock.release(keep_text=True)
            raise

    def _still_meant(self, store: SessionStore, target: Session, lock: HeldLock) -> Session | None:
        """The session as it stands now that it is ours.

        None if the name that was asked for is another's by now, or nobody's. A session that was
        chosen, and not named, is not gone on with once it was put away: nor is another instead.
        """
        name = self.request.name
        try:
            session = store.reconciled(store.load(target.id))
        except SessionNotFoundError as error:
            store.remove(target.id, self.world.sleep)  # the lock's own file
            lock.release()
            if name is not None:
                return None
            raise SessionNotFoundError(
                f"session `{target.id}` was deleted a moment ago", hint=error.hint
            ) from error
        if name is not None and session.name != name:
            lock.release()
            return None
        put_away = session.status is Status.COMPLETED or session.archived
        was_open = not (target.status is Status.COMPLETED or target.archived)
        if put_away and was_open and name is None and self.request.session is None:
            raise NothingToResumeError(
                f"session `{session.id}` was closed or archived a moment ago",
                hint=f"`clinvk resume {session.id}` goes on with it all the same",
            )
        return session

    def _recording(
        self,
        session: Session,
        lock: HeldLock | None,
        store: SessionStore,
        **how: Any,  # noqa: ANN401  as `Recording` takes them
    ) -> Recording:
        how["policy"] = recording_policy(self.settings)
        return self.held.enter_context(self.recorder(session, lock, store, self.world, **how))

    def _claim(self, wait_s: float = 0.0) -> Claim:
        claim = claim_of(self.world, wait_s=wait_s)
        return claim if self.sleep is None else replace(claim, sleep=self.sleep)

    def _lock_name(self, store: SessionStore) -> HeldLock | None:
        """Hold the name, if there is one."""
        if self.request.name is None:
            return None
        try:
            lock = store.lock_name(self.request.name, self._claim(NAME_LOCK_WAIT_S))
        except StoreError as error:
            raise cannot_keep(self.request.name, error) from error
        return self.held.enter_context(lock)

    def _lock(self, store: SessionStore, session_id: str) -> HeldLock:
        """Hold the session, waiting for it as was asked; whoever waits says so."""

        def say(busy: SessionBusyError) -> None:
            who = busy.message.removeprefix("session is busy: ")
            self.waiting(f"waiting for session {session_id}: {who}")

        claim = replace(self._claim(self.request.wait_s), waiting=say)
        return self.held.enter_context(store.lock(session_id, claim))

    def _say_damaged(self, store: SessionStore) -> None:
        """The most recent session may be one whose record cannot be read."""
        if self.request.pick is not Pick.NEW:
            told = summed_up(
                store.select(Selection(), limit=1).damaged,
                each=lambda record: f"passed by: {record.sentence}",
                name=lambda record: record.path,
                what="records that cannot be read were passed by",
                way_out="`clinvk doctor` says what can be done",
            )
            self.notes.extend(told)

    def _say_ahead(self, session: Session) -> None:
        """A clock that was set back makes the last one used of a session that was not."""
        if (
            self.request.pick is not Pick.NEW
            and session.last_used_at > self.world.now() + CLOCKS_AGREE
        ):
            used = format_time(session.last_used_at)
            self.notes.append(
                f"session {session.id} counts as the last one used: it is dated {used}, ahead of"
                " this machine's clock; this turn dates it anew"
            )

    def _stop_orphan(self, lock: HeldLock, before: Holder) -> None:
        """End the agent of a run that was killed: two must not share a conversation.

        Raises `SessionBusyError` if it cannot be ended.

        The process is one of ours, told from a later one of the same number by its start. What runs
        on another machine is out of reach.
        """
        if before.child_pid is None or before.child_identity is None:
            return
        if before.host != self.world.hostname:
            self.notes.append(
                f"the run before was cut off on `{before.host}`, where its agent may still work"
                f" (process {before.child_pid})"
            )
            return
        pid, identity = before.child_pid, before.child_identity
        if orphans.is_alive(pid, identity):
            if not orphans.stop_group(pid, identity, ORPHAN_GRACE_S):
                lock.release(keep_text=True)
                raise agent_left(pid, identity)
            note = f"stopped the agent that a killed run had left behind (process {pid})"
            self.notes.append(note)

    def _say_where(self, session: Session, plan: TurnPlan) -> None:
        """Say so when the turn runs in other files than those where the person stands."""
        here = here_in(self.world, standing(self.request, self.world))
        if not here.shows(str(plan.invocation.cwd)):
            where = f"continuing session {session.id} of another directory: {plan.invocation.cwd}"
            self.notes.append(where)
