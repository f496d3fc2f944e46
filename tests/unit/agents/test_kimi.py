"""Kimi Code's own file of a conversation, its prompt, and what a person's settings allow."""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from clinvk.agents.kimi.live import KimiLiveParser
from clinvk.agents.registry import get
from clinvk.errors import BackendUnsupportedError
from clinvk.model.access import Access
from clinvk.model.command_line import certain_commands
from clinvk.model.events import Message, PermissionRequest, Warned
from clinvk.model.failure import FailureCode
from clinvk.model.outcome import Outcome, StopReason
from clinvk.model.request import Reply, TurnRequest

AGENT = get("kimi")
REQUEST = TurnRequest(prompt="Do it.", cwd=Path("/project"))
USED = {"inputOther": 60, "inputCacheRead": 40, "inputCacheCreation": 0, "output": 10}


def step(kind: str, **event: Any) -> dict[str, Any]:
    """A line about a step."""
    return {"type": "context.append_loop_event", "event": {"type": kind, **event}}


def turn(prompt: str, *lines: dict[str, Any], end: str = "completed", **ended: Any) -> list[str]:
    """The lines of a turn."""
    begin = {
        "type": "turn.prompt",
        "origin": {"kind": "user"},
        "input": [{"type": "text", "text": prompt}],
        "promptId": f"msg_{prompt}",
        "time": 1_000,
    }
    last = {"type": "turn.ended", "reason": end, "time": 2_000, **ended}
    return [json.dumps(line) for line in (begin, *lines, last)]


def answer(text: str, finish: str | None = "stop") -> list[dict[str, Any]]:
    """The lines of a request to the model and its answer."""
    return [
        step("step.begin"),
        {"type": "usage.record", "model": "k/m", "usage": USED},
        step("content.part", part={"type": "text", "text": text}),
        step("step.end", finishReason="end_turn", rawFinishReason=finish),
    ]


def outcome(lines: list[str], prompts: int = 1, text: str = "x") -> Outcome:
    """What the file adds to a turn that ended as any other."""
    told = Outcome(text=text, stop_reason=StopReason.END_TURN, counters={"prompts": prompts})
    return AGENT.with_figures(told, REQUEST, reversed(lines))


def test_a_turn_has_the_figures_of_its_own_requests() -> None:
    """Those of the turn before it are not its own; a denial with a reason is a second prompt."""
    lines = [*turn("one", *answer("1")), *turn("two", *answer("2"), *answer("3"))]
    two = outcome(lines).usage
    assert (two.input_tokens, two.cached_tokens, two.output_tokens) == (200, 80, 20)
    assert outcome(lines, prompts=2).usage.total_tokens == 330
    assert not outcome(lines, prompts=3).usage.known
    assert outcome(lines).counters is None


def test_what_a_sub_agent_used_is_part_of_the_turn_if_it_is_known() -> None:
    """One that works on, or that goes on from an earlier turn, makes the figures unknown."""
    spawned = {"type": "subagent.spawned", "subagentId": "a"}
    completed = {"type": "subagent.completed", "subagentId": "a", "usage": USED}
    assert outcome(turn("p", *answer("1"), spawned, completed)).usage.total_tokens == 220
    assert not outcome(turn("p", *answer("1"), spawned)).usage.known
    assert not outcome(turn("p", *answer("1"), completed)).usage.known


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": "provider.rate_limit", "message": "429 slow down"}, FailureCode.RATE_LIMITED),
        ({"code": "provider.connection_error", "message": "no"}, FailureCode.NETWORK),
        ({"code": "context.overflow", "message": "no"}, FailureCode.CONTEXT_TOO_LONG),
        ({"code": "provider.api_error", "details": {"statusCode": 529}}, FailureCode.OVERLOADED),
        ({"code": "provider.rate_limit", "message": "exceeded your current quota"},
         FailureCode.BUDGET_LIMIT),
        ({"code": 7, "message": ["?"], "details": None}, FailureCode.AGENT_FAILED),
        ({}, FailureCode.AGENT_FAILED),
    ],
)  # fmt: skip
def test_a_failure_that_the_protocol_does_not_tell_is_read_from_the_file(
    error: dict[str, Any], code: FailureCode
) -> None:
    """With the figures of what was answered before it."""
    found = outcome(turn("p", *answer("1"), end="failed", error=error))
    assert found.failure is not None
    assert (found.failure.code, found.stop_reason) == (code, StopReason.ERROR)
    assert found.usage.total_tokens == 110


def test_the_limit_of_steps_is_a_stop_of_its_own() -> None:
    """Its own words name a setting of its configuration."""
    found = outcome(turn("p", end="failed", error={"code": "loop.max_steps_exceeded"}))
    assert found.failure is not None
    assert found.failure.code is FailureCode.TURN_LIMIT
    assert found.stop_reason is StopReason.MAX_TURNS


@pytest.mark.parametrize(
    ("streamed", "text"), [("halfall", "all"), ("all", "all"), ("other", "other")]
)
def test_the_answer_is_that_of_the_last_try(streamed: str, text: str) -> None:
    """What was streamed of a try that failed, and its own notices, stand before it."""
    lines = turn("p", step("step.begin"), step("step.end", finishReason="error"), *answer("all"))
    assert outcome(lines, text=streamed).text == text


def test_an_answer_without_an_end_is_no_success() -> None:
    """It calls a stream that was cut off complete, and counts nothing (2.1.0)."""
    found = outcome(turn("p", *answer("half", finish=None)))
    assert found.failure is not None
    assert found.failure.code is FailureCode.NETWORK
    assert not found.usage.known


@pytest.mark.parametrize("line", ["", "{", "[]", '{"type": 7}', '{"type": "turn.ended"}', "null"])
def test_a_damaged_file_adds_nothing(line: str) -> None:
    """And what was told stays."""
    assert outcome([line]).failure is None
    assert AGENT.native().turns([line]) == ()
    assert AGENT.native().conversation_start(line) is None


def test_its_turns_are_those_of_a_person() -> None:
    """With the last words, and what a cut-off one used is unknown."""
    injected = json.dumps({"type": "turn.prompt", "origin": {"kind": "task"}, "input": []})
    lines = [*turn("one", *answer("1"), *answer("2")), injected]
    cut = turn("two", *answer("3"))[:-1]
    one, two = AGENT.native().turns([*lines, *cut])
    assert (one.id, one.prompt, one.text, one.model) == ("msg_one", "one", "2", "k/m")
    assert one.usage.total_tokens == 220
    assert two.interrupted
    assert not two.usage.known


def test_only_a_title_that_somebody_made_is_its_title() -> None:
    """At first it is the start of the prompt."""
    state = {"id": "session_1", "title": "Fix it", "titleKind": "replaceable"}
    native = AGENT.native()
    assert native.title("session_1", [json.dumps(state)]) is None
    made = json.dumps({**state, "titleKind": "generated"})
    assert native.title("session_1", [made]) == "Fix it"
    assert native.title("session_2", [made]) is None


@pytest.mark.parametrize(("prompt", "blocks"), [("/help", ["", "/help"]), (" /x", [" /x"])])
def test_a_prompt_is_never_one_of_its_commands(prompt: str, blocks: list[str]) -> None:
    """A text that begins with `/` would be answered without a model."""
    parser = KimiLiveParser(replace(REQUEST, prompt=prompt))
    sent: list[Any] = []
    for result in ({"protocolVersion": 1}, {"sessionId": "session_1"}, {}):
        line = json.dumps({"jsonrpc": "2.0", "id": len(sent) + 1, "result": result})
        sent += [json.loads(one.data) for one in parser.feed(line) if isinstance(one, Reply)]
    assert [one["method"] for one in sent] == ["session/new", "session/set_mode", "session/prompt"]
    assert [one["text"] for one in sent[-1]["params"]["prompt"]] == blocks


def begun() -> KimiLiveParser:
    """A parser whose prompt was sent."""
    parser = KimiLiveParser(REQUEST)
    for number, result in enumerate(({"protocolVersion": 1}, {"sessionId": "session_1"}, {}), 1):
        list(parser.feed(json.dumps({"jsonrpc": "2.0", "id": number, "result": result})))
    return parser


def asks(parser: KimiLiveParser, title: str, said: str) -> list[Any]:
    """What becomes of a sub-agent's request."""
    content = [{"type": "content", "content": {"type": "text", "text": said}}]
    call = {"toolCallId": "0:x", "title": title, "content": content}
    options = [
        {"optionId": "approve_once", "kind": "allow_once"},
        {"optionId": "reject", "kind": "reject_once"},
    ]
    params = {"sessionId": "session_1", "options": options, "toolCall": call}
    asked = {"jsonrpc": "2.0", "id": 0, "method": "session/request_permission", "params": params}
    return list(parser.feed(json.dumps(asked)))


@pytest.mark.parametrize(
    ("said", "command"),
    [
        ("Requesting approval to Running: make test", "make test"),
        ("Requesting approval to Starting background: a…", "a… $(…)"),
        ("Requesting approval to something", None),
    ],
)
def test_a_sub_agents_command_is_what_is_told_of_it(said: str, command: str | None) -> None:
    """It shortens a long one: no rule may take the start for the whole."""
    request = asks(begun(), "Bash", said)[-1]
    assert isinstance(request, PermissionRequest)
    assert request.command == command
    assert command != "a… $(…)" or certain_commands(command) == []


def test_its_question_is_skipped() -> None:
    """To allow it would choose the first answer."""
    (reply,) = asks(begun(), "AskUserQuestion", "Which color?")
    assert b'"reject"' in reply.data


def test_its_notices_are_not_the_answer() -> None:
    """It says in the stream of words that it makes room; that is a warning, once."""
    parser, events = begun(), []
    for words in ("Compacting conversation context…", "Compaction completed.\n- Messages: 3", "Hi"):
        update = {
            "sessionUpdate": "agent_message_chunk",
            "content": {"type": "text", "text": words},
        }
        params = {"sessionId": "session_1", "update": update}
        line = {"jsonrpc": "2.0", "method": "session/update", "params": params}
        events += list(parser.feed(json.dumps(line)))
    assert [type(event) for event in events] == [Warned, Message]
    assert parser.updates.answer.text == "Hi"


def test_a_sub_agents_change_is_asked_for_at_its_file() -> None:
    """Its request names neither the kind nor the file; the file's own request does."""
    parser = begun()
    (reply,) = asks(parser, "Write", "Requesting approval to Writing a")
    assert b'"approve_once"' in reply.data
    params = {"sessionId": "session_1", "path": "/project/a", "content": "x"}
    write = {"jsonrpc": "2.0", "id": 1, "method": "fs/write_text_file", "params": params}
    (request,) = parser.feed(json.dumps(write))
    assert isinstance(request, PermissionRequest)
    assert (request.tool, request.paths) == ("Write", ("/project/a",))


def test_only_a_trusted_directory_names_programs_that_run() -> None:
    """Also by another name of its parents; without a record nothing of a repository is read."""
    asked = replace(REQUEST, access=Access.READ_ONLY)
    for root, runs in (("/project", True), ("/link/project", True), ("/other", False)):
        told = {"trusted": f'{{"root": "{root}", "trustedAt": 1}}'}
        assert AGENT.runs_always(replace(asked, texts=told)) is runs
    assert not AGENT.runs_always(asked)


def test_its_screen_is_never_read_only() -> None:
    """It has all its tools there, whatever its options say, and writes unasked (2.1.0)."""
    with pytest.raises(BackendUnsupportedError, match="read-only in its screen"):
        AGENT.screen(replace(REQUEST, access=Access.READ_ONLY))
