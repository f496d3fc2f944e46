"""One child process from its start to the report.

Its lines become events; each event is recorded first and shown second.
"""

from dataclasses import replace
from signal import Signals
from typing import Protocol

from clinvk.errors import BackendStartError
from clinvk.model.events import Event, Result, StopReason, Warned
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.report import ErrorReport, RunReport, TurnStart
from clinvk.model.session import Status
from clinvk.process.runner import Ending, EndReason, start
from clinvk.process.signals import SignalInbox
from clinvk.services.heard import Heard
from clinvk.services.plan import TurnPlan
from clinvk.services.recording import Recording
from clinvk.services.verdict import exit_status, judge
from clinvk.services.world import World


class Observer(Protocol):
    """Who watches a run as it happens."""

    def started(self, turn: TurnStart) -> None:
        """The turn begins."""

    def event(self, event: Event) -> None:
        """The agent, or clinvk, said something."""


class Turn:
    """A planned turn on its way."""

    def __init__(
        self, plan: TurnPlan, recording: Recording, world: World, observer: Observer
    ) -> None:
        self._plan = plan
        self._recording = recording
        self._world = world
        self._observer = observer
        self._heard = Heard()

    def conduct(self, signals: SignalInbox) -> RunReport:
        """Start the child that the plan says, see it to its end, and report.

        The turn is closed in the record whatever happens in between, also when the observer fails.
        """
        self._observer.started(_turn_start(self._plan, self._recording))
        for warning in self._plan.warnings:
            self._tell(Warned(message=warning, code="clinvk"))
        ending = _BROKEN_OFF
        try:
            ending = self._converse(signals)
        except BackendStartError as error:
            failure = Failure(code=FailureCode.NOT_STARTED, message=error.message, hint=error.hint)
            self._heard.result = Result(text="", stop_reason=StopReason.ERROR, failure=failure)
            ending = replace(ending, reason=EndReason.EXITED, signal=None)
        finally:
            result = judge(self._heard, ending)
            self._close(result, ending)
        if trouble := self._recording.trouble():
            self._tell(Warned(message=f"not fully recorded: {trouble}", code="clinvk"))
        return _report(self._plan, self._recording, self._heard, result, ending)

    def _converse(self, signals: SignalInbox) -> Ending:
        plan = self._plan
        parser = plan.backend.parser(plan.request)
        with start(
            plan.invocation,
            environ=self._world.environ,
            limits=plan.limits,
            signals=signals,
            clock=self._world.monotonic,
            on_quiet=self._recording.quiet,
        ) as child:
            self._recording.child_started(child)
            for line in child.lines():
                for event in parser.feed(line):
                    self._tell(event)
                if self._heard.result is not None or parser.settled:
                    child.settled()
                else:
                    child.unsettled()
            ending = child.ending
        if self._heard.result is None:
            for event in parser.finish(ending.exit_code, ending.stderr_tail):
                self._tell(event)
        return ending

    def _tell(self, event: Event) -> None:
        self._heard.hear(event)
        if not isinstance(event, Result):
            self._recording.event(event)
            self._observer.event(event)

    def _close(self, result: Result, ending: Ending) -> None:
        if result.failure is not None and result.failure.code is FailureCode.CONVERSATION_GONE:
            self._recording.void(FailureCode.CONVERSATION_GONE.value)
        else:
            self._recording.finish(result, ending, tuple(self._heard.files.values()))


_BROKEN_OFF = Ending(
    reason=EndReason.CANCELLED,
    exit_code=None,
    signal=Signals.SIGTERM,
    stderr_tail="",
    duration_s=0.0,
)
"""The ending that stands while there is no other: something of ours broke the turn off."""


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
    plan: TurnPlan, recording: Recording, heard: Heard, result: Result, ending: Ending
) -> RunReport:
    session = recording.session
    return RunReport(
        exit_status=exit_status(result, ending),
        session_id=recording.session_id,
        name=session.name,
        title=session.title,
        backend=plan.backend.name,
        backend_session_id=session.conversation,
        model=result.model or (heard.init and heard.init.model) or session.model,
        cwd=str(plan.invocation.cwd),
        turn=session.turns,
        resumed=plan.request.resume,
        status=Status.ERROR if result.failure else Status.ACTIVE,
        text=result.text,
        usage=result.usage,
        cost_usd=result.cost_usd,
        duration_s=ending.duration_s,
        files=tuple(heard.files.values()),
        warnings=tuple(heard.warnings),
        error=ErrorReport.of_failure(result.failure) if result.failure else None,
    )
