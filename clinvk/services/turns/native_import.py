"""Imports the turns of an agent's interactive screen from the agent's files.

A turn without a prompt is written before the screen opens: if clinvk is killed meanwhile, the
session shows it as interrupted. Afterwards each new turn in the agent's files is recorded.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from clinvk.agents.base import Backend
from clinvk.model.conversation import TurnMode
from clinvk.model.events import Warned
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.files import FileReport
from clinvk.model.native import NativeTurn
from clinvk.model.outcome import Outcome, StopReason
from clinvk.model.session import TitleSource
from clinvk.services.sessions.known_conversation import conversation_files_of
from clinvk.services.turns.plan import TurnPlan
from clinvk.services.turns.record import Recording
from clinvk.services.turns.titles import with_agents_title
from clinvk.services.world import World
from clinvk.store.agent_files.conversations import conversation_lines, first_lines
from clinvk.text.title import UNTITLED, title_from_prompt


class ScreenEnd(Struct, frozen=True, kw_only=True):
    """How the screen ended, and what changed on disk while it was open.

    `stopped` is as in `ForegroundEnd`.
    """

    exit_code: int
    duration_s: float
    files: tuple[FileReport, ...] = ()
    stopped: bool = False


class ScreenRecording(Recording):
    """The recording of an interactive screen: any number of turns, known after its end."""

    interactive = True

    def start(self, plan: TurnPlan) -> None:
        """Start like any turn; the plan is kept for the turns to come."""
        self._plan = plan
        self._notes = plan.warnings
        super().start(plan)

    def no_turns(self) -> None:
        """No turn took place: restore the session, or discard a new one."""
        if self._is_new:
            self._store.discard(self._before.id)
            self.session_id = None
        else:
            self.void("there was no turn in the interactive screen")

    def import_turns(
        self, turns: Sequence[NativeTurn], conversation: str | None, end: ScreenEnd
    ) -> None:
        """Record the turns (at least one); the last one gets the changed files."""
        without_files = replace(end, files=())
        for turn, following in pairwise(turns):
            # An unfinished turn ended at the latest when the next one started.
            ended = replace(turn, ended_at=turn.ended_at or following.started_at)
            self._record(ended, conversation, without_files)
        self._record(turns[-1], conversation, end)
        self._name(turns[0].prompt)
        session, transcript = self.session, self._transcript
        self._try(lambda: self._save(session))
        if transcript is not None:
            self._try(lambda: transcript.session(self.session))

    def _record(self, turn: NativeTurn, conversation: str | None, end: ScreenEnd) -> None:
        self._begin(turn, conversation)
        self._end(turn, conversation, end)

    def _begin(self, turn: NativeTurn, conversation: str | None) -> None:
        at = turn.started_at or self._world.now()
        if self.session.open_turn is None:
            self.session = self.session.turn_started(at=at)
        request, transcript, number = self._plan.request, self._transcript, self._turn
        if transcript is None:
            return
        resumes = self.session.turns > 0 and self._plan.conversation_origin is None
        self._try(
            lambda: transcript.turn_started(
                turn=number,
                at=at,
                backend=self._plan.backend.name,
                prompt=self._policy.prompt(turn.prompt),
                cwd=str(request.cwd),
                model=request.model,
                access=request.access,
                conversation=conversation,
                mode=TurnMode.RESUME if resumes else request.mode,
                interactive=True,
                conversation_origin=self._plan.conversation_origin,
            )
        )
        for note in self._notes:
            self.event(Warned(message=note, code="clinvk"))
        # They apply to the first turn; later ones continue the conversation that it started.
        self._plan, self._notes = replace(self._plan, conversation_origin=None), ()

    def _end(self, turn: NativeTurn, conversation: str | None, end: ScreenEnd) -> None:
        at = turn.ended_at or self._world.now()
        self.session = self._close_turn(_outcome(turn, conversation, end), at)

    def _name(self, prompt: str) -> None:
        """Set the title of an untitled session, or the agent's title if there is one."""
        if not self._policy.content:
            return
        untitled = self.session.title == UNTITLED
        if untitled and self.session.title_source is TitleSource.PROMPT:
            self.session = replace(self.session, title=title_from_prompt(prompt))
        self.session = with_agents_title(self.session, self._world)


def unseen_turn(started_at: datetime) -> NativeTurn:
    """The turn for a screen whose agent has no files that we can read."""
    return NativeTurn(id="", prompt="", started_at=started_at)


def native_turns(
    backend: Backend, conversation: str | None, world: World
) -> tuple[NativeTurn, ...] | None:
    """The turns of the conversation in the agent's files; None if they are unknown.

    A conversation without a file has no turns yet.
    """
    native = backend.native()
    if native is None or conversation is None:
        return None
    where = conversation_files_of(backend, conversation, world)
    if where is None:
        return None
    files = conversation_lines(where)
    if files is None:
        return None
    return tuple(turn for lines in files for turn in native.turns(lines))


def started_since(
    backend: Backend, cwd: Path, since: datetime, world: World
) -> Sequence[str] | None:
    """The ids of the conversations that the agent started in that directory since then.

    None if that is unknown.
    """
    native = backend.native()
    where = backend.all_conversations(world.user_home, world.environ)
    if native is None or where is None:
        return None
    heads = map(native.conversation_start, first_lines(where, since=since.timestamp()))
    return [head.id for head in heads if head and head.started_at >= since and head.cwd == str(cwd)]


def new_turns(
    before: Iterable[NativeTurn] | None, after: Sequence[NativeTurn] | None
) -> Sequence[NativeTurn] | None:
    """The turns in `after` but not in `before`; None if that is unknown."""
    if before is None or after is None:
        return None
    known = {turn.id for turn in before}
    return [turn for turn in after if turn.id not in known]


def _outcome(turn: NativeTurn, conversation: str | None, end: ScreenEnd) -> Outcome:
    failure = None
    if turn.failed:
        message = turn.text or "the agent failed without a reason"
        failure = Failure(code=FailureCode.AGENT_FAILED, message=message)
    stop_reason = StopReason.CANCELLED if turn.interrupted else StopReason.END_TURN
    return Outcome(
        text="" if turn.failed else turn.text,
        stop_reason=StopReason.ERROR if turn.failed else stop_reason,
        usage=turn.usage,
        cost_usd=turn.cost_usd,
        failure=failure,
        backend_session_id=conversation,
        model=turn.model,
        counters=turn.counters,
        exit_code=end.exit_code,
        duration_s=_duration(turn, end),
        files=end.files,
    )


def _duration(turn: NativeTurn, end: ScreenEnd) -> float:
    """The duration of the turn, or of the screen if that is unknown."""
    if turn.started_at is None or turn.ended_at is None:
        return end.duration_s
    return max((turn.ended_at - turn.started_at).total_seconds(), 0.0)
