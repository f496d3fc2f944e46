"""Claude's control protocol beyond the recorded streams: odd requests, and each answer."""

import json
from pathlib import Path
from typing import Any

import pytest

from clinvk.agents.base import Parser, Reply
from clinvk.agents.claude.backend import Agent
from clinvk.model.access import Access
from clinvk.model.events import Event, PermissionAnswer, PermissionRequest, Raw, Result
from clinvk.model.permission import DecidedBy, Decision, FileEdit, ToolKind
from clinvk.model.request import TurnRequest

RESULT = '{"type": "result", "subtype": "success", "result": "done", "session_id": "c"}'
STARTED = '{"type": "system", "subtype": "task_started", "task_id": "t", "task_type": "%s"}'
ENDED = '{"type": "system", "subtype": "task_notification", "task_id": "t", "status": "completed"}'
KILLED = (
    ENDED.replace("task_notification", "task_updated")[:-1] + ', "patch": {"status": "killed"}}'
)
LISTED = '{"type": "system", "subtype": "background_tasks_changed", "tasks": [%s]}'


def live() -> Parser:
    """The parser of a turn that asks."""
    return Agent().parser(TurnRequest(prompt="p", cwd=Path("/project"), access=Access.ASK))


def control(asked: object = "a", subtype: str = "can_use_tool", **more: Any) -> str:
    """A request of the agent on a line."""
    request = {"subtype": subtype, "tool_name": "Bash", "input": {"command": "ls"}, **more}
    return json.dumps({"type": "control_request", "request_id": asked, "request": request})


def told(parsed: Any) -> tuple[list[Event], list[dict[str, Any]]]:
    """The events, and the responses in the replies."""
    every = list(parsed)
    replies = [json.loads(one.data)["response"] for one in every if isinstance(one, Reply)]
    return [one for one in every if not isinstance(one, Reply)], replies


def asked(parser: Parser, line: str) -> PermissionRequest:
    """The request of that line."""
    (request,) = parser.feed(line)
    assert isinstance(request, PermissionRequest)
    return request


def answered(parser: Parser, request: PermissionRequest, **answer: Any) -> dict[str, Any]:
    """The response to that answer."""
    given = {"decision": Decision.ALLOW, "by": DecidedBy.PERSON, **answer}
    events, (response,) = told(parser.answer(PermissionAnswer(id=request.id, **given)))
    assert events == []
    assert told(parser.answer(PermissionAnswer(id=request.id, **given))) == ([], [])
    content: dict[str, Any] = response["response"]
    assert response == {"subtype": "success", "request_id": "a", "response": content}
    return content


@pytest.mark.parametrize("decision", [Decision.ALLOW, Decision.ALLOW_TURN])
def test_what_is_allowed_is_the_call_as_it_was(decision: Decision) -> None:
    """Every letter and number of it, and never for longer than this call."""
    parser = live()
    given = {"command": "echo ü \ud83d", "timeout": 12345678901234567890, "ratio": 0.1, "n": None}
    line = control(input=given, permission_suggestions=[{"type": "setMode"}])
    response = answered(parser, asked(parser, line), decision=decision)
    assert response == {"behavior": "allow", "updatedInput": given}


def test_another_command_takes_the_place_of_the_agents() -> None:
    """With the rest of the call as it was."""
    parser = live()
    request = asked(parser, control(input={"command": "rm -r .", "timeout": 5}))
    assert request.editable
    response = answered(parser, request, command="ls")
    assert response["updatedInput"] == {"command": "ls", "timeout": 5}


@pytest.mark.parametrize("by", [one for one in DecidedBy if one is not DecidedBy.AGENT])
def test_a_denial_says_who_denied_and_why(by: DecidedBy) -> None:
    """The model reads it, so it must be true; only a stop interrupts the turn."""
    parser = live()
    response = answered(
        parser, asked(parser, control()), decision=Decision.DENY, by=by, reason="too late"
    )
    assert response["behavior"] == "deny"
    assert response["message"].endswith("too late")
    assert ("user" in response["message"]) == (by not in {DecidedBy.ACCESS, DecidedBy.NOBODY})
    assert "interrupt" not in response
    stopped = answered(parser, asked(parser, control()), decision=Decision.STOP)
    assert stopped["interrupt"] is True


def test_a_denied_call_is_not_told_a_second_time() -> None:
    """The result lists it too; one that clinvk was not asked about is told."""
    parser = live()
    request = asked(parser, control(tool_use_id="call-1"))
    answered(parser, request, decision=Decision.DENY)
    denied = [{"tool_use_id": "call-1", "tool_name": "Bash"}, {"tool_use_id": "call-2"}]
    events, _ = told(parser.feed(RESULT[:-1] + f', "permission_denials": {json.dumps(denied)}}}'))
    assert [event.type for event in events].count("warning") == 1


@pytest.mark.parametrize(
    ("tool", "arguments", "kind", "paths", "edits"),
    [
        (
            "Edit",
            {"file_path": "a", "old_string": "x", "new_string": "y", "replace_all": True},
            ToolKind.EDIT,
            ("a",),
            (FileEdit(path="a", old="x", new="y"),),
        ),
        (
            "MultiEdit",
            {"file_path": "a", "edits": [{"old_string": "x", "new_string": "y"}, 7, {}]},
            ToolKind.EDIT,
            ("a",),
            (FileEdit(path="a", old="x", new="y"),),
        ),
        (
            "NotebookEdit",
            {"notebook_path": "n", "cell_id": "c", "new_source": "1"},
            ToolKind.EDIT,
            ("n",),
            (FileEdit(path="n", old="", new="1"),),
        ),
        ("Read", {"file_path": "/etc/passwd"}, ToolKind.READ, ("/etc/passwd",), ()),
        ("WebFetch", {"url": "http://x/"}, ToolKind.FETCH, ("http://x/",), ()),
        ("mcp__files__write", {"path": "a", "content": "x"}, ToolKind.OTHER, (), ()),
        ("A tool of tomorrow", {}, ToolKind.OTHER, (), ()),
    ],
)
def test_each_tool_is_described_so_that_a_person_can_judge_it(
    tool: str,
    arguments: dict[str, Any],
    kind: ToolKind,
    paths: tuple[str, ...],
    edits: tuple[FileEdit, ...],
) -> None:
    """Its kind, its files, its change, and whatever else it was given."""
    request = asked(live(), control(tool_name=tool, input=arguments))
    assert (request.tool, request.kind, request.paths, request.edits) == (tool, kind, paths, edits)
    assert (request.command, request.editable) == (None, False)
    shown = f"{request.summary} {request.reason} {request.paths} {request.edits}"
    for value in arguments.values():
        assert isinstance(value, list) or str(value).lower() in shown


@pytest.mark.parametrize(
    "line",
    [
        control(subtype="hook_callback"),
        control(subtype="mcp_message"),
        control(input={"command": "x", "n": float("inf")}),
        control(input="no arguments"),
        '{"type": "control_request", "request_id": "a"}',
        '{"type": "control_request", "request_id": "a", "request": []}',
        control(input={"command": "y" * 10_000})[:9_000],
    ],
    ids=lambda line: line.strip()[:80],
)
def test_what_nobody_can_answer_is_refused_at_once(line: str) -> None:
    """The agent does not wait for ever: not for what is unknown, broken, or was cut off."""
    events, (response,) = told(live().feed(line))
    assert events == [Raw(line=line)]
    assert (response["subtype"], response["request_id"]) == ("error", "a")


@pytest.mark.parametrize("asked", [None, 7, "", ["a"]])
def test_a_request_without_an_id_cannot_be_answered(asked: object) -> None:
    """It is kept as it came."""
    line = control(asked)
    assert told(live().feed(line)) == ([Raw(line=line)], [])


def test_a_second_request_with_an_open_id_never_gets_the_answer_of_the_first() -> None:
    """It is refused; once the first is answered, the id is free again."""
    parser = live()
    first = asked(parser, control())
    _, (refused,) = told(parser.feed(control(input={"command": "rm -r ."})))
    assert refused["subtype"] == "error"
    assert answered(parser, first)["updatedInput"] == {"command": "ls"}
    assert asked(parser, control()).id != first.id


def test_a_request_that_is_withdrawn_is_no_longer_answered() -> None:
    """The agent says so on SIGINT."""
    parser = live()
    request = asked(parser, control())
    withdrawn = '{"type": "control_cancel_request", "request_id": "a"}'
    (event,) = parser.feed(withdrawn)
    assert event == PermissionAnswer(id=request.id, decision=Decision.DENY, by=DecidedBy.AGENT)
    assert list(parser.feed(withdrawn)) == []
    allowed = PermissionAnswer(id=request.id, decision=Decision.ALLOW, by=DecidedBy.PERSON)
    assert list(parser.answer(allowed)) == []


def test_a_request_after_the_turn_is_over_is_refused() -> None:
    """Its answer could not be sent any more: stdin is closed."""
    parser = live()
    list(parser.feed(RESULT))
    assert parser.settled
    events, (response,) = told(parser.feed(control()))
    assert [type(event) for event in events] == [Raw]
    assert response["subtype"] == "error"
    (result,) = parser.finish(0, "")
    assert isinstance(result, Result)
    assert result.failure is None
    assert list(parser.feed(control())) == []


@pytest.mark.parametrize(
    ("lines", "open_until_the_end"),
    [
        ([STARTED % "local_agent"], True),
        ([STARTED % "local_bash"], False),
        ([LISTED % '{"task_id": "t"}', STARTED % "local_bash"], True),
        ([LISTED % '{"task_id": "t"}', STARTED % "local_bash", LISTED % ""], False),
        ([STARTED % "local_agent", ENDED], False),
        (
            [
                STARTED % "local_agent",
                KILLED,
            ],
            False,
        ),
    ],
)
def test_stdin_stays_open_while_a_task_may_still_ask(
    lines: list[str], *, open_until_the_end: bool
) -> None:
    """And is closed after the round that tells of its end."""
    parser = live()
    for line in (*lines, RESULT):
        list(parser.feed(line))
    assert parser.settled != open_until_the_end
    if open_until_the_end:
        assert asked(parser, control()).command == "ls"
        for line in (ENDED, RESULT):
            assert not parser.settled
            list(parser.feed(line))
        assert parser.settled
