"""How a turn ended: from what the agent said first, then from its process."""

from signal import Signals

import pytest
from msgspec.structs import replace

from clinvk.errors import ExitStatus
from clinvk.model.events import Event, Message, Raw, Result, StopReason, ToolUse, Warned
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.usage import UNKNOWN_USAGE, Usage
from clinvk.process.ending import Ending, EndReason
from clinvk.services.turns.accumulate import TurnAccumulator
from clinvk.services.turns.outcome import exit_status, incomplete_answer_notice, judge

GOOD = Result(text="done", stop_reason=StopReason.END_TURN)
FAILED = Result(
    text="",
    stop_reason=StopReason.ERROR,
    failure=Failure(code=FailureCode.AGENT_FAILED, message="it broke"),
)
CANCELLED = Result(text="", stop_reason=StopReason.CANCELLED)
_TOOL = ToolUse(id="1", name="Bash", summary="ls", input={})


def _ending(reason: EndReason, signal: Signals | None = None, code: int | None = 0) -> Ending:
    return Ending(reason=reason, exit_code=code, signal=signal, stderr_tail="tail", duration_s=1.0)


def _collected(*events: object) -> TurnAccumulator:
    collected = TurnAccumulator()
    for event in events:
        collected.add(event)
    return collected


@pytest.mark.parametrize(
    ("said", "reason", "stop", "code"),
    [
        (GOOD, EndReason.EXITED, "end_turn", None),
        (GOOD, EndReason.LINGERED, "end_turn", None),
        (GOOD, EndReason.TIMEOUT, "end_turn", None),
        (GOOD, EndReason.CANCELLED, "end_turn", None),
        (FAILED, EndReason.EXITED, "error", "agent_failed"),
        (FAILED, EndReason.TIMEOUT, "timeout", "timeout"),
        (FAILED, EndReason.IDLE_TIMEOUT, "timeout", "idle_timeout"),
        (FAILED, EndReason.STALLED, "timeout", "idle_timeout"),
        (FAILED, EndReason.CANCELLED, "cancelled", None),
        (CANCELLED, EndReason.TIMEOUT, "timeout", "timeout"),
        (CANCELLED, EndReason.CANCELLED, "cancelled", None),
    ],
)
def test_a_complete_answer_stands_and_what_we_stopped_is_not_the_agents_failure(
    said: Result, reason: EndReason, stop: str, code: str | None
) -> None:
    """Only an answer that was not complete is judged by how its process ended."""
    result = judge(_collected(said), _ending(reason))
    assert result.stop_reason.value == stop
    assert (result.failure.code.value if result.failure else None) == code


UNEXPLAINED = Result(
    text="",
    stop_reason=StopReason.ERROR,
    failure=Failure(code=FailureCode.NO_RESULT, message="the agent ended without a result"),
)
EMPTY = Result(text=" \n", stop_reason=StopReason.END_TURN)


@pytest.mark.parametrize(
    ("said", "cut_lines", "code"),
    [
        (UNEXPLAINED, 1, "output_too_long"),
        (UNEXPLAINED, 0, "no_result"),
        (EMPTY, 2, "output_too_long"),
        (EMPTY, 0, None),
        (GOOD, 1, None),
        (FAILED, 1, "agent_failed"),
    ],
)
def test_a_line_that_was_cut_explains_what_nothing_else_does(
    said: Result, cut_lines: int, code: str | None
) -> None:
    """An answer that is there stands, and so does a failure that the agent explained itself."""
    result = judge(_collected(said), replace(_ending(EndReason.EXITED), cut_lines=cut_lines))
    assert (result.failure.code.value if result.failure else None) == code
    if code == "output_too_long":
        assert result.failure is not None
        assert "longer than 10 MiB" in result.failure.message
        assert not result.failure.retryable


def test_an_interrupted_turn_has_the_text_received_so_far() -> None:
    """The partial answer is kept: the last message as far as it was received."""
    collected = _collected(
        Message(text="first"), Message(text="sec", delta=True), Message(text="ond", delta=True)
    )
    collected.add(FAILED)
    assert judge(collected, _ending(EndReason.CANCELLED)).text == "second"


@pytest.mark.parametrize(
    ("said", "ending", "status"),
    [
        (GOOD, _ending(EndReason.EXITED), ExitStatus.OK),
        (GOOD, _ending(EndReason.EXITED, code=1), ExitStatus.OK),
        (FAILED, _ending(EndReason.EXITED, code=0), ExitStatus.FAILED),
        (GOOD, _ending(EndReason.CANCELLED, Signals.SIGINT), ExitStatus.INTERRUPTED),
        (FAILED, _ending(EndReason.CANCELLED, Signals.SIGINT), ExitStatus.INTERRUPTED),
        (FAILED, _ending(EndReason.CANCELLED, Signals.SIGTERM), ExitStatus.TERMINATED),
        (FAILED, _ending(EndReason.CANCELLED, Signals.SIGHUP), ExitStatus.TERMINATED),
        (FAILED, _ending(EndReason.TIMEOUT), ExitStatus.TIMEOUT),
    ],
)
def test_the_exit_status_follows_from_the_verdict(
    said: Result, ending: Ending, status: ExitStatus
) -> None:
    """The agent's own exit code never becomes ours."""
    assert exit_status(judge(_collected(said), ending), ending) is status


def test_an_unknown_ending_keeps_the_last_output() -> None:
    """The raw end of stdout if stderr explains nothing; an explanation is never replaced."""
    collected = _collected(Raw(line="panic: flux capacitor"), FAILED)
    failure = judge(collected, _ending(EndReason.EXITED, code=42)).failure
    assert failure is not None
    assert failure.detail == "panic: flux capacitor"
    explained = replace(FAILED, failure=Failure(code=FailureCode.AUTH, message="no", detail="why"))
    failure = judge(_collected(Raw(line="noise"), explained), _ending(EndReason.EXITED)).failure
    assert failure is not None
    assert failure.detail == "why"


def test_an_agent_that_closed_its_output_and_kept_running_has_no_result() -> None:
    """The message does not say that clinvk then stopped it."""
    killed = Failure(code=FailureCode.KILLED, message="the agent was stopped")
    result = judge(_collected(replace(FAILED, failure=killed)), _ending(EndReason.LINGERED))
    assert result.failure is not None
    assert result.failure.code is FailureCode.NO_RESULT
    assert result.failure.message == "the agent closed its output without a result"


@pytest.mark.parametrize(
    ("after", "told"),
    [((), True), ((Raw(line="x"),), True), ((Message(text="on we go"),), False)],
    ids=["nothing", "a line nobody knows", "a message"],
)
def test_a_timeout_during_retries_names_the_failing_service(
    after: tuple[object, ...], *, told: bool
) -> None:
    """The message has what the agent was waiting for, unless it had continued since."""
    collected = _collected(Warned(message="waiting for network", code="retry"), *after)
    failure = judge(collected, _ending(EndReason.TIMEOUT)).failure
    assert failure is not None
    assert failure.code is FailureCode.TIMEOUT
    assert failure.message.startswith("the turn took longer than its time limit")
    assert failure.message.endswith("; last message of the agent: waiting for network") == told


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (GOOD, None),
        (FAILED, None),
        (CANCELLED, None),
        (replace(GOOD, text=" \n"), "without an answer"),
        (replace(GOOD, stop_reason=StopReason.LENGTH), "length limit"),
        (replace(GOOD, text="", stop_reason=StopReason.LENGTH), "length limit"),
        (replace(GOOD, stop_reason=StopReason.FILTERED), "content filter"),
    ],
)
def test_a_missing_or_cut_answer_is_a_warning(result: Result, said: str | None) -> None:
    """The agent reports success; a failure has its own explanation."""
    notice = incomplete_answer_notice(result, _collected())
    assert notice is None if said is None else said in (notice or "")


@pytest.mark.parametrize(
    ("events", "result", "missing"),
    [
        ([Message(text="done"), _TOOL], GOOD, True),
        ([Message(text="done", delta=True), _TOOL], GOOD, True),
        ([Message(text="Let me look."), _TOOL], GOOD, False),
        ([_TOOL, Message(text="Done.")], GOOD, False),
        ([_TOOL, Message(text="Do", delta=True), Message(text="ne.", delta=True)], GOOD, False),
        ([Message(text="pre"), _TOOL], replace(GOOD, structured={"a": 1}), False),
    ],
    ids=["a message before", "pieces before", "another result", "a message", "pieces", "a value"],
)
def test_text_before_the_last_tool_is_no_answer(
    events: list[Event], result: Result, *, missing: bool
) -> None:
    """It says what the agent was going to do, not the result."""
    notice = incomplete_answer_notice(result, _collected(*events))
    assert (notice is not None and "after its last tool" in notice) is missing


@pytest.mark.parametrize(
    ("text", "figures", "known"), [("done", (0, 0), False), ("", (0, 0), True), ("x", (9, 0), True)]
)
def test_no_tokens_after_an_answer_are_unknown(
    text: str,
    figures: tuple[int, int],
    known: bool,  # noqa: FBT001  from the table
) -> None:
    """An agent that says 0 and 0 of an answer has lost count."""
    usage = Usage(input_tokens=figures[0], output_tokens=figures[1])
    judged = judge(_collected(replace(GOOD, text=text, usage=usage)), _ending(EndReason.EXITED))
    assert judged.usage == (usage if known else UNKNOWN_USAGE)
