"""Runs one prompt in a child process, from its start to the report.

`Turn._run_agent` defines the order in which nothing is lost. The child's lines become events; each
event is recorded before it is shown.
"""

from collections.abc import Callable, Mapping
from signal import Signals
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from clinvk.agents.base import Capability, Parser
from clinvk.errors import BackendStartError
from clinvk.model.access import Access
from clinvk.model.events import Change, Event, Failed, Init, Result, Warned
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.files import merged_files
from clinvk.model.outcome import Outcome, StopReason
from clinvk.model.report import RunReport, TurnStart
from clinvk.process.child import Child, start
from clinvk.process.ending import Ending, EndReason
from clinvk.process.signals import SignalInbox
from clinvk.services.turns.access import way_to_allow
from clinvk.services.turns.accumulate import TurnAccumulator, shows_work
from clinvk.services.turns.outcome import (
    cut_lines_notice,
    incomplete_answer_notice,
    judge,
    suggests_other_version,
    with_cut_lines,
)
from clinvk.services.turns.own_figures import with_own_figures
from clinvk.services.turns.permissions import Asker, Dialogue
from clinvk.services.turns.plan import TurnPlan
from clinvk.services.turns.record import Recording
from clinvk.services.turns.report import report_of, turn_start
from clinvk.services.turns.same_conversation import SameConversation
from clinvk.services.world import World

if TYPE_CHECKING:  # only loaded after the agent was started
    from clinvk.services.files.observe import FileWatch


class Observer(Protocol):
    """Receives the events of a run."""

    def started(self, turn: TurnStart) -> None:
        """The turn has started."""

    def event(self, event: Event) -> None:
        """An event of the agent or of clinvk."""


Attend = Callable[[], bool]
"""Enforces the limits of the run while an observer waits; False if it should stop waiting."""


def never_waits(attend: Attend) -> None:
    """For an observer that never has to wait."""
    del attend


class Turn:
    """Runs a planned turn.

    An observer that may wait for a reader passes `attended`: it receives a function to call
    regularly during the wait. `asker` is as in `Dialogue`.
    """

    def __init__(  # noqa: PLR0913  everything that a turn needs
        self,
        plan: TurnPlan,
        recording: Recording,
        world: World,
        observer: Observer,
        *,
        attended: Callable[[Attend], None] = never_waits,
        asker: Asker | None = None,
    ) -> None:
        self._plan = plan
        self._recording = recording
        self._world = world
        self._observer = observer
        self._attended = attended
        self._dialogue = Dialogue(plan, asker, recording, self._handle)
        self._collected = TurnAccumulator()
        self._same = SameConversation(plan.backend, plan.request, kept=plan.kept)
        self._withheld: Failed | None = None
        self._watch: FileWatch | None = None
        self._held: Outcome | None = None
        """The outcome after the check of the answer's schema."""
        self._figured: tuple[Outcome, Outcome] | None = None
        self._started = False

    def run(self, signals: SignalInbox) -> RunReport:
        """Send the prompt to the agent, run the turn to its end, and report.

        A started turn is always closed in the record, also if the observer fails. Raises
        `StoreError` if its start cannot be recorded: the agent is stopped before it has the prompt,
        and the session is unchanged.
        """
        ending = _CUT_OFF
        try:
            ending = self._run_agent(signals)
            if self._is_gone(self._collected.result) and self._plan.instead is not None:
                self._start_instead(self._plan.instead())
                ending = self._run_agent(signals)
            self._report_late_findings(ending, signals)
        except BackendStartError as error:
            self._record_start()
            failure = Failure(code=FailureCode.NOT_STARTED, message=error.message, hint=error.hint)
            self._collected.result = Outcome(stop_reason=StopReason.ERROR, failure=failure)
            ending = replace(ending, reason=EndReason.EXITED, signal=None)
        finally:
            result = self._end(ending)
        if reason := self._recording.error():
            lost = f"not fully recorded: {reason}"
            self._handle(Warned(message=lost, code="clinvk", unrecorded=True))
        outcome = replace(result, warnings=self._collected.all_warnings)
        return report_of(
            self._plan,
            self._recording,
            self._collected,
            outcome,
            ending=ending,
            world=self._world,
        )

    def _run_agent(self, signals: SignalInbox) -> Ending:
        """Run the agent in the order in which nothing is lost; return how it ended.

        An agent needs 70 ms or more to be ready for its prompt, so it is started first and our own
        work is done meanwhile. It cannot do anything yet: if we are killed before the prompt is
        sent, it gets the end of stdin and exits.
        """
        plan, began_at = self._plan, self._world.now().timestamp()
        if not plan.invocation.stdin:  # in argv or a file, which the agent reads at once
            self._record_start()
        with start(
            plan.invocation,
            environ=self._world.environ,
            limits=plan.limits,
            signals=signals,
            clock=self._world.monotonic,
            hooks=self._dialogue.hooks,
        ) as child:
            self._attended(child.enforce_limits)
            self._recording.note_agent(child.pid, child.identity)
            self._watch_files(began_at)
            parser = plan.backend.parser(plan.request)
            self._dialogue.begin(child, parser)
            self._record_start()
            if self._watch is not None:
                self._watch.wait()
            child.send_prompt()
            self._read_output(child, parser)
            ending = child.ending
        if ending.cut_lines:
            self._handle(Warned(message=cut_lines_notice(ending), code="clinvk"))
        if self._collected.result is None:
            for event in parser.finish(ending.exit_code, ending.stderr_tail):
                self._handle(with_cut_lines(event, ending))
        return ending

    def _record_start(self) -> None:
        """Write "turn started", then the record, then tell the observer; only once."""
        if self._started:
            return
        self._recording.start(self._plan)
        self._started = True
        self._observer.started(turn_start(self._plan, self._recording))
        if note := self._recording.unrecorded:
            self._handle(Warned(message=note, code="clinvk", unrecorded=True))
        for warning in self._plan.warnings:
            self._handle(Warned(message=warning, code="clinvk"))

    def _read_output(self, child: Child, parser: Parser) -> None:
        """Read the child's output to its end: pass on events, and send replies to it."""
        for line in child.lines():
            parsed = parser.feed(line)
            del line  # it can have ten megabytes, and the events have copies
            self._dialogue.take(parsed)
            if parser.speaks:
                child.spoke()
            if self._same.other is not None:
                child.refuse()  # it would work in the wrong conversation
            elif self._collected.result is not None or parser.settled:
                child.settled()
            else:
                child.unsettled()
        self._dialogue.end()

    def _end(self, ending: Ending) -> Outcome:
        """Close the turn if it was started; return its result."""
        result = judge(self._collected, ending)
        if not self._started:
            return result
        result = self._with_own_figures(result, ending)
        if (held := self._held) is not None:
            result = replace(result, structured=held.structured, failure=held.failure)
        self._compare_files()
        result = replace(result, files=tuple(self._collected.files.values()))
        if self._is_gone(result):
            self._recording.void(FailureCode.CONVERSATION_GONE.value)
        else:
            self._recording.finish(result)
        return result

    def _with_own_figures(self, told: Outcome, ending: Ending) -> Outcome:
        """The outcome with what the agent's own file adds, which is read once."""
        if self._figured is None or self._figured[0] != told:
            backend, request = self._plan.backend, self._plan.request
            result = with_own_figures(told, backend, request, ending, self._world)
            if told.failure is None and result.failure is not None:
                result = replace(result, failure=self._with_time(result.failure))
            self._figured = (told, result)
        return self._figured[1]

    @property
    def _unnamed(self) -> bool:
        """Whether a resumable conversation was started whose id is unknown."""
        result = self._collected.result
        named = self._collected.init or (result and result.backend_session_id)
        recorded = self._recording.session_id is not None
        can_resume = Capability.RESUME not in self._plan.backend.lacks
        known = self._recording.session.conversation.id is not None
        return recorded and can_resume and not known and not named

    def _is_gone(self, result: Outcome | None) -> bool:
        """Whether the agent no longer has the conversation, and did no work in another one."""
        failure = result.failure if result else None
        gone = failure is not None and failure.code is FailureCode.CONVERSATION_GONE
        return gone and not self._collected.worked

    def _report_late_findings(self, ending: Ending, signals: SignalInbox) -> None:
        """Report what is only known at the end: a failure, a version, an incomplete answer."""
        told = judge(self._collected, ending)
        result = self._with_own_figures(told, ending)
        if told.failure is None and result.failure is not None:
            self._handle(Failed(failure=result.failure))
        if self._collected.init is None and suggests_other_version(result, ending):
            from clinvk.services.turns.too_old import failure_by_version

            why = failure_by_version(result, self._plan, self._world, signals)
            if why is not None:
                self._handle(Failed(failure=why))
                self._collected.result = replace(result, failure=why)
        if (schema := self._plan.request.schema) is not None and result.failure is None:
            result = self._held_to(schema, result)
        if self._collected.denied and self._plan.request.access is not Access.READ_ONLY:
            session_id = self._recording.session_id
            way = way_to_allow(self._collected.denied, self._plan, session_id)
            self._handle(Warned(message=way, code="clinvk"))
        if result.failure is None and self._unnamed:
            self._handle(Warned(message=_UNNAMED, code="clinvk"))
        if notice := incomplete_answer_notice(result, self._collected):
            self._handle(Warned(message=notice, code="answer"))

    def _held_to(self, schema: str, result: Outcome) -> Outcome:
        """The outcome of a turn that ended well, with the value that its schema asks for."""
        if result.stop_reason in (StopReason.CANCELLED, StopReason.TIMEOUT):
            return result
        from clinvk.services.turns.answer_schema import with_value

        self._held = with_value(result, schema)
        if self._held.failure is not None:
            self._handle(Failed(failure=self._held.failure))
        return self._held

    def _start_instead(self, plan: TurnPlan) -> None:
        """Use a plan with another conversation, and discard the first attempt."""
        self._recording.start_again(plan)
        new = [warning for warning in plan.warnings if warning not in self._plan.warnings]
        self._plan = plan
        self._collected = TurnAccumulator(warnings=self._collected.warnings)
        self._same = SameConversation(plan.backend, plan.request, kept=plan.kept)
        self._withheld = None
        self._observer.started(turn_start(plan, self._recording))
        for warning in new:
            self._handle(Warned(message=warning, code="clinvk"))

    def _handle(self, event: Event) -> None:
        worked = self._collected.worked or shows_work(event)
        if isinstance(event, Init):
            if note := self._same.note(event):
                self._pass_on(Warned(message=note, code="clinvk"))
            if self._same.other is not None:
                return  # the session keeps its conversation
        elif isinstance(event, Failed):
            event = self._same.failed(event, worked=worked)
            if self._plan.instead is not None and _says_gone(event):
                self._withheld = event  # the warning about the new conversation replaces it
                return
        elif isinstance(event, Result):
            event = self._same.result(event, worked=worked)
            if self._withheld is not None and (worked or event.failure is None):
                self._pass_on(self._same.failed(self._withheld, worked=worked))
        self._pass_on(event, worked=worked)

    def _pass_on(self, event: Event, *, worked: bool = False) -> None:
        event = self._timed(event)
        self._collected.add(event)
        self._collected.worked = self._collected.worked or worked
        if not isinstance(event, Result):
            self._recording.event(event)
            self._observer.event(event)

    def _timed(self, event: Event) -> Event:
        """The event with the time to try again, if its failure has one."""
        if isinstance(event, Failed | Result) and event.failure is not None:
            return replace(event, failure=self._with_time(event.failure))
        return event

    def _with_time(self, failure: Failure) -> Failure:
        return failure.timed(self._world.now().astimezone()) if failure.wait else failure

    def _watch_files(self, began_at: float) -> None:
        """Start to watch the work tree, only once per turn."""
        if self._watch is None:
            from clinvk.services.files.observe import watch_files

            self._watch = watch_files(self._plan.invocation.cwd, self._world, began_at=began_at)

    def _compare_files(self) -> None:
        """Add the changes on disk to those the agent reported. Not shown, so it does not raise."""
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
    "the agent reported no conversation id: the session can only be continued with `--if-missing`"
)

_CUT_OFF = Ending(reason=EndReason.CANCELLED, signal=Signals.SIGTERM)
"""The default ending, for a turn that an error in clinvk ended."""


def _says_gone(event: Event) -> bool:
    return isinstance(event, Failed) and event.failure.code is FailureCode.CONVERSATION_GONE
