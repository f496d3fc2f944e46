"""What was said in an agent's own screen, taken over into our record from the agent's files.

The turn is on disk as begun before the screen opens, without a prompt: if clinvk dies meanwhile,
the session shows it as interrupted. Afterwards it is told again for each turn that the agent's
files have and had not before.
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
    """The recording of an agent's own screen: any number of turns, known only when it is over."""

    interactive = True

    def start(self, plan: TurnPlan) -> None:
        """As for any turn; the plan is what later turns are told with."""
        self._plan = plan
        self._notes = plan.warnings
        super().start(plan)

    def nothing_said(self) -> None:
        """No turn took place: the session is as it was before, and a new one never was."""
        if self._is_new:
            self._store.discard(self._before.id)
            self.session_id = None
        else:
            self.void("nothing was said in the agent's own screen")

    def take_over(
        self, turns: Sequence[NativeTurn], conversation: str | None, end: ScreenEnd
    ) -> None:
        """Record the turns, of which there is at least one; the last has what changed on disk."""
        without_files = replace(end, files=())
        for turn, following in pairwise(turns):
            # What was never finished ended at the latest when the next one began.
            over = replace(turn, ended_at=turn.ended_at or following.started_at)
            self._record(over, conversation, without_files)
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
        resumes = self.session.turns > 0 and self._plan.afresh is None
        self._try(
            lambda: transcript.turn_started(
                turn=number,
                at=at,
                backend=self._plan.backend.name,
                prompt=self._discretion.prompt(turn.prompt),
                cwd=str(request.cwd),
                model=request.model,
                access=request.access,
                conversation=conversation,
                mode=TurnMode.RESUME if resumes else request.mode,
                interactive=True,
                afresh=self._plan.afresh,
            )
        )
        for note in self._notes:
            self.event(Warned(message=note, code="clinvk"))
        # They are of the first turn; those after it go on with the conversation that it began.
        self._plan, self._notes = replace(self._plan, afresh=None), ()

    def _end(self, turn: NativeTurn, conversation: str | None, end: ScreenEnd) -> None:
        at = turn.ended_at or self._world.now()
        self.session = self._close_turn(_outcome(turn, conversation, end), at)

    def _name(self, prompt: str) -> None:
        """A title for a session that had none, and the agent's own where it made one."""
        if not self._discretion.words:
            return
        untitled = self.session.title == UNTITLED
        if untitled and self.session.title_source is TitleSource.PROMPT:
            self.session = replace(self.session, title=title_from_prompt(prompt))
        self.session = with_agents_title(self.session, self._world)


def unseen_turn(started_at: datetime) -> NativeTurn:
    """What is known of a screen whose agent keeps nothing that we can read."""
    return NativeTurn(id="", prompt="", started_at=started_at)


def native_turns(
    backend: Backend, conversation: str | None, world: World
) -> tuple[NativeTurn, ...] | None:
    """The turns that the agent's files have of the conversation; None if that cannot be told.

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


def begun_since(backend: Backend, cwd: Path, since: datetime, world: World) -> Sequence[str] | None:
    """The ids of the conversations that the agent began in that directory since then.

    None if that cannot be told.
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
    """The turns that were not there before; None if that cannot be told."""
    if before is None or after is None:
        return None
    known = {turn.id for turn in before}
    return [turn for turn in after if turn.id not in known]


def _outcome(turn: NativeTurn, conversation: str | None, end: ScreenEnd) -> Outcome:
    failure = None
    if turn.failed:
        said = turn.text or "the agent failed and did not say why"
        failure = Failure(code=FailureCode.AGENT_FAILED, message=said)
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
    """The turn's own, or the screen's where nothing else is known."""
    if turn.started_at is None or turn.ended_at is None:
        return end.duration_s
    return max((turn.ended_at - turn.started_at).total_seconds(), 0.0)
