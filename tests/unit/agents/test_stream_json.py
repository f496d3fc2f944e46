"""The `stream-json` reader on what recorded streams do not have: rounds, sub-agents, oddities."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from clinvk.agents import registry as backends
from clinvk.model.events import (
    Change,
    Event,
    FileChange,
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

ID = "123e4567-e89b-12d3-a456-426614174000"
INIT = {"type": "system", "subtype": "init", "session_id": ID, "model": "a-model"}
MODEL = "a-model"


def turn(*lines: Any, exit_code: int | None = 0, stderr: str = "", **asked: Any) -> list[Any]:
    """The events of a turn that printed these objects."""
    request = TurnRequest(prompt="hello", cwd=Path("/project"), conversation=ID, **asked)
    parser = backends.get("claude").parser(request)
    events: list[Event] = []
    for line in lines:
        events += parser.feed(line if isinstance(line, str) else json.dumps(line))
    return [*events, *parser.finish(exit_code, stderr)]


def stream(**event: Any) -> dict[str, Any]:
    """A line of the model's own stream."""
    return {"type": "stream_event", "event": event, "parent_tool_use_id": None}


def start() -> dict[str, Any]:
    """A message begins."""
    return stream(type="message_start", message={"usage": {"input_tokens": 1, "output_tokens": 1}})


def block(kind: str) -> dict[str, Any]:
    """A block begins."""
    return stream(type="content_block_start", content_block={"type": kind})


def piece(text: str) -> dict[str, Any]:
    """The next piece of a text."""
    return stream(type="content_block_delta", delta={"type": "text_delta", "text": text})


def said(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A line with whole blocks of the answer."""
    message = {"model": MODEL, "content": list(blocks)}
    return {"type": "assistant", "message": message, "parent_tool_use_id": None, **more}


def text(words: str) -> dict[str, Any]:
    """A whole block of text."""
    return {"type": "text", "text": words}


def call(name: str, call_id: str = "t1", **arguments: Any) -> dict[str, Any]:
    """A call of a tool."""
    return {"type": "tool_use", "id": call_id, "name": name, "input": arguments}


def answer(words: str, told: Any = None, *, failed: bool = False, **more: Any) -> dict[str, Any]:
    """A tool's result."""
    result = {"type": "tool_result", "tool_use_id": "t1", "content": words, "is_error": failed}
    return {"type": "user", "message": {"content": [result]}, "tool_use_result": told, **more}


def end(words: str = "done", **more: Any) -> dict[str, Any]:
    """The result line of a good end."""
    usage = {"input_tokens": 100, "output_tokens": 10}
    return {"type": "result", "subtype": "success", "result": words, "usage": usage, **more}


def fail(words: str, **more: Any) -> dict[str, Any]:
    """The result line of a bad end."""
    return end(words, is_error=True, **more)


def of(kind: type[Any], events: Iterable[Any]) -> list[Any]:
    """The events of one kind."""
    return [event for event in events if isinstance(event, kind)]


def test_the_texts_of_one_message_are_joined_as_they_are() -> None:
    """Blocks are no paragraphs: JSON may be cut anywhere, and the result has the last one only."""
    events = turn(
        start(),
        block("text"),
        piece('{"a": '),
        said(text('{"a": ')),
        block("text"),
        piece("1}"),
        said(text("1}")),
        end("1}"),
    )
    assert "".join(event.text for event in of(Message, events)) == '{"a": 1}'
    assert events[-1].text == '{"a": 1}'


def test_a_thought_between_two_texts_of_a_message_does_not_part_them() -> None:
    """The second text says that it goes on with the first, whole or in pieces."""
    hm = {"type": "thinking", "thinking": "hm"}
    streamed = (start(), block("text"), piece("one"), said(text("one")), said(hm), block("text"))
    events = turn(*streamed, piece(" two"), said(text(" two")), end(" two"))
    assert of(Message, events) == [
        Message(text="one", delta=True),
        Message(text=" two", delta=True, continues=True),
    ]
    assert events[-1].text == "one two"
    whole = turn(INIT, said(text("one"), hm, text(" two")), end(" two"))
    assert of(Message, whole) == [Message(text="one"), Message(text=" two", continues=True)]
    assert whole[-1].text == "one two"


def test_two_messages_in_a_row_are_two() -> None:
    """Nothing comes between them where the service tells no figures; the last is the answer."""
    first = (start(), block("text"), piece("one"), said(text("one")))
    second = (start(), block("text"), piece("two"), said(text("two")))
    events = turn(*first, *second, end("two"))
    assert of(Message, events) == [
        Message(text="one", delta=True),
        Message(text="two", delta=True, continues=False),
    ]
    assert events[-1].text == "two"


def test_text_after_a_tool_is_a_separate_message() -> None:
    """Also within one message: the answer is the text after the last call."""
    message = said(text("I look."), call("Read", file_path="/p/a"), text("Done."))
    assert turn(INIT, message, end("Done."))[-1].text == "Done."


def test_an_answer_that_only_the_result_has_is_reported() -> None:
    """The agent answers its own commands without a message."""
    events = turn(INIT, end("Total cost: $0"))
    assert of(Message, events) == [Message(text="Total cost: $0")]


@pytest.mark.parametrize(
    ("words", "result", "field", "answer"),
    [
        ("Done.", "Done.", "structured_output", '{"a":1}'),
        ("Preamble.", '{"a":1}', "structured_output", '{"a":1}'),
        ("Preamble.", '{"a":1}', "structured_result", '{"a":1}'),
        ('{"a": 1}', '{"a": 1}', "structured_output", '{"a": 1}'),
    ],
    ids=["2.1.120", "2.1.197", "qwen", "said"],
)
def test_the_answer_that_a_schema_asked_for_is_said_once(
    words: str, result: str, field: str, answer: str
) -> None:
    """Its value is given as such, and is the final answer, wherever the agent puts it."""
    events = turn(INIT, said(text(words)), end(result, **{field: {"a": 1}}))
    assert (events[-1].text, events[-1].structured) == (answer, {"a": 1})
    messages = [event.text for event in of(Message, events)]
    assert messages == ([words] if words == answer else [words, answer])


def test_a_text_without_pieces_is_said_whole() -> None:
    """Without partial messages nothing is missing."""
    events = turn(INIT, said({"type": "thinking", "thinking": "hm"}, text("all")), end("all"))
    assert of(Message, events) == [Message(text="all")]
    assert of(Thinking, events) == [Thinking(text="hm")]


def test_a_text_whose_stream_was_cut_is_completed() -> None:
    """What the pieces left out is told as one more piece."""
    events = turn(start(), block("text"), piece("one t"), said(text("one two")), end("one two"))
    assert [event.text for event in of(Message, events)] == ["one t", "wo"]


def test_a_restarted_answer_is_reported_completely() -> None:
    """Pieces of the abandoned attempt neither hide nor precede the new answer."""
    retry = {"type": "system", "subtype": "api_retry", "attempt": 1, "max_retries": 10}
    events = turn(
        start(), block("text"), piece("one"), retry, said(text("one more")), end("one more")
    )
    assert of(Message, events) == [Message(text="one", delta=True), Message(text="one more")]


def test_a_retry_says_why_and_when() -> None:
    """A person who waits for minutes sees what for."""
    line = {
        "type": "system",
        "subtype": "api_retry",
        "attempt": 2,
        "max_retries": 10,
        "retry_delay_ms": 1234.5,
        "error_status": 529,
        "error": "overloaded",
    }
    notice = "the service failed (529 overloaded), trying again in 1.2 s (attempt 2 of 10)"
    assert of(Warned, turn(line)) == [Warned(message=notice, code="retry")]


def test_a_subagent_says_nothing_of_the_answer_and_what_it_does_is_told() -> None:
    """Its words belong to the agent that asked it; the files it changes are everybody's."""
    sub = {"parent_tool_use_id": "t0"}
    events = turn(
        said(call("Task", "t0", description="look around", prompt="do it")),
        {"type": "user", "message": {"content": [text("do it")]}, **sub},
        said(text("sub answer"), **sub),
        said(call("Write", file_path="/p/sub.txt", content="s"), **sub),
        answer("File created successfully at: /p/sub.txt", **sub),
        said(text("final")),
        end("final"),
    )
    assert of(Message, events) == [Message(text="final")]
    assert [use.summary for use in of(ToolUse, events)] == ["look around", "/p/sub.txt"]
    assert of(FileChange, events) == [FileChange(path="/p/sub.txt", change=Change.CREATED)]


@pytest.mark.parametrize(
    ("tool", "told", "change"),
    [
        ("Write", {"type": "create", "filePath": "/p/a"}, Change.CREATED),
        ("Write", {"type": "update", "filePath": "/p/a"}, Change.MODIFIED),
        ("Edit", {"filePath": "/p/a", "oldString": "x"}, Change.MODIFIED),
        ("NotebookEdit", None, Change.MODIFIED),
    ],
)
def test_a_successful_file_tool_is_a_changed_file(tool: str, told: Any, change: Change) -> None:
    """Whether the file is new is what the tool itself said."""
    events = turn(said(call(tool, file_path="/p/a")), answer("ok", told), end())
    assert of(FileChange, events) == [FileChange(path="/p/a", change=change)]


def test_a_failed_file_tool_changes_no_file() -> None:
    """A denied write is a failed call and a warning."""
    events = turn(
        said(call("Write", file_path="/p/a")),
        answer("you haven't granted it yet", failed=True),
        end(permission_denials=[{"tool_name": "Write", "tool_use_id": "t1"}]),
    )
    assert of(ToolResult, events) == [
        ToolResult(id="t1", ok=False, text="you haven't granted it yet")
    ]
    assert not of(FileChange, events)
    assert of(Warned, events) == [Warned(message="not allowed: Write /p/a", code="denied")]


def test_a_tool_that_the_access_leaves_out_is_denied_aloud() -> None:
    """Read-only runs have no tool that writes; that one was missed is worth a warning, once."""
    missing = (
        "Error: No such tool available: Write. Write exists but is not enabled in this context"
    )
    events = turn(
        said(call("Write", file_path="/p/a")),
        {
            "type": "system",
            "subtype": "permission_denied",
            "tool_use_id": "t1",
            "tool_name": "Write",
        },
        answer(f"<tool_use_error>{missing}</tool_use_error>", failed=True),
        end(permission_denials=[{"tool_name": "Write", "tool_use_id": "t1"}]),
    )
    assert [warned.code for warned in of(Warned, events)] == ["denied"]


def test_a_background_tasks_round_continues_the_turn() -> None:
    """The final answer is the last round's, and the figures are those of all rounds."""
    models = {MODEL: {"inputTokens": 300, "outputTokens": 30}}
    events = turn(
        INIT,
        end("first", total_cost_usd=0.1, modelUsage={}),
        INIT,
        said(text("second")),
        end(
            "second",
            usage={"input_tokens": 200, "output_tokens": 20},
            origin={"kind": "task-notification"},
            modelUsage=models,
            total_cost_usd=0.3,
        ),
    )
    result = events[-1]
    assert len(of(Result, events)) == 1
    assert (result.text, result.usage.input_tokens, result.usage.output_tokens) == (
        "second",
        300,
        30,
    )
    assert result.cost_usd == 0.3


def test_a_further_round_may_not_say_where_it_comes_from() -> None:
    """2.1.120 gives no `origin`: that something was said since the last result has to do."""
    models = {MODEL: {"inputTokens": 300, "outputTokens": 30}}
    second = end("second", usage={"input_tokens": 200, "output_tokens": 20}, modelUsage=models)
    result = turn(INIT, end("first", modelUsage={}), said(text("second")), second)[-1]
    assert (result.text, result.usage.input_tokens) == ("second", 300)


def test_an_error_after_a_complete_answer_does_not_undo_it() -> None:
    """A second result line that nobody started is kept raw."""
    events = turn(INIT, end("good"), fail("late trouble"), exit_code=1)
    assert (events[-1].text, events[-1].failure) == ("good", None)
    assert len(of(Raw, events)) == 1
    assert [warned.message for warned in of(Warned, events)] == [
        "the agent exited with 1 after its answer was complete"
    ]


def test_an_exit_code_of_0_does_not_excuse_an_error() -> None:
    """The agent's own verdict comes before its exit code."""
    assert turn(INIT, fail("API Error: something"), exit_code=0)[-1].failure is not None


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (fail("Invalid API key", api_error_status=401), FailureCode.AUTH),
        (fail("Not logged in · Please run /login"), FailureCode.AUTH),
        (fail("Request rejected", api_error_status=429), FailureCode.RATE_LIMITED),
        (fail("API Error: Overloaded"), FailureCode.OVERLOADED),
        (fail("gone", api_error_status=529), FailureCode.OVERLOADED),
        (fail("gone", api_error_status=503), FailureCode.OVERLOADED),
        (fail("gone", api_error_status=500), FailureCode.SERVER_ERROR),
        (fail("API Error: Unable to connect to API (ConnectionRefused)"), FailureCode.NETWORK),
        (
            fail("Prompt is too long · and so on", api_error_status=400),
            FailureCode.CONTEXT_TOO_LONG,
        ),
        (
            fail("There's an issue with the selected model (x).", api_error_status=404),
            FailureCode.MODEL_UNKNOWN,
        ),
        (fail("Credit balance is too low", api_error_status=400), FailureCode.BUDGET_LIMIT),
        (
            {"type": "result", "subtype": "error_max_turns", "errors": ["Reached maximum"]},
            FailureCode.TURN_LIMIT,
        ),
        (
            {"type": "result", "subtype": "error_max_budget_usd", "is_error": True},
            FailureCode.BUDGET_LIMIT,
        ),
        (
            {
                "type": "result",
                "subtype": "error_during_execution",
                "errors": ["No conversation found"],
            },
            FailureCode.CONVERSATION_GONE,
        ),
        (fail("something new"), FailureCode.AGENT_FAILED),
    ],
)
def test_a_failure_is_known_by_status_and_words(line: dict[str, Any], code: FailureCode) -> None:
    """Each failure has the code that decides exit status and hint."""
    assert turn(INIT, line, exit_code=1)[-1].failure.code is code


@pytest.mark.parametrize(
    ("exit_code", "stderr", "code"),
    [
        (1, "error: unknown option '--nonesuch'", FailureCode.OPTION_REFUSED),
        (1, "Error: Session ID x is already in use.", FailureCode.CONVERSATION_EXISTS),
        (1, "No conversation found with session ID: x", FailureCode.CONVERSATION_GONE),
        (
            1,
            "--dangerously-skip-permissions cannot be used with root/sudo privileges",
            FailureCode.OPTION_REFUSED,
        ),
        (1, "Error: Input must be provided either through stdin", FailureCode.PROMPT_REFUSED),
        (1, "boom", FailureCode.AGENT_FAILED),
        (1, "", FailureCode.AGENT_FAILED),
        (0, "", FailureCode.NO_RESULT),
        (143, "", FailureCode.KILLED),
        (-9, "", FailureCode.KILLED),
        (None, "", FailureCode.KILLED),
    ],
)
def test_an_end_without_a_result_is_explained(
    exit_code: int | None, stderr: str, code: FailureCode
) -> None:
    """The agent's last words explain it, else how it ended; the tail is kept."""
    failure = turn(INIT, exit_code=exit_code, stderr=stderr)[-1].failure
    assert failure.code is code
    assert failure.message
    assert failure.detail == (stderr or None)


def test_an_error_that_was_worded_as_a_message_is_no_answer() -> None:
    """It becomes the failure, also when the result line never comes."""
    trouble = said(text("API Error: 529 Overloaded."), error="overloaded")
    events = turn(INIT, trouble, exit_code=1)
    assert not of(Message, events)
    assert events[-1].failure.code is FailureCode.OVERLOADED


def _settled(*lines: dict[str, object]) -> bool:
    parser = backends.get("claude").parser(TurnRequest(prompt="hi", cwd=Path("/p")))
    for line in lines:
        list(parser.feed(json.dumps(line)))
    return parser.settled


def test_a_child_is_settled_once_its_last_word_is_a_result() -> None:
    """Then it should leave; a further round takes that back, a background task forbids it."""
    init = {"type": "system", "subtype": "init", "session_id": "s", "model": "m"}
    task = {"type": "system", "subtype": "task_started", "task_id": "t"}
    result = {"type": "result", "subtype": "success", "result": "done"}
    more = {"type": "assistant", "message": {"model": "m", "content": []}}
    assert not _settled(init)
    assert _settled(init, result)
    assert not _settled(init, result, more)
    assert not _settled(init, task, result)


CUT = [
    ("max_tokens", StopReason.LENGTH),
    ("model_context_window_exceeded", StopReason.LENGTH),
    ("refusal", StopReason.FILTERED),
    ("end_turn", StopReason.END_TURN),
]


@pytest.mark.parametrize(("word", "reason"), CUT)
@pytest.mark.parametrize("where", ["the result", "its last message"])
def test_an_answer_that_was_cut_has_its_own_stop_reason(
    where: str, word: str, reason: StopReason
) -> None:
    """Where the result does not say it, the model's stream does."""
    of_message = stream(
        type="message_delta", delta={"stop_reason": word if where != "the result" else "end_turn"}
    )
    told = {"stop_reason": word} if where == "the result" else {}
    result = turn(INIT, start(), of_message, said(text("part")), end("part", **told))[-1]
    assert (result.stop_reason, result.text) == (reason, "part")


def test_a_message_that_was_cut_and_then_continued_is_no_answer_that_was_cut() -> None:
    """2.1.197 asks for the rest by itself."""
    cut = stream(type="message_delta", delta={"stop_reason": "max_tokens"})
    whole = stream(type="message_delta", delta={"stop_reason": "end_turn"})
    lines = (start(), cut, said(text("a")), start(), whole, said(text("b")))
    assert turn(INIT, *lines, end("b"))[-1].stop_reason is StopReason.END_TURN


@pytest.mark.parametrize(
    ("value", "warned"), [({}, True), ({"structured_output": {"a": 1}}, False)], ids=["no", "yes"]
)
def test_an_answer_without_the_value_that_was_asked_for_is_warned_about(
    value: dict[str, Any], *, warned: bool
) -> None:
    """It is printed as it is, and has no `structured`."""
    held = turn(
        INIT, said(text("words")), end("words", **value), backend_args=("--json-schema={}",)
    )
    assert [event.code for event in of(Warned, held)] == ["answer"] * warned
    assert held[-1].structured == value.get("structured_output")
    assert not of(Warned, turn(INIT, said(text("words")), end("words")))


@pytest.mark.parametrize(
    ("exit_code", "code"),
    [
        (-9, FailureCode.KILLED),
        (0, FailureCode.NO_RESULT),
        (1, FailureCode.AGENT_FAILED),
    ],
)
def test_a_turn_that_was_cut_off_in_a_further_round_failed_and_its_figures_are_unknown(
    exit_code: int, code: FailureCode
) -> None:
    """The turn was cut off, its first answer is kept, and nobody has counted the rest."""
    done = {
        "type": "result",
        "subtype": "success",
        "result": "one",
        "usage": {"input_tokens": 10, "output_tokens": 5},
    }
    said = {"type": "assistant", "message": {"content": [{"type": "text", "text": "two"}]}}
    *_, warning, result = turn(INIT, done, INIT, said, exit_code=exit_code)
    assert isinstance(warning, Warned)
    assert "in the middle" in warning.message
    assert (result.text, result.usage.known, result.counters) == ("one", False, None)
    assert (result.stop_reason, result.failure.code) == (StopReason.ERROR, code)


def test_a_turn_that_was_stopped_in_a_further_round_was_cut_off() -> None:
    """The agent says itself that it was aborted: a time limit then is exit 6, not 0."""
    aborted = {"type": "result", "is_error": True, "terminal_reason": "aborted_streaming"}
    began = stream(type="message_start", message={"usage": _BEGAN})
    *_, result = turn(INIT, end("one"), INIT, began, aborted)
    assert (result.text, result.stop_reason) == ("one", StopReason.CANCELLED)
    assert (result.failure is None, result.usage.known) == (False, False)


def _request(began: dict[str, int], *ended: dict[str, int], reason: str | None = "end_turn") -> Any:
    """One request's stream, which breaks off if it never `ended`."""
    return [
        stream(type="message_start", message={"usage": began}),
        *(stream(type="message_delta", delta={"stop_reason": reason}, usage=one) for one in ended),
    ]


_BEGAN = {"input_tokens": 100, "output_tokens": 1}
_ENDED = {"input_tokens": 100, "output_tokens": 10}


@pytest.mark.parametrize(
    ("requests", "told"),
    [
        pytest.param([_request(_BEGAN, _ENDED)], (100, 10), id="one"),
        pytest.param([_request(_BEGAN, {"output_tokens": 10})], (100, 10), id="only the output"),
        pytest.param(
            [_request(_BEGAN, {"input_tokens": 0, "output_tokens": 10})], (100, 10), id="a 0"
        ),
        pytest.param([_request(_BEGAN, _ENDED, _ENDED)], (100, 10), id="its figures twice"),
        pytest.param([_request({}, {})], (100, 10), id="no figures"),
        pytest.param([_request(_BEGAN)], (None, None), id="one that broke off"),
        pytest.param(
            [_request(_BEGAN), _request(_BEGAN, _ENDED)], (None, None), id="one asked again"
        ),
        pytest.param([_request(_BEGAN, _BEGAN, reason=None)], (None, None), id="one cut short"),
        pytest.param(
            [_request(_BEGAN, _ENDED), _request(_BEGAN, _ENDED)], (None, None), id="one not counted"
        ),
        pytest.param(
            [_request(_BEGAN, {**_ENDED, "cache_read_input_tokens": 5})],
            (None, None),
            id="a cache not counted",
        ),
    ],
)
def test_figures_are_unknown_where_a_request_was_seen_that_they_leave_out(
    requests: list[list[dict[str, Any]]], told: tuple[int | None, int | None]
) -> None:
    """An answer that broke off was billed, and the agent asks again without counting it."""
    *_, result = turn(INIT, *(line for one in requests for line in one), end())
    assert (result.usage.input_tokens, result.usage.output_tokens) == told
    assert (result.usage.known, result.failure) == (told != (None, None), None)


def test_a_round_that_failed_before_the_answer_is_reported() -> None:
    """The answer counts, and the failure is a warning."""
    failed = {"type": "result", "is_error": True, "errors": ["boom"]}
    further = {"type": "result", "subtype": "success", "result": "two", "origin": {"kind": "x"}}
    said = {"type": "assistant", "message": {"content": [{"type": "text", "text": "two"}]}}
    events = turn(INIT, failed, INIT, said, further)
    assert "an earlier round failed: boom" in [one.message for one in of(Warned, events)]
    assert (events[-1].text, events[-1].failure) == ("two", None)
