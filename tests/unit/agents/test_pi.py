"""Pi's own facts: what its sessions, its gate and its files need."""

import json
from pathlib import Path
from typing import Any

import pytest

from clinvk.agents.base import Reply
from clinvk.agents.pi.backend import Agent
from clinvk.agents.pi.event_stream import EventParser
from clinvk.agents.pi.session_log import SessionLog
from clinvk.errors import BackendUnsupportedError, SessionNotFoundError
from clinvk.model.access import Access
from clinvk.model.conversation import TurnMode
from clinvk.model.events import (
    Event,
    Failed,
    FileChange,
    Init,
    PermissionAnswer,
    PermissionRequest,
    Raw,
    Result,
    Warned,
)
from clinvk.model.failure import FailureCode
from clinvk.model.permission import DecidedBy, Decision
from clinvk.model.request import TurnRequest

ID = "123e4567-e89b-42d3-a456-426614174000"
HOME = Path("/home/me")
FLAT = {"PI_CODING_AGENT_SESSION_DIR": "~/sessions"}


def ask(**fields: Any) -> TurnRequest:
    """A request with these fields."""
    return TurnRequest(**{"prompt": "hello", "cwd": Path("/code/my app"), "home": HOME, **fields})


def resume(**fields: Any) -> TurnRequest:
    """A request for a further turn."""
    return ask(conversation=ID, mode=TurnMode.RESUME, **fields)


def line(kind: str, **fields: Any) -> str:
    """One line of its stream."""
    return json.dumps({"type": kind, **fields})


def said(text: str = "", **fields: Any) -> str:
    """The end of an answer."""
    content = [{"type": "text", "text": text}] if text else []
    usage = {"input": 100, "output": 10, "cacheRead": 5, "cacheWrite": 0, "cost": {"total": 0.5}}
    answer = {"role": "assistant", "content": content, "usage": usage, "stopReason": "stop"}
    return line("message_end", message={**answer, "provider": "p", "model": "m", **fields})


def read(parser: EventParser, *lines: str) -> list[Event | Reply]:
    """The events of these lines."""
    return [event for one in lines for event in parser.feed(one)]


SETTLED = line("agent_settled", aborted=False)


def test_the_sessions_folder_is_its_own_and_never_the_repositorys() -> None:
    """Else a `.pi/settings.json` that nobody trusted says where the conversation is written."""
    argv = Agent().invocation(ask(conversation=ID)).argv
    folder = "/home/me/.pi/agent/sessions/--code-my app--"
    assert argv[argv.index("--session-dir") + 1] == folder
    assert "--session-dir" not in Agent().invocation(ask(ephemeral=True)).argv
    moved = ask(environ={"PI_CODING_AGENT_DIR": "/pi"})
    assert "/pi/sessions/--code-my app--" in Agent().invocation(moved).argv
    assert "--session-dir" not in Agent().invocation(ask(environ=FLAT)).argv


def test_a_conversation_is_looked_for_where_the_turn_puts_it() -> None:
    """In a folder for each directory, or in the one that the person chose for all."""
    found = Agent().conversation_files(ID, HOME, {})
    assert (found.root, found.pattern) == (HOME / ".pi/agent/sessions", f"*/*_{ID}.jsonl")
    flat = Agent().conversation_files(ID, HOME, FLAT)
    assert (flat.root, flat.pattern) == (HOME / "sessions", f"*_{ID}.jsonl")


@pytest.mark.parametrize("prompt", ["y", "YES\nplease", "y\r\nand more"])
def test_a_prompt_is_never_taken_as_the_answer_to_whether_to_fork(prompt: str) -> None:
    """It asks only where it looks for conversations of all directories in one folder."""
    with pytest.raises(BackendUnsupportedError):
        Agent().invocation(resume(prompt=prompt, environ=FLAT))
    Agent().invocation(resume(prompt=prompt))
    Agent().invocation(ask(prompt=prompt, environ=FLAT))
    asks = Agent().invocation(resume(prompt=prompt, environ=FLAT, access=Access.ASK))
    assert asks.stdin.startswith(b"{")


def test_a_further_turn_never_begins_a_conversation() -> None:
    """`--session-id` would silently begin an empty one; a copy is a new one."""
    assert Agent().invocation(ask(conversation=ID)).argv[4:6] == ("--session-id", ID)
    assert Agent().invocation(resume()).argv[4:6] == ("--session", ID)
    copy = Agent().invocation(resume(backend_args=("--fork",)))
    assert copy.argv[4:6] == ("--fork", ID)
    assert "--session" not in copy.argv
    with pytest.raises(SessionNotFoundError):
        Agent().invocation(ask(conversation="../a.jsonl", mode=TurnMode.RESUME))


def test_an_answer_that_failed_is_a_failure_whatever_the_exit_code() -> None:
    """1.6.0 exits with 0; what the service refused was not billed."""
    parser = EventParser(ask())
    error = '429: {"message": "Slow down.", "code": "rate_limit_exceeded"}'
    refused = said(stopReason="error", errorMessage=error)
    retry = line("auto_retry_start", attempt=1, maxAttempts=3, delayMs=2000, errorMessage=error)
    events = read(parser, line("session", id=ID), refused, retry, refused, SETTLED)
    assert events[0] == Init(backend_session_id=ID, model=None)
    assert isinstance(events[1], Warned)
    assert "(Slow down.), trying again in 2.0 s (attempt 1 of 3)" in events[1].message
    result = events[-1]
    assert isinstance(result, Result)
    assert result.failure is not None
    assert result.failure.code is FailureCode.RATE_LIMITED
    assert not result.usage.known
    assert list(parser.finish(0, "")) == []


def test_a_retry_that_succeeds_has_the_figures_of_the_answer_alone() -> None:
    """Those of an answer that was cut off are unknown, and so is the sum."""
    refused = said(stopReason="error", errorMessage="503 overloaded")
    result = read(EventParser(ask()), refused, said("Yes."), SETTLED)[-1]
    assert isinstance(result, Result)
    assert (result.text, result.usage.total_tokens, result.cost_usd) == ("Yes.", 115, 0.5)
    cut = said(stopReason="error", errorMessage="Stream ended without finish_reason")
    result = read(EventParser(ask()), cut, said("Yes."), SETTLED)[-1]
    assert isinstance(result, Result)
    assert not result.usage.known
    assert result.cost_usd is None


def test_a_conversation_that_exists_is_not_continued_by_a_new_one() -> None:
    """It would get the prompt of somebody else."""
    state = {"sessionId": ID, "messageCount": 3, "model": {"provider": "p", "id": "m"}}
    opened = line("response", command="get_state", success=True, data=state)
    init, failed, result = read(EventParser(ask(conversation=ID, access=Access.ASK)), opened)
    assert init == Init(backend_session_id=ID, model="p/m")
    assert isinstance(failed, Failed)
    assert isinstance(result, Result)
    assert failed.failure.code is FailureCode.CONVERSATION_EXISTS
    assert read(EventParser(resume(access=Access.ASK)), opened) == [init]


def _asked(tool: str, arguments: dict[str, Any], title: str = "clinvk: permission") -> str:
    call = json.dumps({"tool": tool, "call": "c1", "input": arguments})
    return line("extension_ui_request", id="u-1", method="input", title=title, placeholder=call)


def test_the_answer_goes_to_the_gate_with_another_command_or_the_reason() -> None:
    """Each request is answered once; the model reads who denied it and why."""
    parser = EventParser(ask(access=Access.ASK))
    [request] = read(parser, _asked("bash", {"command": "rm a", "timeout": 5}))
    assert isinstance(request, PermissionRequest)
    assert (request.command, request.tool_use_id, request.editable) == ("rm a", "c1", True)
    assert request.reason == "timeout: 5"
    other = PermissionAnswer(
        id=request.id, decision=Decision.ALLOW, by=DecidedBy.PERSON, command="ls"
    )
    [reply] = parser.answer(other)
    assert isinstance(reply, Reply)
    told = json.loads(reply.data)
    assert (told["type"], told["id"]) == ("extension_ui_response", "u-1")
    assert json.loads(told["value"])["command"] == "ls"
    assert list(parser.answer(other)) == []
    edits = [{"oldText": "a", "newText": "b"}]
    [edit] = read(parser, _asked("edit", {"path": "x.py", "edits": edits}))
    assert isinstance(edit, PermissionRequest)
    assert [(one.path, one.old, one.new) for one in edit.edits] == [("x.py", "a", "b")]
    stop = PermissionAnswer(
        id=edit.id, decision=Decision.STOP, by=DecidedBy.PERSON, reason="Not now."
    )
    denied, abort = (reply for reply in parser.answer(stop) if isinstance(reply, Reply))
    value = json.loads(json.loads(denied.data)["value"])
    assert value == {"allow": False, "reason": "The user denied this. They say: Not now."}
    assert json.loads(abort.data) == {"type": "abort"}


@pytest.mark.parametrize("access", [Access.ASK, Access.FULL])
def test_what_another_extension_asks_is_cancelled(access: Access) -> None:
    """It would wait for ever; only our own gate can ask for a permission."""
    title = "Deploy?" if access is Access.ASK else "clinvk: permission"
    warned, reply = read(EventParser(ask(access=access)), _asked("bash", {}, title))
    assert isinstance(warned, Warned)
    assert isinstance(reply, Reply)
    assert json.loads(reply.data) == {
        "type": "extension_ui_response",
        "id": "u-1",
        "cancelled": True,
    }


def test_a_request_that_was_cut_off_is_cancelled() -> None:
    """A file of more than 10 MB in it is cut, and nobody could see what is asked."""
    cut = '{"type":"extension_ui_request","id":"u-9","method":"input","title":"clinvk: per'
    raw, reply = EventParser(ask(access=Access.ASK)).feed(cut)
    assert raw == Raw(line=cut)
    assert isinstance(reply, Reply)
    assert json.loads(reply.data)["id"] == "u-9"


def test_a_file_is_new_unless_the_turn_had_seen_it() -> None:
    """Its results do not say it."""

    def use(tool: str, path: str) -> list[str]:
        call = {"toolCallId": f"{tool}-{path}", "toolName": tool}
        done = {"content": [{"type": "text", "text": "ok"}]}
        return [
            line("tool_execution_start", args={"path": path}, **call),
            line("tool_execution_end", result=done, isError=False, **call),
        ]

    lines = (*use("read", "a"), *use("write", "a"), *use("write", "b"), *use("edit", "c"))
    changes = [one for one in read(EventParser(ask()), *lines) if isinstance(one, FileChange)]
    assert [(one.path, one.change.value) for one in changes] == [
        ("a", "modified"),
        ("b", "created"),
        ("c", "modified"),
    ]


def entry(identity: str, parent: str | None, kind: str = "message", **fields: Any) -> str:
    """One line of a session file."""
    time = f"2026-11-28T10:00:0{identity[-1]}.000Z"
    return json.dumps(
        {"type": kind, "id": identity, "parentId": parent, "timestamp": time, **fields}
    )


def user(text: str) -> dict[str, Any]:
    """The message of a person."""
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def answer(text: str, **fields: Any) -> dict[str, Any]:
    """The message of the model."""
    message: dict[str, Any] = json.loads(said(text, **fields))["message"]
    return message


HEADER = json.dumps(
    {"type": "session", "version": 3, "id": ID, "cwd": "/code", "timestamp": "2026-11-28T10:00:00Z"}
)


def test_the_turns_of_a_session_are_those_of_its_current_branch() -> None:
    """Going back in its screen leaves the other branch in the file."""
    lines = [
        HEADER,
        entry("e1", None, message={"role": "system", "content": ""}),
        entry("e2", "e1", message=user("first")),
        entry("e3", "e2", message=answer("one")),
        entry("e4", "e3", message=user("left")),
        entry("e5", "e4", message=answer("left too")),
        entry("e6", "e3", message=user("second")),
        entry("e7", "e6", message=answer("", stopReason="error", errorMessage="500: {}")),
        entry("e8", "e7", message=answer("two")),
        entry("e9", "e8", "session_info", name="A name"),
    ]
    first, second = SessionLog().turns(lines)
    assert (first.prompt, first.text, first.id) == ("first", "one", "e2")
    assert (second.prompt, second.text, second.failed) == ("second", "two", False)
    assert (first.usage.total_tokens, second.usage.total_tokens) == (115, 115)
    assert (first.model, first.cost_usd) == ("p/m", 0.5)
    assert not first.interrupted


def test_a_turn_that_was_cut_off_is_interrupted_and_a_failed_one_failed() -> None:
    """By the reason of its last answer."""
    begun = [HEADER, entry("e1", None, message=user("p"))]
    [cut] = SessionLog().turns(begun)
    [stopped] = SessionLog().turns(
        [*begun, entry("e2", "e1", message=answer("a", stopReason="aborted"))]
    )
    [failed] = SessionLog().turns(
        [*begun, entry("e2", "e1", message=answer("", stopReason="error"))]
    )
    assert (cut.interrupted, stopped.interrupted, failed.failed) == (True, True, True)
    assert not stopped.usage.known


def test_a_session_without_a_message_is_empty() -> None:
    """1.6.0 continues it as a new conversation."""
    assert not SessionLog().has_content([HEADER, entry("e1", None, "model_change")])
    assert SessionLog().has_content([HEADER, entry("e1", None, message=user("p"))])
