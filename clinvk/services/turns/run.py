"""One child process from its start to the report.

Its lines become events; each event is recorded first and shown second.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from signal import Signals
from typing import TYPE_CHECKING, Protocol

from clinvk.agents.base import Capability
from clinvk.errors import BackendStartError
from clinvk.model.events import Change, Event, Failed, Init, Result, Warned
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.files import merged_files
from clinvk.model.outcome import Outcome, StopReason
from clinvk.model.report import ErrorReport, RunReport, TurnStart
from clinvk.model.session import Status
from clinvk.process.ending import Ending, EndReason
from clinvk.process.runner import start
from clinvk.process.signals import SignalInbox
from clinvk.services.turns.accumulate import Heard, shows_work
from clinvk.services.turns.counters import with_own_figures
from clinvk.services.turns.outcome import (
    cut_lines_notice,
    exit_status,
    judge,
    notice_of_answer,
    speaks_otherwise,
    told_of_cut_lines,
)
from clinvk.services.turns.plan import TurnPlan
from clinvk.services.turns.record import Recording
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
"""Keeps the limits of the run for whoever waits; false when there is nothing to wait for."""


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
        self._heard = Heard()
        self._same = SameConversation(plan.backend, plan.request, kept=plan.kept)
        self._unsaid: Failed | None = None
        self._watch: FileWatch | None = None

    def conduct(self, signals: SignalInbox) -> RunReport:
        """Start the child that the plan says, see it to its end, and report.

        The turn is closed in the record whatever happens in between, also when the observer fails.
        """
        ending = _BROKEN_OFF
        try:
            self._observer.started(_turn_start(self._plan, self._recording))
            if note := self._recording.unrecorded:
                self._tell(Warned(message=note, code="clinvk", unrecorded=True))
            for warning in self._plan.warnings:
                self._tell(Warned(message=warning, code="clinvk"))
            ending = self._converse(signals)
            if self._is_gone(self._heard.result) and self._plan.instead is not None:
                self._begin_instead(self._plan.instead())
                ending = self._converse(signals)
            self._look_again(ending, signals)
        except BackendStartError as error:
            failure = Failure(code=FailureCode.NOT_STARTED, message=error.message, hint=error.hint)
            self._heard.result = Outcome(stop_reason=StopReason.ERROR, failure=failure)
            ending = replace(ending, reason=EndReason.EXITED, signal=None)
        finally:
            result = judge(self._heard, ending)
            plan = self._plan
            result = with_own_figures(result, plan.backend, plan.request, ending, self._world)
            self._compare_files()
            result = replace(result, files=tuple(self._heard.files.values()))
            self._close(result)
        if trouble := self._recording.trouble():
            lost = f"not fully recorded: {trouble}"
            self._tell(Warned(message=lost, code="clinvk", unrecorded=True))
        outcome = replace(result, warnings=self._heard.all_warnings)
        return _report(self._plan, self._recording, self._heard, outcome, ending)

    def _converse(self, signals: SignalInbox) -> Ending:
        plan = self._plan
        began_at = self._world.now().timestamp()
        parser = plan.backend.parser(plan.request)
        with start(
            plan.invocation,
            environ=self._world.environ,
            limits=plan.limits,
            signals=signals,
            clock=self._world.monotonic,
            on_quiet=self._recording.quiet,
        ) as child:
            self._attended(child.attend)
            self._recording.child_started(child)
            self._watch_files(began_at)
            for line in child.lines():
                events = parser.feed(line)
                del line  # it may have ten megabytes, and what follows makes copies of its own
                for event in events:
                    self._tell(event)
                if self._same.other is not None:
                    child.refuse()  # it would work on what it knows nothing of
                elif self._heard.result is not None or parser.settled:
                    child.settled()
                else:
                    child.unsettled()
            ending = child.ending
        if ending.cut_lines:
            self._tell(Warned(message=cut_lines_notice(ending), code="clinvk"))
        if self._heard.result is None:
            for event in parser.finish(ending.exit_code, ending.stderr_tail):
                self._tell(told_of_cut_lines(event, ending))
        return ending

    @property
    def _unnamed(self) -> bool:
        """Whether a conversation was begun whose id nobody knows, although it could be resumed."""
        result = self._heard.result
        told = self._heard.init or (result and result.backend_session_id)
        recorded = self._recording.session_id is not None
        can_resume = Capability.RESUME not in self._plan.backend.lacks
        known = self._recording.session.conversation is not None
        return recorded and can_resume and not known and not told

    def _is_gone(self, result: Outcome | None) -> bool:
        """Whether the agent has lost the conversation, and nothing was done in another one."""
        failure = result.failure if result else None
        gone = failure is not None and failure.code is FailureCode.CONVERSATION_GONE
        return gone and not self._heard.worked

    def _look_again(self, ending: Ending, signals: SignalInbox) -> None:
        """Say what only shows once the agent is done: a version too old, an answer that lacks."""
        result = judge(self._heard, ending)
        if self._heard.init is None and speaks_otherwise(result, ending):
            from clinvk.services.turns.too_old import failure_by_version

            why = failure_by_version(result, self._plan, self._world, signals)
            if why is not None:
                self._tell(Failed(failure=why))
                self._heard.result = replace(result, failure=why)
        if result.failure is None and self._unnamed:
            self._tell(Warned(message=_UNNAMED, code="clinvk"))
        if notice := notice_of_answer(result, self._heard):
            self._tell(Warned(message=notice, code="answer"))

    def _begin_instead(self, plan: TurnPlan) -> None:
        """Go on with a plan for another conversation: of the first attempt nothing is left."""
        self._recording.start_again(plan)
        told = [warning for warning in plan.warnings if warning not in self._plan.warnings]
        self._plan = plan
        self._heard = Heard(warnings=self._heard.warnings)
        self._same, self._unsaid = (
            SameConversation(plan.backend, plan.request, kept=plan.kept),
            None,
        )
        self._observer.started(_turn_start(plan, self._recording))
        for warning in told:
            self._tell(Warned(message=warning, code="clinvk"))

    def _tell(self, event: Event) -> None:
        worked = self._heard.worked or shows_work(event)
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
        self._heard.hear(event)
        self._heard.worked = self._heard.worked or worked
        if not isinstance(event, Result):
            self._recording.event(event)
            self._observer.event(event)

    def _timed(self, event: Event) -> Event:
        """The event with the moment at which to try again, where its failure tells of it."""
        now = self._world.now
        if isinstance(event, Failed) and event.failure.wait is not None:
            return replace(event, failure=event.failure.timed(now().astimezone()))
        if isinstance(event, Result) and event.failure and event.failure.wait is not None:
            return replace(event, failure=event.failure.timed(now().astimezone()))
        return event

    def _watch_files(self, began_at: float) -> None:
        """Look at the work tree while the agent starts up: its prompt has not been sent yet."""
        if self._watch is not None:  # it has looked before an attempt that did nothing
            return
        from clinvk.services.files.observe import HEAD_START_S, watch_files

        self._watch = watch_files(self._plan.invocation.cwd, self._world, began_at=began_at)
        if self._watch is not None:
            self._watch.wait(HEAD_START_S)

    def _compare_files(self) -> None:
        """Add what was seen on disk to what the agent said; not shown, so that nothing raises."""
        observed: Mapping[str, Change] = {}
        if self._watch is not None:
            seen = self._watch.compare()
            observed = seen.changes
            if seen.trouble is not None:
                note = Warned(message=seen.trouble, code="clinvk")
                self._heard.hear(note)
                self._recording.event(note)
        cwd = str(self._plan.invocation.cwd)
        merged = merged_files(self._heard.files.values(), observed, cwd)
        self._heard.files = {file.path: file for file in merged}

    def _close(self, result: Outcome) -> None:
        if self._is_gone(result):
            self._recording.void(FailureCode.CONVERSATION_GONE.value)
        else:
            self._recording.finish(result)


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


def _turn_start(plan: TurnPlan, recording: Recording) -> TurnStart:
    session = recording.session
    return TurnStart(
        session_id=recording.session_id,
        title=session.title,
        backend=plan.backend.name,
        model=plan.request.model,
        cwd=str(plan.invocation.cwd),
        turn=session.open_turn.number if session.open_turn else session.next_turn,
        resumed=plan.request.resume,
    )


def _report(
    plan: TurnPlan, recording: Recording, heard: Heard, outcome: Outcome, ending: Ending
) -> RunReport:
    session = recording.session
    return RunReport(
        exit_status=exit_status(outcome, ending),
        session_id=recording.session_id,
        name=session.name,
        title=session.title,
        backend=plan.backend.name,
        backend_session_id=session.conversation,
        model=outcome.model or (heard.init and heard.init.model) or session.model,
        cwd=str(plan.invocation.cwd),
        turn=session.turns,
        resumed=plan.request.resume,
        status=Status.ERROR if outcome.failure else Status.ACTIVE,
        outcome=outcome,
        error=_error(outcome.failure, recording) if outcome.failure else None,
    )


def _error(failure: Failure, recording: Recording) -> ErrorReport:
    """The failure; one that nobody can say more of at least leads to the agent's last words."""
    if failure.way_out is None and failure.detail and recording.keeps_words:
        shown = f"clinvk sessions show {recording.session_id} --turn {recording.session.turns}"
        failure = replace(failure, hint=f"`{shown}` has the agent's last words")
    return ErrorReport.of_failure(failure)
