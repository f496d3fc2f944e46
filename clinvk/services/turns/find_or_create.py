"""Prepares a turn from a request: finds or creates the session, locks it and plans the turn."""

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from clinvk.agents.base import Backend
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
from clinvk.services.session_locks import agent_left, claim_of
from clinvk.services.sessions.known_conversation import conversation_files_of
from clinvk.services.turns.find_target import find_target, other_directory_note
from clinvk.services.turns.history import refuse_newer
from clinvk.services.turns.new_session import new_session
from clinvk.services.turns.plan import TurnPlan, backend_for, plan_turn
from clinvk.services.turns.record import Recording, cannot_save, not_recorded
from clinvk.services.turns.recording_policy import recording_policy
from clinvk.services.world import World
from clinvk.store.agent_files.conversations import paths_with_content
from clinvk.store.locks import Claim, HeldLock, Holder
from clinvk.store.sessions.selection import Selection
from clinvk.store.sessions.store import SessionStore
from clinvk.text.summary import summed_up
from clinvk.text.units import CLOCKS_AGREE, format_time

NAME_LOCK_WAIT_S = 30.0
ORPHAN_GRACE_S = 3.0
_LONGEST_WAIT_S = 120.0
"""A later time is that of a clock that was set back: nothing happens until then."""


def _ignore(_: str) -> None:
    """Do nothing."""


class Opening(Struct, frozen=True):
    """Finds or creates the session, locks it and plans the turn.

    Nothing is written or started here: `Recording.start` and the runner do that.

    `held` releases the locks. `sleep` is used to wait; its exceptions are passed on. `waiting`
    gets a message while waiting for a busy session. `notes` collects messages for the user,
    `recorder` is the class of the recording.
    """

    request: RunRequest
    world: World
    settings: Settings
    held: ExitStack
    recorder: type[Recording] = Recording
    sleep: Callable[[float], None] | None = None
    waiting: Callable[[str], None] = _ignore
    notes: list[str] = field(default_factory=list)

    def open(self) -> tuple[TurnPlan, Recording]:
        """Continue the session that the request means, or start a new one.

        A name is locked while its session is looked up or created, so that two concurrent runs
        create one session. It is released after a new record is written, and before waiting for a
        busy session; then the name is looked up again.
        """
        store = SessionStore(self.world.home)
        while True:
            name_lock = self._lock_name(store)
            target = find_target(self.request, store, self.settings, self.world, self.notes.append)
            if target is None:
                return self._new(store, name_lock)
            if name_lock is not None:
                name_lock.release()
            if (opened := self._continue(store, target)) is not None:
                return opened

    def _new(self, store: SessionStore, name_lock: HeldLock | None) -> tuple[TurnPlan, Recording]:
        """A new session. If the home cannot be written, the turn runs without a record.

        With a name this is an error: the next run with that name could not continue the session.
        """
        backend = backend_for(self.request, None, self.settings, self.world)
        if self.request.name is not None:
            refuse_id_like(self.request.name, self.world.agents.names)
        session = new_session(self.request, backend, self.settings, self.world)
        plan = plan_turn(self.request, session, backend, self.settings, self.world)
        if self.request.name is not None and self.request.can_ask:  # a person reads it
            plan = replace(plan, created=_created(store, self.request.name))
        lock, unrecorded = None, None
        if not self.request.ephemeral:
            try:
                lock = self.held.enter_context(store.lock(session.id, self._claim()))
            except StoreError as error:
                if self.request.name is not None:
                    raise cannot_save(self.request.name, error) from error
                unrecorded = not_recorded(error)
        recording = self._recording(
            session, lock, store, is_new=True, unrecorded=unrecorded, name_lock=name_lock
        )
        return plan, recording

    def _continue(self, store: SessionStore, target: Session) -> tuple[TurnPlan, Recording] | None:
        """The next turn of a session, which is read again after it was locked.

        None if the requested name no longer means this session.
        """
        lock = self._lock(store, target.id)
        if lock.previous is not None:
            self._refuse_before_stopping(store, target, lock)
            self._stop_left_agent(lock, lock.previous)
            store.sweep(target.id, self.world.sleep)
            sweep_left(now_s=self.world.now().timestamp())
        session = self._still_meant(store, target, lock)
        if session is None:
            return None
        plan = self._planned(store, session)
        self._wait_for_agent(plan)
        if note := other_directory_note(self.request, session, plan.invocation.cwd, self.world):
            self.notes.append(note)
        self._note_damaged(store)
        self._note_future_date(session)
        if session.archived:
            self.notes.append(f"session {session.id} was archived, and is now restored to the list")
        return plan, self._recording(session, lock, store, is_new=False)

    def _planned(self, store: SessionStore, session: Session) -> TurnPlan:
        """The plan of the session's next turn; raises if it is impossible."""
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
        """Raise for an impossible turn before the agent of a killed run is stopped for it.

        That agent continues, and the lock file still names it.
        """
        try:
            self._planned(store, store.reconciled(store.load(target.id)))
        except SessionNotFoundError:
            return  # it was deleted, which `_still_meant` reports
        except ClinvkError:
            lock.release(keep_text=True)
            raise

    def _still_meant(self, store: SessionStore, target: Session, lock: HeldLock) -> Session | None:
        """The current session, after it was locked.

        None if the requested name no longer means it. Raises if it was chosen by `-c` or `--last`
        and closed or archived meanwhile; no other session is used instead.
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
                hint=f"`clinvk resume {session.id}` continues it anyway",
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
        """Lock the name, if there is one."""
        if self.request.name is None:
            return None
        try:
            lock = store.lock_name(self.request.name, self._claim(NAME_LOCK_WAIT_S))
        except StoreError as error:
            raise cannot_save(self.request.name, error) from error
        return self.held.enter_context(lock)

    def _lock(self, store: SessionStore, session_id: str) -> HeldLock:
        """Lock the session, waiting for it as requested, and report the wait."""

        def say(busy: SessionBusyError) -> None:
            holder = busy.message.removeprefix("session is busy: ")
            self.waiting(f"waiting for session {session_id}: {holder}")

        claim = replace(self._claim(self.request.wait_s), waiting=say)
        return self.held.enter_context(store.lock(session_id, claim))

    def _wait_for_agent(self, plan: TurnPlan) -> None:
        """Wait until the agent can continue the conversation without damage to it."""
        turn, agent = plan.request, plan.backend
        if not turn.resume or turn.conversation is None or self.request.interactive:
            return
        at = agent.not_before(turn, _names_of_files(agent, turn.conversation, self.world))
        wait_s = 0.0 if at is None else (at - self.world.now()).total_seconds()
        if 0 < wait_s <= _LONGEST_WAIT_S:
            self.waiting(
                f"waiting {math.ceil(wait_s)} s: {agent.title} would lose the conversation now"
            )
            (self.sleep or self.world.sleep)(wait_s)

    def _note_damaged(self, store: SessionStore) -> None:
        """Note unreadable records: the most recent session may be one of them."""
        if self.request.pick is not Pick.NEW:
            sentences = summed_up(
                store.select(Selection(), limit=1).damaged,
                each=lambda record: f"skipped: {record.sentence}",
                name=lambda record: record.path,
                what="records that cannot be read were skipped",
                way_out="`clinvk doctor` shows how to fix it",
            )
            self.notes.extend(sentences)

    def _note_future_date(self, session: Session) -> None:
        """Note a session with a date in the future (after a clock was set back)."""
        if (
            self.request.pick is not Pick.NEW
            and session.last_used_at > self.world.now() + CLOCKS_AGREE
        ):
            used = format_time(session.last_used_at)
            self.notes.append(
                f"session {session.id} counts as the last one used: its date {used} is in the"
                " future; this turn corrects it"
            )

    def _stop_left_agent(self, lock: HeldLock, before: Holder) -> None:
        """Stop the agent of a killed run: two agents must not share a conversation.

        Raises `SessionBusyError` if it cannot be stopped. The process is identified by its number
        and its start time. A process on another machine cannot be stopped.
        """
        if before.child_pid is None or before.child_identity is None:
            return
        if before.host != self.world.hostname:
            self.notes.append(
                f"the previous run was cut off on `{before.host}`, where its agent may still work"
                f" (process {before.child_pid})"
            )
            return
        pid, identity = before.child_pid, before.child_identity
        if orphans.is_alive(pid, identity):
            if not orphans.stop_group(pid, identity, ORPHAN_GRACE_S):
                lock.release(keep_text=True)
                raise agent_left(pid, identity)
            note = f"stopped the agent that a killed run left behind (process {pid})"
            self.notes.append(note)


def _created(store: SessionStore, name: str) -> str:
    """That the name's session is new, with the nearest name that exists: it may be misspelt."""
    from difflib import get_close_matches

    named = store.select(Selection(named=True), limit=_MOST_NAMES).sessions
    close = get_close_matches(name, [one.session.name or "" for one in named], n=1)
    return f"new session `{name}`" + (f"; the nearest name is `{close[0]}`" if close else "")


_MOST_NAMES = 200
"""The last used ones; to read this number of records takes 20 ms."""


def _names_of_files(backend: Backend, conversation: str, world: World) -> Iterator[str]:
    """The names of the agent's files with the conversation, looked up on demand."""
    where = conversation_files_of(backend, conversation, world)
    if where is not None:
        yield from (path.name for path in paths_with_content(where))
