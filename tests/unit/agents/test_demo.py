"""The demo backend as two pure functions and some facts."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from clinvk.agents.demo.backend import Agent, DemoParser
from clinvk.model.access import Access
from clinvk.model.conversation import TurnMode
from clinvk.model.events import (
    Change,
    Event,
    Failed,
    FileChange,
    Init,
    Message,
    Raw,
    Result,
    StopReason,
    Thinking,
    ToolResult,
    ToolUse,
    Warned,
)
from clinvk.model.failure import FailureCode
from clinvk.model.request import TurnRequest
from clinvk.model.usage import UNKNOWN_USAGE, Usage

PLAIN = TurnRequest(prompt="hello", cwd=Path("/project"))
KINDS = ["start", "text", "think", "wait", "tool", "tool_result", "file", "warning", "done"]
FIELDS = ["session", "model", "text", "id", "name", "summary", "input", "path", "change", "usage"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


def read(*lines: dict[str, Any] | str) -> list[Event]:
    """The events of these lines."""
    parser = DemoParser()
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    return [event for text in texts for event in parser.feed(text)]


def test_a_new_conversation_begins_under_the_callers_id() -> None:
    """The prompt goes by stdin, never by argv."""
    invocation = Agent().invocation(replace(PLAIN, conversation="abc"))
    assert invocation.argv == ("clinvk-demo-agent", "--session=abc")
    assert invocation.stdin == b"hello"
    assert invocation.cwd == PLAIN.cwd


def test_a_resume_names_the_conversation_and_everything_else_that_was_asked() -> None:
    """One token each, so that no value can become a flag; a system prompt goes by a file."""
    request = replace(
        PLAIN,
        conversation="--abc",
        mode=TurnMode.RESUME,
        model="demo-2",
        access=Access.READ_ONLY,
        system_prompt="be kind",
        max_turns=3,
        ephemeral=True,
        backend_args=("--more",),
    )
    invocation = Agent().invocation(request)
    assert invocation.argv == (
        "clinvk-demo-agent",
        "--resume=--abc",
        "--no-persistence",
        "--model=demo-2",
        "--access=read-only",
        "--max-turns=3",
        "--system-prompt-file={system_prompt}",
        "--more",
    )
    assert invocation.files == {"system_prompt": "be kind"}


def test_the_program_runs_in_clinvks_own_interpreter() -> None:
    """And the working directory is not on its path."""
    assert Agent().locate_program("/py") == ("/py", "-P", "-m", "clinvk.agents.demo.program")


@pytest.mark.parametrize(
    ("environ", "root"),
    [
        ({}, "/home/user/.clinvk/demo"),
        ({"CLINVK_HOME": ""}, "/home/user/.clinvk/demo"),
        ({"CLINVK_HOME": "/data"}, "/data/demo"),
        ({"CLINVK_DEMO_HOME": "/demo", "CLINVK_HOME": "/data"}, "/demo"),
    ],
    ids=["default", "empty", "moved", "own"],
)
def test_a_conversation_is_one_file(environ: dict[str, str], root: str) -> None:
    """Where it is follows the environment of the child; in clinvk's home it is clinvk's."""
    files = Agent().conversation_files("a[b", Path("/home/user"), environ)
    assert (files.root, files.ours) == (Path(root), root != "/demo")
    assert files.pattern == "a[[]b.json"


def test_each_kind_of_line_becomes_its_event() -> None:
    """The whole vocabulary, and nothing of it is raw."""
    assert read(
        {"type": "start", "session": "s", "model": "m", "turn": 1},
        {"type": "think", "text": "hm"},
        {"type": "wait"},
        {"type": "tool", "id": "1", "name": "write", "summary": "a", "input": {"path": "a"}},
        {"type": "tool_result", "id": "1", "ok": True},
        {"type": "file", "path": "a", "change": "created"},
        {"type": "warning", "code": "denied", "message": "no"},
        {"type": "text", "text": "so "},
        {"type": "done", "text": "so", "usage": {"input": 3, "cached": 2, "output": 1}},
    ) == [
        Init(backend_session_id="s", model="m"),
        Thinking(text="hm"),
        ToolUse(id="1", name="write", summary="a", input={"path": "a"}),
        ToolResult(id="1", ok=True),
        FileChange(path="a", change=Change.CREATED),
        Warned(message="no", code="denied"),
        Message(text="so ", delta=True),
        Result(
            text="so",
            stop_reason=StopReason.END_TURN,
            usage=Usage(input_tokens=3, cached_tokens=2, output_tokens=1),
            backend_session_id="s",
            model="m",
        ),
    ]


@pytest.mark.parametrize(
    ("code", "failure_code", "stop_reason"),
    [
        ("rate_limited", FailureCode.RATE_LIMITED, StopReason.ERROR),
        ("turn_limit", FailureCode.TURN_LIMIT, StopReason.MAX_TURNS),
        ("cancelled", FailureCode.KILLED, StopReason.CANCELLED),
        ("never heard of", FailureCode.AGENT_FAILED, StopReason.ERROR),
        (None, FailureCode.AGENT_FAILED, StopReason.ERROR),
    ],
)
def test_an_error_ends_the_turn_with_what_was_said_so_far(
    code: str | None, failure_code: FailureCode, stop_reason: StopReason
) -> None:
    """The failure is told once as an event and once with the result."""
    _, failed, result = read(
        {"type": "text", "text": "so far"}, {"type": "error", "code": code, "message": "why"}
    )
    assert isinstance(failed, Failed)
    assert isinstance(result, Result)
    assert failed.failure == result.failure
    assert (failed.failure.code, failed.failure.message) == (failure_code, "why")
    assert (result.text, result.stop_reason) == ("so far", stop_reason)
    assert result.usage == UNKNOWN_USAGE


@pytest.mark.parametrize(
    ("exit_code", "failure_code"),
    [
        (0, FailureCode.NO_RESULT),
        (3, FailureCode.AGENT_FAILED),
        (-9, FailureCode.KILLED),
        (None, FailureCode.KILLED),
    ],
)
def test_an_end_without_a_result_is_a_failure(
    exit_code: int | None, failure_code: FailureCode
) -> None:
    """What was said so far is kept, and the tail of stderr is the detail."""
    parser = DemoParser()
    list(parser.feed('{"type": "text", "text": "so far"}'))
    (result,) = parser.finish(exit_code, "trouble")
    assert isinstance(result, Result)
    assert result.failure is not None
    assert (result.failure.code, result.failure.detail) == (failure_code, "trouble")
    assert result.text == "so far"


@pytest.mark.parametrize(
    "line",
    ["no json", "[]", "1", "{}", '{"type": "new"}', '{"type": []}', '{"type": "text"}', "[" * 9999],
)
def test_a_line_that_is_not_known_is_raw(line: str) -> None:
    """It is kept as it is."""
    assert read(line) == [Raw(line=line)]


@given(
    st.lists(
        st.dictionaries(st.sampled_from(FIELDS), JSON).flatmap(
            lambda fields: st.sampled_from([*KINDS, "error"]).map(
                lambda kind: {"type": kind, "code": "auth", **fields}
            )
        )
    )
)
def test_any_stream_ends_in_exactly_one_result(lines: list[dict[str, Any]]) -> None:
    """No line makes the parser raise, and nothing comes after the result."""
    parser = DemoParser()
    events = [event for line in lines for event in parser.feed(json.dumps(line))]
    events += parser.finish(0, "")
    assert [isinstance(event, Result) for event in events].count(True) == 1
    assert isinstance(events[-1], Result)
