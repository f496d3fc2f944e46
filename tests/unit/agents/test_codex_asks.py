"""What codex's app-server asks and is answered; what it prints is in its recorded streams."""

import json
from pathlib import Path
from typing import Any

import pytest

from clinvk.agents.codex.app_server import AppServerParser
from clinvk.agents.codex.backend import Agent
from clinvk.errors import BackendUnsupportedError
from clinvk.model.access import Access
from clinvk.model.conversation import TurnMode
from clinvk.model.events import (
    Event,
    Init,
    PermissionAnswer,
    PermissionRequest,
    Raw,
    Result,
    ToolResult,
    Warned,
)
from clinvk.model.failure import FailureCode
from clinvk.model.permission import DecidedBy, Decision, FileEdit, ToolKind
from clinvk.model.request import Reply, TurnRequest

THREAD = "00000000-0000-4000-8000-000000000001"
OTHER = "00000000-0000-4000-8000-000000000002"
HERE = {"threadId": THREAD, "turnId": "t1"}
COMMAND = "item/commandExecution/requestApproval"
PATCH = "item/fileChange/requestApproval"


def request(**more: Any) -> TurnRequest:
    """A turn that asks."""
    return TurnRequest(prompt="go", cwd=Path("/project"), access=Access.ASK, **more)


def line(**message: Any) -> str:
    """A message of the agent."""
    return json.dumps(message)


def sent(parsed: list[Event | Reply]) -> list[dict[str, Any]]:
    """The messages among what the parser returned."""
    return [json.loads(one.data) for one in parsed if isinstance(one, Reply)]


class Server:
    """A parser whose turn has begun; `says` is what it makes of a message."""

    def __init__(self, asked: TurnRequest | None = None) -> None:
        self.parser = AppServerParser(asked or request())
        self.opened = self.says(id=2, result={"thread": {"id": THREAD}, "model": "m"})
        self.says(id=3, result={"turn": {"id": "t1"}})

    def says(self, **message: Any) -> list[Event | Reply]:
        """What the parser returns for the agent's message."""
        return list(self.parser.feed(line(**message)))

    def asks(self, identity: object, method: str, **params: Any) -> PermissionRequest:
        """The request as a person gets it."""
        (asked,) = self.says(id=identity, method=method, params={**HERE, **params})
        assert isinstance(asked, PermissionRequest)
        return asked

    def answers(
        self, asked: PermissionRequest, decision: Decision, reason: str | None = None
    ) -> list[dict[str, Any]]:
        """What the agent is sent for that answer."""
        answer = PermissionAnswer(
            id=asked.id, decision=decision, by=DecidedBy.PERSON, reason=reason
        )
        return sent(list(self.parser.answer(answer)))


def result_to(identity: object, **result: Any) -> list[dict[str, Any]]:
    """The only message: the response to that request."""
    return [{"jsonrpc": "2.0", "id": identity, "result": result}]


def test_the_prompt_follows_the_opened_thread() -> None:
    """With the person's images; until then nothing of it is sent."""
    asked = request(backend_args=("--image=a.png,b.png", "-i", "c.png", "-c", "x=1"))
    invocation = Agent().invocation(asked)
    untrusted = (
        '--config=projects={"/project"={trust_level="untrusted"},"/"={trust_level="untrusted"}}'
    )
    assert invocation.argv == ("codex", "app-server", untrusted, "-c", "x=1")
    assert invocation.dialogue
    parser = Agent().parser(asked)
    init, reply = parser.feed(line(id=2, result={"thread": {"id": THREAD}, "model": "m"}))
    assert init == Init(backend_session_id=THREAD, model="m")
    (start,) = sent([reply])
    assert (start["id"], start["method"]) == (3, "turn/start")
    images = [{"type": "localImage", "path": f"{name}.png"} for name in "abc"]
    assert start["params"]["input"] == [*images, {"type": "text", "text": "go"}]


@pytest.mark.parametrize("argument", ["--output-schema=x", "--add-dir=/tmp", "--oss", "x"])
def test_an_argument_of_headless_runs_only_is_refused(argument: str) -> None:
    """The app-server would not know it, or take it for something else."""
    with pytest.raises(BackendUnsupportedError, match="while it asks"):
        Agent().refuse_unsupported(request(backend_args=(argument,)))


@pytest.mark.parametrize("thread", [{"id": OTHER}, {}, {"id": 5}])
def test_the_prompt_is_never_sent_to_another_thread(thread: dict[str, Any]) -> None:
    """The turn ends there, as one whose conversation is gone."""
    parser = AppServerParser(request(conversation=THREAD, mode=TurnMode.RESUME))
    parsed = list(parser.feed(line(id=2, result={"thread": thread})))
    assert sent(parsed) == []
    last = parsed[-1]
    assert isinstance(last, Result)
    assert last.failure is not None
    assert last.failure.code is FailureCode.CONVERSATION_GONE


def test_a_thread_that_is_in_use_elsewhere_is_busy() -> None:
    """The words of 0.171.0, when another process writes the thread."""
    parser = AppServerParser(request(conversation=THREAD, mode=TurnMode.RESUME))
    words = f"thread {THREAD} already has an active writer"
    *_, last = parser.feed(line(id=2, error={"code": -32600, "message": words}))
    assert isinstance(last, Result)
    assert last.failure is not None
    assert last.failure.code is FailureCode.CONVERSATION_BUSY


def test_two_requests_at_once_are_answered_in_any_order() -> None:
    """With the ids 0 and 1, each with its own answer."""
    server = Server()
    first = server.asks(0, COMMAND, itemId="a", command="/bin/bash -lc 'touch a'")
    second = server.asks(1, COMMAND, itemId="b", command="/bin/bash -lc 'touch b'")
    assert first.id != second.id
    assert server.answers(second, Decision.DENY) == result_to(1, decision="decline")
    assert server.answers(first, Decision.ALLOW) == result_to(0, decision="accept")
    assert server.answers(first, Decision.ALLOW) == []


@pytest.mark.parametrize(
    ("decision", "word"),
    [
        (Decision.ALLOW, "accept"),
        (Decision.ALLOW_TURN, "accept"),
        (Decision.DENY, "decline"),
        (Decision.STOP, "cancel"),
    ],
)
def test_no_answer_outlasts_the_turn(decision: Decision, word: str) -> None:
    """Also a yes for the whole turn is one for this request."""
    server = Server()
    asked = server.asks(0, COMMAND, itemId="a", command="ls")
    assert server.answers(asked, decision) == result_to(0, decision=word)


def test_a_reason_is_said_to_the_turn_that_asked() -> None:
    """After the refusal; if the turn takes it no more, that is a warning."""
    server = Server()
    asked = server.asks(0, COMMAND, itemId="a", command="ls")
    refusal, steer = server.answers(asked, Decision.DENY, "not there")
    assert refusal["result"] == {"decision": "decline"}
    assert (steer["id"], steer["method"]) == (4, "turn/steer")
    said = [{"type": "text", "text": "not there"}]
    assert steer["params"] == {"threadId": THREAD, "expectedTurnId": "t1", "input": said}
    (warning,) = server.says(id=4, error={"code": -32600, "message": "no active turn"})
    assert warning == Warned(message="the reason did not reach the agent: no active turn")


def test_a_request_with_an_open_id_ends_both() -> None:
    """The person's question is withdrawn, and its answer is sent to nobody."""
    server = Server()
    asked = server.asks(0, COMMAND, itemId="a", command="ls")
    reply, withdrawn = server.says(id=0, method=COMMAND, params={**HERE, "command": "rm -r /"})
    (refused,) = sent([reply])
    assert refused["error"]["message"]
    assert withdrawn == PermissionAnswer(id=asked.id, decision=Decision.DENY, by=DecidedBy.AGENT)
    assert server.answers(asked, Decision.ALLOW) == []


def test_a_request_that_the_agent_resolves_itself_is_withdrawn() -> None:
    """The message comes after each answer too, and then says nothing new."""
    server = Server()
    asked = server.asks("x", COMMAND, itemId="a", command="ls")
    resolved = {"method": "serverRequest/resolved", "params": {**HERE, "requestId": "x"}}
    (withdrawn,) = server.says(**resolved)
    assert isinstance(withdrawn, PermissionAnswer)
    assert (withdrawn.id, withdrawn.by) == (asked.id, DecidedBy.AGENT)
    again = server.asks("x", COMMAND, itemId="a", command="ls")
    server.answers(again, Decision.ALLOW)
    assert server.says(**resolved) == []


@pytest.mark.parametrize(
    ("given", "command"),
    [
        ("/bin/bash -lc 'git status'", "git status"),
        ("/usr/bin/zsh -c 'a && b'", "a && b"),
        ("/bin/bash -lc ls", "ls"),
        ("""/bin/bash -lc 'echo '"'"'a b'"'"' > c'""", "echo 'a b' > c"),
        ("""/bin/bash -lc "echo \\"\\$HOME\\" \\a" """.strip(), 'echo "$HOME" \\a'),
        ("/bin/bash -lc a\\ b", "a b"),
        ("./bash -lc 'git status'", "./bash -lc 'git status'"),
        ("/tmp/bin/bash -lc 'git status'", "/tmp/bin/bash -lc 'git status'"),
        ("python3 -c 'git status'", "python3 -c 'git status'"),
        ("/bin/bash -lc 'git status' more", "/bin/bash -lc 'git status' more"),
        ("/bin/bash -lc 'open", "/bin/bash -lc 'open"),
    ],
)
def test_only_a_shell_of_the_system_is_left_out_of_a_command(given: str, command: str) -> None:
    """Any other program decides itself what the words mean, whatever it is called."""
    asked = Server().asks(0, COMMAND, itemId="a", command=given, cwd="/project", reason="why")
    assert (asked.command, asked.kind, asked.reason) == (command, ToolKind.EXECUTE, "why")
    assert (asked.tool, asked.tool_use_id) == ("command_execution", "a")


def test_a_command_elsewhere_says_where() -> None:
    """So that neither a person nor a rule takes it for one in the working directory."""
    asked = Server().asks(0, COMMAND, command="/bin/sh -c 'rm -r build'", cwd="/home/me")
    assert asked.command == "cd /home/me && rm -r build"


def test_what_a_command_gets_besides_is_shown() -> None:
    """And access to a host is asked for as an address."""
    more = {"network": {"enabled": True}, "fileSystem": None}
    asked = Server().asks(0, COMMAND, command="ls", additionalPermissions=more, reason="why")
    assert asked.reason == 'why\nwith {"network":{"enabled":true}}'
    host = {"host": "example.org", "protocol": "https"}
    asked = Server().asks(0, COMMAND, networkApprovalContext=host)
    assert (asked.kind, asked.paths) == (ToolKind.FETCH, ("https://example.org",))


def test_a_patch_is_shown_as_what_it_does() -> None:
    """From the item that the request names: files made and deleted as such, the rest as a diff."""
    changes = [
        {"path": "/project/a", "kind": {"type": "add"}, "diff": "new\n"},
        {"path": "/project/b", "kind": {"type": "delete"}, "diff": "old\n"},
        {
            "path": "/project/c",
            "kind": {"type": "update", "move_path": "/elsewhere/d"},
            "diff": "@@ -1 +1 @@\n-one\n+two",
        },
    ]
    server = Server()
    item = {"type": "fileChange", "id": "p", "changes": changes, "status": "inProgress"}
    assert server.says(method="item/started", params={**HERE, "item": item}) == []
    asked = server.asks(0, PATCH, itemId="p", grantRoot="/root")
    assert asked.edits == (
        FileEdit(path="/project/a", new="new\n"),
        FileEdit(path="/project/b", old="old\n"),
    )
    assert asked.diff == "--- /project/c\n+++ /elsewhere/d\n@@ -1 +1 @@\n-one\n+two\n"
    assert asked.paths == ("/project/a", "/project/b", "/project/c", "/elsewhere/d", "/root")
    assert (asked.kind, asked.tool) == (ToolKind.EDIT, "file_change")


def test_a_tool_of_a_server_is_asked_for_under_its_own_name() -> None:
    """0.171.0 asks as if the server wanted input; the answer is for this once."""
    meta = {
        "codex_approval_kind": "mcp_tool_call",
        "persist": ["session", "always"],
        "tool_name": "keep",
        "tool_params": {"text": "hello"},
    }
    method = "mcpServer/elicitation/request"
    server = Server()
    asked = server.asks(0, method, serverName="notes", mode="form", _meta=meta)
    assert (asked.tool, asked.summary, asked.kind) == ("notes/keep", "hello", ToolKind.OTHER)
    assert server.answers(asked, Decision.ALLOW_TURN) == result_to(0, action="accept", content={})
    asked = server.asks(0, method, serverName="notes", mode="form", _meta=meta)
    assert server.answers(asked, Decision.DENY) == result_to(0, action="decline")


def test_more_permissions_are_given_for_the_turn_at_most() -> None:
    """A refusal gives none."""
    wanted = {"network": {"enabled": True}}
    server = Server()
    method = "item/permissions/requestApproval"
    asked = server.asks(0, method, permissions=wanted)
    assert server.answers(asked, Decision.ALLOW) == result_to(0, permissions=wanted, scope="turn")
    asked = server.asks(1, method, permissions=wanted)
    assert server.answers(asked, Decision.DENY) == result_to(1, permissions={}, scope="turn")


@pytest.mark.parametrize("method", ["mcpServer/elicitation/request", "item/tool/requestUserInput"])
def test_a_question_that_is_no_permission_is_refused_with_a_warning(method: str) -> None:
    """The agent does not wait for ever."""
    warning, reply = Server().says(id=0, method=method, params={**HERE, "mode": "form"})
    assert isinstance(warning, Warned)
    assert sent([reply])[0]["error"]["message"] == warning.message


def test_an_unknown_request_is_refused_and_kept() -> None:
    """So that a newer version never hangs."""
    raw, reply = Server().says(id=0, method="new/thing", params={})
    assert isinstance(raw, Raw)
    assert sent([reply])[0]["error"]["code"] == -32601


def test_other_threads_only_ask() -> None:
    """A sub-agent's words and totals are not those of the turn, and its end is not the turn's."""
    server = Server()
    there = {"threadId": OTHER, "turnId": "t9"}
    item = {"type": "agentMessage", "id": "m", "text": "hello"}
    total = {"total": {"inputTokens": 5}}
    for message in (
        {"method": "item/completed", "params": {**there, "item": item}},
        {"method": "item/agentMessage/delta", "params": {**there, "itemId": "m", "delta": "h"}},
        {"method": "thread/tokenUsage/updated", "params": {**there, "tokenUsage": total}},
        {"method": "turn/completed", "params": {**there, "turn": {"id": "t9"}}},
    ):
        assert server.says(**message) == []
    assert server.asks(0, COMMAND, **there, itemId="a", command="ls").command == "ls"


def test_what_the_sandbox_refused_is_a_denial_and_other_failures_are_none() -> None:
    """Codex does not say it; the command's own words do."""
    server = Server()

    def ran(output: str) -> list[Event | Reply]:
        item = {"type": "commandExecution", "id": "c", "status": "failed", "exitCode": 1}
        item |= {"command": "/bin/bash -lc 'touch a'", "aggregatedOutput": output}
        return server.says(method="item/completed", params={**HERE, "item": item})[-2:]

    result, warning = ran("touch: cannot touch 'a': Read-only file system\n")
    assert isinstance(result, ToolResult)
    assert warning == Warned(message="not allowed: Bash touch a", code="denied")
    assert not any(isinstance(one, Warned) for one in ran("No such file or directory"))


def test_a_request_of_ten_megabytes_is_a_request() -> None:
    """Its summary is short."""
    asked = Server().asks(0, COMMAND, itemId="a", command="echo " + "x" * 10_000_000)
    assert asked.command is not None
    assert len(asked.command) > 10_000_000
    assert len(asked.summary) <= 200


def test_nothing_is_sent_after_the_result() -> None:
    """Neither to a late request nor for a late answer."""
    server = Server()
    asked = server.asks(0, COMMAND, itemId="a", command="ls")
    done = {"id": "t1", "status": "interrupted"}
    (result,) = server.says(method="turn/completed", params={**HERE, "turn": done})
    assert isinstance(result, Result)
    assert server.answers(asked, Decision.ALLOW) == []
    assert server.says(id=1, method=COMMAND, params=HERE) == []
    assert list(server.parser.finish(0, "")) == []


def test_a_request_that_is_cut_off_is_refused() -> None:
    """It is longer than a line may be, so that nobody can judge it."""
    server = Server()
    whole = line(method=COMMAND, id=0, params={**HERE, "command": "x" * 9_000})
    cut = whole[:8_000]
    parsed = list(server.parser.feed(cut))
    assert parsed[0] == Raw(line=cut)
    (refused,) = sent(parsed)
    assert (refused["id"], "error" in refused) == (0, True)
    (asked,) = server.parser.feed(whole)
    assert isinstance(asked, PermissionRequest)
