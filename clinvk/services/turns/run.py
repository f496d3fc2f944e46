"""How one prompt travels: one child process from its start to the report.

`Turn._travel` is the order in which nothing is lost. The child's lines become events; each event is
recorded first and shown second.
"""

from collections.abc import Callable, Mapping
from signal import Signals
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from clinvk.agents.base import Capability, Parser, Reply
from clinvk.errors import BackendStartError
from clinvk.model.events import Change, Event, Failed, Init, Result, Warned
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.files import merged_files
from clinvk.model.outcome import Outcome, StopReason
from clinvk.model.report import RunReport, TurnStart
from clinvk.process.ending import Ending, EndReason
from clinvk.process.runner import Child, start
from clinvk.process.signals import SignalInbox
from clinvk.services.turns.accumulate import TurnAccumulator, shows_work
from clinvk.services.turns.counters import with_own_figures
from clinvk.services.turns.outcome import (
    cut_lines_notice,
    incomplete_answer_notice,
    judge,
    suggests_other_version,
    with_cut_lines,
)
from clinvk.services.turns.plan import TurnPlan
from clinvk.services.turns.record import Recording
from clinvk.services.turns.report import report_of, turn_start
from clinvk.services.turns.same_conversation import SameConversation
from clinvk.services.world import World

if TYPE_CHECKING:  # loaded only once the agent is on its way
    from clinvk.services.files.observe import FileWatch


class Observer(Protocol):
    """Who watches a run as it happens."""

    def started(self, turn: TurnStart) -> None:
        """The turn begins."""

    def event(self, event: Event) -> None:
        """The agent, or clinvk, said something."""


Attend = Callable[[], bool]
"""Keeps the limits of the run for an observer that waits; false: there is nothing to wait for."""


def nobody_waits(attend: Attend) -> None:
    """For an observer that takes whatever it is told at once."""
    del attend


class Turn:
    """A planned turn on its way.

    An observer that may have to wait for a reader of its own gives `attended`: it is told what to
    call every now and then meanwhile.
    """

    def __init__(
        self,
        plan: TurnPlan,
        recording: Recording,
        world: World,
        observer: Observer,
        attended: Callable[[Attend], None] = nobody_waits,
    ) -> None:
        self._plan = plan
        self._recording = recording
        self._world = world
        self._observer = observer
        self._attended = attended
        self._collected = TurnAccumulator()
        self._same = SameConversation(plan.backend, plan.request, kept=plan.kept)
        self._unsaid: Failed | None = None
        self._watch: FileWatch | None = None
        self._begun = False

    def run(self, signals: SignalInbox) -> RunReport:
        """Take the prompt to the agent, see the turn to its end, and report.

        A turn that has begun is closed in the record whatever happens, also when the observer
        fails. Raises `StoreError` where its beginning cannot be recorded: the agent is ended before
        it has the prompt, and the session is as it was.
        """
        ending = _BROKEN_OFF
        try:
            ending = self._travel(signals)
            if self._is_gone(self._collected.result) and self._plan.instead is not None:
                self._begin_instead(self._plan.instead())
                ending = self._travel(signals)
            self._look_again(ending, signals)
        except BackendStartError as error:
            self._begin()
            failure = Failure(code=FailureCode.NOT_STARTED, message=error.message, hint=error.hint)
            self._collected.result = Outcome(stop_reason=StopReason.ERROR, failure=failure)
            ending = replace(ending, reason=EndReason.EXITED, signal=None)
        finally:
            result = self._end(ending)
        if reason := self._recording.error():
            lost = f"not fully recorded: {reason}"
            self._tell(Warned(message=lost, code="clinvk", unrecorded=True))
        outcome = replace(result, warnings=self._collected.all_warnings)
        return report_of(self._plan, self._recording, self._collected, outcome, ending)

    def _travel(self, signals: SignalInbox) -> Ending:
        """One prompt's way, in the order in which nothing is lost; how the agent ended.

        An agent takes 70 ms and more to be ready for its prompt, so it is started first and our own
        work is done meanwhile. It can do nothing yet: if we are killed before the prompt is sent,
        it finds the end of its stdin and leaves.
        """
        plan, began_at = self._plan, self._world.now().timestamp()
        if not plan.invocation.stdin:  # in argv or a file, which the agent reads at once
            self._begin()
        with start(
            plan.invocation,
            environ=self._world.environ,
            limits=plan.limits,
            signals=signals,
            clock=self._world.monotonic,
            on_quiet=self._recording.quiet,
        ) as child:
            self._attended(child.attend)
            self._recording.note_agent(child.pid, child.identity)
            self._watch_files(began_at)
            parser = plan.backend.parser(plan.request)
            self._begin()
            if self._watch is not None:
                self._watch.wait()
            child.send_prompt()
            self._listen(child, parser)
            ending = child.ending
        if ending.cut_lines:
            self._tell(Warned(message=cut_lines_notice(ending), code="clinvk"))
        if self._collected.result is None:
            for event in parser.finish(ending.exit_code, ending.stderr_tail):
                self._tell(with_cut_lines(event, ending))
        return ending

    def _begin(self) -> None:
        """Put "turn started" on disk, then the record, then say so; a second time does nothing."""
        if self._begun:
            return
        self._recording.start(self._plan)
        self._begun = True
        self._observer.started(turn_start(self._plan, self._recording))
        if note := self._recording.unrecorded:
            self._tell(Warned(message=note, code="clinvk", unrecorded=True))
        for warning in self._plan.warnings:
            self._tell(Warned(message=warning, code="clinvk"))

    def _listen(self, child: Child, parser: Parser) -> None:
        """Hear the child out: events are told, replies are written to it."""
        for line in child.lines():
            said = parser.feed(line)
            del line  # it may have ten megabytes, and what follows makes copies of its own
            for one in said:
                if isinstance(one, Reply):
                    child.reply(one.data)
                else:
                    self._tell(one)
            if self._same.other is not None:
                child.refuse()  # it would work on what it knows nothing of
            elif self._collected.result is not None or parser.settled:
                child.settled()
            else:
                child.unsettled()

    def _end(self, ending: Ending) -> Outcome:
        """Close the turn, if it has begun; its result."""
        result = judge(self._collected, ending)
        if not self._begun:
            return result
        backend, request = self._plan.backend, self._plan.request
        result = with_own_figures(result, backend, request, ending, self._world)
        self._compare_files()
        result = replace(result, files=tuple(self._collected.files.values()))
        if self._is_gone(result):
            self._recording.void(FailureCode.CONVERSATION_GONE.value)
        else:
            self._recording.finish(result)
        return result

    @property
    def _unnamed(self) -> bool:
        """Whether a conversation was begun whose id nobody knows, although it could be resumed."""
        result = self._collected.result
        told = self._collected.init or (result and result.backend_session_id)
        recorded = self._recording.session_id is not None
        can_resume = Capability.RESUME not in self._plan.backend.lacks
        known = self._recording.session.conversation.id is not None
        return recorded and can_resume and not known and not told

    def _is_gone(self, result: Outcome | None) -> bool:
        """Whether the agent has lost the conversation, and nothing was done in another one."""
        failure = result.failure if result else None
        gone = failure is not None and failure.code is FailureCode.CONVERSATION_GONE
        return gone and not self._collected.worked

    def _look_again(self, ending: Ending, signals: SignalInbox) -> None:
        """Say what only shows once the agent is done: a version too old, an answer that lacks."""
        result = judge(self._collected, ending)
        if self._collected.init is None and suggests_other_version(result, ending):
            from clinvk.services.turns.too_old import failure_by_version

            why = failure_by_version(result, self._plan, self._world, signals)
            if why is not None:
                self._tell(Failed(failure=why))
                self._collected.result = replace(result, failure=why)
        if result.failure is None and self._unnamed:
            self._tell(Warned(message=_UNNAMED, code="clinvk"))
        if notice := incomplete_answer_notice(result, self._collected):
            self._tell(Warned(message=notice, code="answer"))

    def _begin_instead(self, plan: TurnPlan) -> None:
        """Go on with a plan for another conversation: of the first attempt nothing is left."""
        self._recording.start_again(plan)
        told = [warning for warning in plan.warnings if warning not in self._plan.warnings]
        self._plan = plan
        self._collected = TurnAccumulator(warnings=self._collected.warnings)
        self._same = SameConversation(plan.backend, plan.request, kept=plan.kept)
        self._unsaid = None
        self._observer.started(turn_start(plan, self._recording))
        for warning in told:
            self._tell(Warned(message=warning, code="clinvk"))

    def _tell(self, event: Event) -> None:
        worked = self._collected.worked or shows_work(event)
        if isinstance(event, Init):
            if note := self._same.note(event):
                self._pass_on(Warned(message=note, code="clinvk"))
            if self._same.other is not None:
                return  # the session keeps the conversation that it has
        elif isinstance(event, Failed):
            event = self._same.failed(event, worked=worked)
            if self._plan.instead is not None and _says_gone(event):
                self._unsaid = event  # what is done about it is said in its place
                return
        elif isinstance(event, Result):
            event = self._same.result(event, worked=worked)
            if self._unsaid is not None and (worked or event.failure is None):
                self._pass_on(self._same.failed(self._unsaid, worked=worked))
        self._pass_on(event, worked=worked)

    def _pass_on(self, event: Event, *, worked: bool = False) -> None:
        event = self._timed(event)
        self._collected.add(event)
        self._collected.worked = self._collected.worked or worked
        if not isinstance(event, Result):
            self._recording.event(event)
            self._observer.event(event)

    def _timed(self, event: Event) -> Event:
        """The event with the moment at which to try again, where its failure tells of it."""
        failure = event.failure if isinstance(event, Failed | Result) else None
        if isinstance(event, Failed | Result) and failure and failure.wait is not None:
            return replace(event, failure=failure.timed(self._world.now().astimezone()))
        return event

    def _watch_files(self, began_at: float) -> None:
        """Begin to look at the work tree; once, also if a first attempt did nothing."""
        if self._watch is None:
            from clinvk.services.files.observe import watch_files

            self._watch = watch_files(self._plan.invocation.cwd, self._world, began_at=began_at)

    def _compare_files(self) -> None:
        """Add what was seen on disk to what the agent said; not shown, so that nothing raises."""
        observed: Mapping[str, Change] = {}
        if self._watch is not None:
            seen = self._watch.compare()
            observed = seen.changes
            if seen.error is not None:
                note = Warned(message=seen.error, code="clinvk")
                self._collected.add(note)
                self._recording.event(note)
        cwd = str(self._plan.invocation.cwd)
        merged = merged_files(self._collected.files.values(), observed, cwd)
        self._collected.files = {file.path: file for file in merged}


_UNNAMED = (
    "the agent never named its conversation: the session can only be continued with `--if-missing`"
)

_BROKEN_OFF = Ending(
    reason=EndReason.CANCELLED,
    exit_code=None,
    signal=Signals.SIGTERM,
    stderr_tail="",
    duration_s=0.0,
)
"""The ending that stands while there is no other: something of ours broke the turn off."""


def _says_gone(event: Event) -> bool:
    return isinstance(event, Failed) and event.failure.code is FailureCode.CONVERSATION_GONE
