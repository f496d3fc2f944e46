"""How Copilot CLI is called, and what of its output and its file the recordings do not have."""

import json
from pathlib import Path
from typing import Any

import pytest

from clinvk.agents import registry as backends
from clinvk.model.access import Access
from clinvk.model.conversation import TurnMode
from clinvk.model.events import Event, Init, Message, StopReason, ToolResult
from clinvk.model.failure import FailureCode
from clinvk.model.outcome import Outcome
from clinvk.model.request import TurnRequest
from clinvk.model.usage import UNKNOWN_USAGE

ID = "123e4567-e89b-12d3-a456-426614174000"
OTHER = "123e4567-e89b-12d3-a456-426614174001"
COPILOT = backends.get("copilot")
TOLD = {"type": "user.message", "data": {"content": "hello"}}


def ask(**asked: Any) -> TurnRequest:
    """A request for a turn."""
    return TurnRequest(prompt="hello", cwd=Path("/project"), **{"conversation": ID, **asked})


def turn(*lines: Any, exit_code: int | None = 0, stderr: str = "", **asked: Any) -> list[Any]:
    """The events of a turn that printed these objects."""
    parser = COPILOT.parser(ask(**asked))
    events: list[Event] = []
    for line in lines:
        events += parser.feed(json.dumps(line))
    return [*events, *parser.finish(exit_code, stderr)]


def event(kind: str, **data: Any) -> dict[str, Any]:
    """An event of its output or its file."""
    return {"type": kind, "data": data, "timestamp": "2026-01-01T00:00:00.000Z"}


def ended(session: str = ID, exit_code: int = 0) -> dict[str, Any]:
    """The last line."""
    return {"type": "result", "sessionId": session, "exitCode": exit_code}


def record(given: int, output: int, **more: int) -> dict[str, Any]:
    """What one request used."""
    return event(
        "session.usage_record", usage={"inputTokens": given, "outputTokens": output, **more}
    )


def totals(given: int, output: int) -> dict[str, Any]:
    """The end of a run, with the totals of two models."""
    halves = [{"inputTokens": given - 1, "outputTokens": output}, {"inputTokens": 1}]
    metrics = {f"model-{number}": {"usage": half} for number, half in enumerate(halves)}
    return event("session.shutdown", modelMetrics=metrics, agentMetrics={})


def reverse(*lines: Any) -> list[str]:
    """Lines of its file, last first."""
    return [json.dumps(line) for line in reversed(lines)]


START = event("session.start", sessionId=ID, startTime="2026-01-01T00:00:00.000Z")


@pytest.mark.parametrize(
    ("access", "flags"),
    [
        (None, set()),
        (Access.READ_ONLY, {"--deny-tool=write", "--deny-tool=shell"}),
        (Access.EDIT, {"--allow-tool=write", "--deny-tool=shell"}),
        (Access.FULL, {"--allow-all"}),
    ],
)
def test_each_access_has_its_flags(access: Access | None, flags: set[str]) -> None:
    """And below full, variables of the person's that allow everything are taken away."""
    made = COPILOT.invocation(ask(access=access))
    assert {one for one in made.argv if "tool" in one or "allow" in one} == flags
    limited = access in {Access.READ_ONLY, Access.EDIT}
    assert ("COPILOT_ALLOW_ALL" in made.env_unset) is limited


def test_a_system_prompt_is_beside_the_persons_own_instructions() -> None:
    """In a folder of its own, which is named after those of the person."""
    variable = "COPILOT_CUSTOM_INSTRUCTIONS_DIRS"
    own = COPILOT.invocation(ask(system_prompt="Be brief.", environ={variable: "/mine"}))
    assert own.env == {variable: "/mine,{clinvk.instructions.md}/.."}
    assert own.files == {"clinvk.instructions.md": "Be brief."}
    alone = COPILOT.invocation(ask(system_prompt="Be brief."))
    assert alone.env == {variable: "{clinvk.instructions.md}/.."}


def test_an_answer_that_was_not_streamed_is_told_once() -> None:
    """With `--stream off` it prints whole messages only."""
    events = turn(TOLD, event("assistant.message", content="Hi.", messageId="m"), ended())
    assert [one for one in events if isinstance(one, Message)] == [Message(text="Hi.")]
    assert events[-1].text == "Hi."


def test_what_a_sub_agent_says_is_not_the_answer() -> None:
    """Its events name the agent, or the call that started it."""
    said = event("assistant.message", content="Sub.", messageId="s")
    nested = event("assistant.message", content="Sub.", messageId="s", parentToolCallId="c")
    own = event("assistant.message", content="Own.", messageId="m")
    events = turn(TOLD, own, {**said, "agentId": "a"}, nested, ended())
    assert [one.text for one in events if isinstance(one, Message)] == ["Own."]


def test_another_conversation_at_the_end_is_told() -> None:
    """The service then refuses the answer."""
    events = turn(TOLD, ended(OTHER), mode=TurnMode.RESUME)
    assert [one.backend_session_id for one in events if isinstance(one, Init)] == [ID, OTHER]
    assert events[-1].backend_session_id == OTHER


def test_a_failed_command_is_a_failed_tool() -> None:
    """It calls the tool a success, whatever the command's exit code is."""
    events = turn(
        event("tool.execution_start", toolCallId="c", toolName="bash", arguments={"command": "x"}),
        event(
            "tool.execution_complete",
            toolCallId="c",
            success=True,
            shellExecution={"exitCode": 2},
            result={"content": "no\n"},
        ),
        ended(),
    )
    assert ToolResult(id="c", ok=False, text="no") in events


def test_a_turn_that_was_aborted_is_no_success() -> None:
    """It exits with 0 after a signal in good time."""
    end = turn(TOLD, event("abort", reason="user_initiated"), ended())[-1]
    assert (end.stop_reason, end.failure.code) == (StopReason.ERROR, FailureCode.KILLED)


def test_an_error_without_a_last_line_is_the_failure() -> None:
    """The last error explains an end without a result; nothing explains one that we caused."""
    error = event("session.error", errorType="rate_limit", message="Slow down.", statusCode=429)
    assert turn(TOLD, error, exit_code=1)[-1].failure.code is FailureCode.RATE_LIMITED
    assert turn(TOLD, error, exit_code=None)[-1].failure.code is FailureCode.KILLED


def test_the_figures_are_what_was_added_to_the_totals() -> None:
    """By other programs before it, and by a turn that was cut off: neither is this turn's."""
    before = COPILOT.counters_in(reverse(START, record(100, 10), totals(100, 10), record(50, 5)))
    assert before is not None
    assert (before["inputTokens"], before["outputTokens"]) == (150, 15)
    request = ask(mode=TurnMode.RESUME, counters=before)
    lines = reverse(START, totals(100, 10), record(50, 5), record(30, 3), totals(180, 18))
    usage = COPILOT.with_figures(Outcome(text="x"), request, lines).usage
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (30, 3, 33)
    first = COPILOT.with_figures(Outcome(), ask(), reverse(START, record(7, 1, cacheReadTokens=2)))
    assert (first.usage.input_tokens, first.usage.cached_tokens) == (7, 2)


@pytest.mark.parametrize("told", [{}, {"baseline_known": False}])
def test_without_earlier_totals_the_figures_are_unknown(told: dict[str, Any]) -> None:
    """Never those of the whole conversation."""
    request = ask(mode=TurnMode.RESUME, **{"counters": None, **told})
    after = COPILOT.with_figures(Outcome(), request, reverse(START, totals(100, 10)))
    assert after.usage == UNKNOWN_USAGE


def test_totals_of_one_run_are_not_those_of_the_conversation() -> None:
    """1.0.60 keeps only these: a difference of them would be wrong, so the figures are unknown."""
    told = totals(100, 10)
    del told["data"]["agentMetrics"]
    assert COPILOT.counters_in(reverse(START, told)) is None
    nothing = event("session.shutdown", modelMetrics={})
    counters = COPILOT.counters_in(reverse(START, totals(100, 10), nothing))
    assert counters is not None
    assert counters["inputTokens"] == 100


def test_its_file_without_a_start_says_nothing() -> None:
    """A part of a file has no totals, and cannot be continued."""
    assert COPILOT.counters_in(reverse(record(1, 1))) is None
    native = COPILOT.native()
    assert not native.has_content([json.dumps(TOLD)])
    assert not native.has_content([json.dumps(START)])
    assert native.has_content([json.dumps(START), json.dumps(TOLD)])


def test_the_turns_of_its_file() -> None:
    """With the figures of each; one that broke off has none, and what it told itself is no turn."""
    lines = [
        START,
        event("user.message", content="one", messageId="1"),
        event("assistant.message", content="", toolRequests=[{}], model="m"),
        record(100, 10),
        event("assistant.message", content="first", toolRequests=[], model="m"),
        record(100, 10),
        totals(200, 20),
        event("user.message", content="two", messageId="2"),
        record(50, 5),
        event("user.message", content="go on", messageId="3", isAutopilotContinuation=True),
        event("user.message", content="three", messageId="4"),
        event("session.error", message="It broke."),
    ]
    first, second, third = COPILOT.native().turns(map(json.dumps, lines))
    assert (first.prompt, first.text, first.model, first.usage.input_tokens) == (
        "one",
        "first",
        "m",
        200,
    )
    assert (second.prompt, second.interrupted, second.usage) == ("two", True, UNKNOWN_USAGE)
    assert second.counters == {**second.counters, "inputTokens": 250}
    assert (third.prompt, third.failed, third.text) == ("three", True, "It broke.")


@pytest.mark.parametrize(
    ("name", "named", "title"),
    [
        ("The parser", "true", "The parser"),
        ('"a: b"', "true", "a: b"),
        ("'a: b'", "true", "a: b"),
        ("the first prompt", "false", None),
    ],
)
def test_only_a_name_that_a_person_gave_is_a_title(name: str, named: str, title: str) -> None:
    """Otherwise its name is the start of the first prompt."""
    lines = [f"id: {ID}", "cwd: /project", f"name: {name}", f"user_named: {named}"]
    assert COPILOT.native().title(ID, lines) == title
    assert COPILOT.native().title(OTHER, lines) is None
