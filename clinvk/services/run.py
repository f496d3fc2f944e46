"""One prompt, from what was asked to what came of it.

The one way a prompt travels: resolve the session, the backend and the settings, record the start,
start the agent, hand each event on as it comes, record the end, report.
"""

from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from clinvk.errors import StoreError
from clinvk.model.config import Settings
from clinvk.model.report import RunReport
from clinvk.model.request import Pick, RunRequest
from clinvk.model.session import Session
from clinvk.process import orphans
from clinvk.process.signals import SignalInbox
from clinvk.services.discretion import discretion_of
from clinvk.services.history import refuse_newer
from clinvk.services.places import scope_of, stands_in
from clinvk.services.plan import TurnPlan, backend_for, new_session, plan_turn
from clinvk.services.recording import Recorded, Recording, Unrecorded, holder_of
from clinvk.services.target import find_target, standing
from clinvk.services.turn import Observer, Turn
from clinvk.services.world import World
from clinvk.store.locks import HeldLock
from clinvk.store.selection import Selection
from clinvk.store.sessions import SessionStore

NAME_LOCK_WAIT_S = 30.0
ORPHAN_GRACE_S = 3.0


def run(request: RunRequest, world: World, settings: Settings, observer: Observer) -> RunReport:
    """Run one turn to its end and report; a failed turn is a report, not an exception.

    Raises a `ClinvkError` for whatever stands in the way before the agent is started; nothing has
    been changed then.
    """
    with ExitStack() as held, SignalInbox() as signals:
        opening = Opening(request, world, settings, held)
        plan, recording = opening.open()
        plan = replace(plan, warnings=(*opening.notes, *plan.warnings))
        return Turn(plan, recording, world, observer).conduct(signals)


def dry_run(request: RunRequest, world: World, settings: Settings) -> TurnPlan:
    """The plan of the turn that `run` would start; nothing is started, locked or written."""
    store = SessionStore(world.home)
    target = find_target(request, store, settings, world)
    if target is None:
        backend = backend_for(request, None, settings, world)
        session = new_session(request, backend, settings, world)
    else:
        session = store.current(target)
        backend = backend_for(request, session, settings, world)
    return plan_turn(
        request,
        session,
        backend,
        settings,
        world,
        past=lambda: store.transcript(session.id).turns,
    )


@dataclass(frozen=True, slots=True)
class Opening:
    """From what was asked to a turn that is on disk as begun; locks are let go with `held`.

    `notes` are what the person should know of the way there, `recorder` keeps what is said.
    """

    request: RunRequest
    world: World
    settings: Settings
    held: ExitStack
    recorder: type[Recorded] = Recorded
    notes: list[str] = field(default_factory=list)

    def open(self) -> tuple[TurnPlan, Recording]:
        """Go on with the session that is meant, or begin a new one.

        A name is held while its session is looked for or created: two at once make one session.
        """
        store = SessionStore(self.world.home)
        name_lock = self._lock_name(store)
        target = find_target(self.request, store, self.settings, self.world)
        opened = self._begin(store) if target is None else self._go_on(store, target)
        if name_lock is not None:
            name_lock.release()
        return opened

    def _begin(self, store: SessionStore) -> tuple[TurnPlan, Recording]:
        """A new session; a home that cannot be written costs the record, not the prompt."""
        backend = backend_for(self.request, None, self.settings, self.world)
        session = new_session(self.request, backend, self.settings, self.world)
        plan = plan_turn(self.request, session, backend, self.settings, self.world)
        if not self.request.ephemeral:
            try:
                lock = self._lock(store, session.id)
                recorded = self._recorder(session, lock, store, is_new=True)
                return plan, self._recorded(recorded, plan)
            except StoreError as error:
                self.notes.append(f"this run is not recorded: {error.message}")
        unrecorded = Unrecorded(session, self.world)
        unrecorded.start(plan)
        return plan, unrecorded

    def _go_on(self, store: SessionStore, target: Session) -> tuple[TurnPlan, Recording]:
        """The next turn of a session, read again once nobody else can change it."""
        lock = self._lock(store, target.id)
        self._stop_orphan(lock)
        session = store.current(store.load(target.id))
        refuse_newer(session)
        backend = backend_for(self.request, session, self.settings, self.world)
        plan = plan_turn(
            self.request,
            session,
            backend,
            self.settings,
            self.world,
            past=lambda: store.transcript(session.id).turns,
        )
        self._say_where(session)
        self._say_damaged(store)
        if session.archived:
            self.notes.append(f"session {session.id} was archived; it is back in the list")
        return plan, self._recorded(self._recorder(session, lock, store, is_new=False), plan)

    def _recorder(
        self, session: Session, lock: HeldLock, store: SessionStore, *, is_new: bool
    ) -> Recorded:
        kept = discretion_of(self.settings)
        return self.recorder(session, lock, store, self.world, is_new=is_new, discretion=kept)

    def _recorded(self, recorded: Recorded, plan: TurnPlan) -> Recorded:
        self.held.enter_context(recorded)
        recorded.start(plan)
        return recorded

    def _lock_name(self, store: SessionStore) -> HeldLock | None:
        """Hold the name; in a home that cannot be written there is nothing to hold."""
        if self.request.name is None:
            return None
        try:
            lock = store.lock_name(
                self.request.name,
                holder_of(self.world),
                wait_s=NAME_LOCK_WAIT_S,
                sleep=self.world.sleep,
            )
        except StoreError:
            return None
        return self.held.enter_context(lock)

    def _say_damaged(self, store: SessionStore) -> None:
        """The most recent session may be one whose record cannot be read."""
        if self.request.pick is not Pick.NEW:
            for record in store.select(Selection(), limit=1).damaged:
                self.notes.append(f"passed by a record that is damaged: {record.path}")

    def _lock(self, store: SessionStore, session_id: str) -> HeldLock:
        lock = store.lock(session_id, holder_of(self.world), wait_s=0.0, sleep=self.world.sleep)
        return self.held.enter_context(lock)

    def _stop_orphan(self, lock: HeldLock) -> None:
        """End the agent of a run that was killed: two must not share a conversation.

        The process is one of ours, told from a later one of the same number by its start.
        """
        before = lock.previous
        if before is None or before.host != self.world.hostname:
            return
        pid, identity = before.child_pid, before.child_identity
        if pid is None or identity is None or not orphans.is_alive(pid, identity):
            return
        self.notes.append(f"stopped the agent that a killed run had left behind (process {pid})")
        orphans.stop_group(pid, identity, ORPHAN_GRACE_S)

    def _say_where(self, session: Session) -> None:
        """Say so when `-c` goes on with a session of another directory than the one stood in."""
        directory = standing(self.request, self.world)
        scope = scope_of(directory)
        if self.request.pick is Pick.CONTINUE and not stands_in(session.cwd, scope):
            where = f"going on with session {session.id} of another directory: {session.cwd}"
            self.notes.append(where)
