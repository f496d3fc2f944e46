"""The outcome of a turn, from the agent's events and the end of its process."""

from signal import Signals

from msgspec.structs import replace

from clinvk.errors import ExitStatus
from clinvk.model.events import Event, Failed
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.outcome import Outcome, StopReason
from clinvk.model.usage import UNKNOWN_USAGE
from clinvk.process.ending import Ending, EndReason
from clinvk.process.framing import MAX_LINE_BYTES
from clinvk.services.turns.accumulate import TurnAccumulator

_TIMED_OUT = {
    EndReason.TIMEOUT: (FailureCode.TIMEOUT, "the turn took longer than its time limit"),
    EndReason.IDLE_TIMEOUT: (
        FailureCode.IDLE_TIMEOUT,
        "the agent said nothing for longer than the idle limit",
    ),
    EndReason.STALLED: (
        FailureCode.IDLE_TIMEOUT,
        "the reader of the output read nothing for longer than the idle limit",
    ),
}


_NOT_UNDERSTOOD = (FailureCode.NO_RESULT, FailureCode.OPTION_REFUSED)
_BROKEN_OFF = (StopReason.CANCELLED, StopReason.TIMEOUT)


def judge(collected: TurnAccumulator, ending: Ending) -> Outcome:
    """The outcome of the turn, which also depends on how the child ended.

    A complete answer is kept. Otherwise a turn that we stopped is cancelled or timed out, whatever
    the agent reported while it was being stopped.
    """
    result = collected.result or Outcome(stop_reason=StopReason.ERROR)
    result = replace(result, exit_code=ending.exit_code, duration_s=ending.duration_s)
    partial = result.text or collected.message
    cancelled = result.stop_reason is StopReason.CANCELLED
    complete = collected.result is not None and result.failure is None and not cancelled
    if ending.cut_lines and complete and not result.text.strip():
        # The cut line was the answer, which the agent does not know.
        return replace(
            result, text=partial, stop_reason=StopReason.ERROR, failure=_too_long(ending)
        )
    if not complete and ending.reason is EndReason.CANCELLED:
        return replace(result, text=partial, stop_reason=StopReason.CANCELLED, failure=None)
    if not complete and ending.reason in _TIMED_OUT:
        code, message = _TIMED_OUT[ending.reason]
        if collected.retrying:
            message = f"{message}; last message of the agent: {collected.retrying}"
        failure = Failure(code=code, message=message, detail=ending.stderr_tail or None)
        return replace(result, text=partial, stop_reason=StopReason.TIMEOUT, failure=failure)
    if result.failure is None:
        return _without_lost_count(result)
    return replace(result, text=partial, failure=_specific(result.failure, collected, ending))


def _without_lost_count(result: Outcome) -> Outcome:
    """The outcome. An answer with zero tokens means that the agent did not count them."""
    usage = result.usage
    lost = result.text.strip() and (usage.input_tokens, usage.output_tokens) == (0, 0)
    return replace(result, usage=UNKNOWN_USAGE) if lost else result


def _specific(failure: Failure, collected: TurnAccumulator, ending: Ending) -> Failure:
    """The failure with what is known here, and the last lines that were not understood."""
    if failure.code is FailureCode.KILLED and ending.reason is EndReason.LINGERED:
        message = "the agent closed its output without a result"
        failure = replace(failure, code=FailureCode.NO_RESULT, message=message)
    if ending.cut_lines and failure.code is FailureCode.NO_RESULT:
        return _too_long(ending)
    return replace(failure, detail=failure.detail or collected.raw_tail or None)


def suggests_other_version(result: Outcome, ending: Ending) -> bool:
    """Whether the agent failed in a way that an unsupported version would."""
    code = result.failure.code if result.failure else None
    return ending.reason is EndReason.EXITED and code in _NOT_UNDERSTOOD


def incomplete_answer_notice(result: Outcome, collected: TurnAccumulator) -> str | None:
    """A notice that a successful turn has no complete answer, None if it has one.

    A requested structured value is an answer, also if the agent returns it by a tool call.
    """
    if result.failure is not None or result.stop_reason in _BROKEN_OFF:
        return None
    if result.stop_reason is StopReason.LENGTH:
        return "the answer was cut off at the model's length limit"
    if result.stop_reason is StopReason.FILTERED:
        return "the answer was withheld or cut off by the model's content filter"
    if not result.text.strip():
        return "the agent ended the turn without an answer"
    before_tool = collected.called and result.text.strip() == collected.message.strip()
    if before_tool and result.structured is None:
        return "the agent ended the turn without an answer after its last tool"
    return None


def with_cut_lines(event: Event, ending: Ending) -> Event:
    """The event, with a cut line as the reason if the parser found none."""
    unexplained = isinstance(event, Failed) and event.failure.code is FailureCode.NO_RESULT
    return Failed(failure=_too_long(ending)) if unexplained and ending.cut_lines else event


def cut_lines_notice(ending: Ending) -> str:
    """A notice that lines of the agent's output were cut."""
    limit = f"longer than {MAX_LINE_BYTES >> 20} MiB"
    if ending.cut_lines == 1:
        return f"a line of the agent's output is {limit} and was cut"
    return f"{ending.cut_lines:,} lines of the agent's output are {limit} and were cut"


def _too_long(ending: Ending) -> Failure:
    message = f"{cut_lines_notice(ending)}; the rest has no answer"
    detail = ending.stderr_tail or None
    return Failure(code=FailureCode.OUTPUT_TOO_LONG, message=message, detail=detail)


def exit_status(result: Outcome, ending: Ending) -> ExitStatus:
    """The exit status: of the signal that stopped the run, else of the failure, else 0."""
    if ending.reason is EndReason.CANCELLED:
        interrupted = ending.signal is Signals.SIGINT
        return ExitStatus.INTERRUPTED if interrupted else ExitStatus.TERMINATED
    return ExitStatus.OK if result.failure is None else result.failure.exit_status
