"""The client of the Agent Client Protocol, with agents that do not keep to it."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from clinvk.agents.kit.acp.client import AcpParser, Dialect
from clinvk.model.conversation import TurnMode
from clinvk.model.events import (
    Event,
    FileChange,
    Message,
    PermissionAnswer,
    PermissionRequest,
    Raw,
    Result,
    StopReason,
    ToolResult,
    ToolUse,
    Warned,
)
from clinvk.model.failure import FailureCode
from clinvk.model.permission import DecidedBy, Decision, FileEdit, ToolKind
from clinvk.model.request import Reply, TurnRequest

OPTIONS = [
    {"optionId": "for-ever", "kind": "allow_always"},
    {"optionId": "yes", "kind": "allow_once"},
    {"optionId": "no", "kind": "reject_once"},
]
SESSION = "s-1"


class Agent:
    """An agent on the other side: `say` sends it a message, and has what clinvk made of it."""

    def __init__(
        self,
        *,
        resume: bool = False,
        max_turns: int | None = None,
        parser: type[AcpParser] = AcpParser,
        **how: Any,
    ) -> None:
        request = TurnRequest(
            prompt="Do it.",
            cwd=Path("/project"),
            conversation=SESSION if resume else None,
            mode=TurnMode.RESUME if resume else TurnMode.START,
            max_turns=max_turns,
        )
        self.parser = parser(request, Dialect(words=(), noise=r"^noise", **how))
        self.events: list[Event] = []
        self.sent: list[Any] = []

    def say(self, **message: Any) -> list[Event]:
        """The events of a message; the replies to it are in `sent`."""
        return self.take(self.parser.feed(json.dumps({"jsonrpc": "2.0", **message})))

    def take(self, parsed: Iterable[Event | Reply]) -> list[Event]:
        """Separate the events from the replies."""
        everything = list(parsed)
        events = [one for one in everything if not isinstance(one, Reply)]
        self.sent += [json.loads(one.data) for one in everything if isinstance(one, Reply)]
        self.events += events
        return events

    def begin(self) -> "Agent":
        """Answer until the prompt is there."""
        self.say(id=1, result={"protocolVersion": 1})
        self.say(id=2, result={"sessionId": SESSION})
        return self

    def update(self, kind: str, /, **fields: Any) -> list[Event]:
        """Report something."""
        update = {"sessionUpdate": kind, **fields}
        return self.say(method="session/update", params={"sessionId": SESSION, "update": update})

    def ask(self, identity: Any = 0, options: Any = OPTIONS, **call: Any) -> list[Event]:
        """Ask for a call."""
        params = {"sessionId": SESSION, "options": options, "toolCall": call}
        return self.say(id=identity, method="session/request_permission", params=params)

    def answer(self, identity: str, decision: Decision, **fields: Any) -> list[Event]:
        """Answer a request as a person."""
        answer = PermissionAnswer(id=identity, decision=decision, by=DecidedBy.PERSON, **fields)
        return self.take(self.parser.answer(answer))

    def end(self, reason: str = "end_turn") -> list[Event]:
        """Answer the last prompt."""
        prompt = [one for one in self.sent if one.get("method") == "session/prompt"][-1]
        return self.say(id=prompt["id"], result={"stopReason": reason})


def chunk(text: str, **fields: Any) -> dict[str, Any]:
    """A piece of the answer."""
    return {"content": {"type": "text", "text": text}, **fields}


def test_the_prompt_is_sent_only_after_the_session_is_there() -> None:
    """No files and no terminals are offered, and each step waits for the one before."""
    agent = Agent()
    assert agent.sent == []
    agent.say(id=1, result={"protocolVersion": 1})
    assert [one["method"] for one in agent.sent] == ["session/new"]
    assert agent.sent[0]["params"] == {"cwd": "/project", "mcpServers": []}
    agent.say(id=2, result={"sessionId": SESSION})
    assert agent.sent[1]["method"] == "session/prompt"
    assert agent.sent[1]["params"]["prompt"] == [{"type": "text", "text": "Do it."}]


def test_a_mode_is_set_before_the_prompt_unless_it_is_the_sessions_own() -> None:
    """An agent whose own mode allows more is not asked anything in it."""
    agent = Agent(mode="default")
    agent.say(id=1, result={})
    agent.say(id=2, result={"sessionId": SESSION, "modes": {"currentModeId": "auto"}})
    assert agent.sent[-1]["method"] == "session/set_mode"
    (failed, result) = agent.say(id=3, error={"code": -32602, "message": "no such mode"})
    assert "no such mode" in str(failed)
    assert isinstance(result, Result)
    assert not [one for one in agent.sent if one["method"] == "session/prompt"]


def test_what_is_repeated_of_earlier_turns_is_not_part_of_this_one() -> None:
    """Also if the agent repeats it after its answer: then it is waited for."""
    agent = Agent(resume=True, mode="default", late_history=True)
    agent.say(id=1, result={})
    agent.update("user_message_chunk", **chunk("Remember."))
    agent.say(id=2, result={"modes": {"currentModeId": "default"}})
    agent.update("agent_message_chunk", **chunk("I will."))
    agent.say(id=3, result={})
    assert agent.sent[-1]["method"] == "session/set_mode", "more may follow"
    agent.say(id=4, result={})
    assert agent.sent[-1]["method"] == "session/prompt"
    agent.update("agent_message_chunk", **chunk("kiwi"))
    (result,) = agent.end()
    assert [one.text for one in agent.events if isinstance(one, Message)] == ["kiwi"]
    assert isinstance(result, Result)
    assert result.text == "kiwi"


def test_a_request_has_the_whole_command_and_is_answered_once_never_for_ever() -> None:
    """The tool is told before it is asked for."""
    agent = Agent().begin()
    use, request = agent.ask(
        toolCallId="c", title="Shell", kind="execute", rawInput={"command": "x"}
    )
    assert isinstance(use, ToolUse)
    assert isinstance(request, PermissionRequest)
    assert (request.kind, request.command, request.tool) == (ToolKind.EXECUTE, "x", "Shell")
    agent.answer(request.id, Decision.ALLOW_TURN)
    assert agent.sent[-1]["result"] == {"outcome": {"outcome": "selected", "optionId": "yes"}}
    agent.update("tool_call_update", toolCallId="c", status="completed")
    assert isinstance(agent.events[-1], ToolResult)
    assert agent.answer(request.id, Decision.DENY) == [], "only the first answer counts"


def test_a_change_is_shown_as_the_agent_tells_it() -> None:
    """And reported once it was made."""
    agent = Agent().begin()
    diff = {"type": "diff", "path": "/project/a", "oldText": "x", "newText": "y"}
    _, request = agent.ask(toolCallId="c", title="Edit a", kind="edit", content=[diff])
    assert isinstance(request, PermissionRequest)
    assert request.edits == (FileEdit(path="/project/a", old="x", new="y"),)
    assert request.paths == ("/project/a",)
    agent.answer(request.id, Decision.ALLOW)
    assert any(
        isinstance(one, FileChange)
        for one in agent.update("tool_call_update", toolCallId="c", status="completed")
    )


def test_a_reason_is_told_when_the_agent_has_ended_its_answer() -> None:
    """As a further prompt of the same turn; its answer is that of the turn."""
    agent = Agent().begin()
    _, request = agent.ask(toolCallId="c", title="Shell", kind="execute", rawInput={"command": "x"})
    assert isinstance(request, PermissionRequest)
    (result,) = agent.answer(request.id, Decision.DENY, reason="Use y.")
    assert result == ToolResult(id="c", ok=False, text="Use y.")
    assert agent.sent[-1]["result"]["outcome"]["optionId"] == "no"
    assert agent.end() == []
    assert "Use y." in str(agent.sent[-1]["params"])
    agent.update("agent_message_chunk", **chunk("As you like."))
    (ended,) = agent.end()
    assert isinstance(ended, Result)
    assert ended.text == "As you like."


def test_an_agent_that_ends_at_a_denial_is_told_to_go_on_but_not_after_a_stop() -> None:
    """The turn goes on after a denial, with every agent."""
    for decision, prompts in ((Decision.DENY, 2), (Decision.STOP, 1)):
        agent = Agent(stops_when_denied=True).begin()
        _, request = agent.ask(toolCallId="c", title="Shell", kind="execute")
        assert isinstance(request, PermissionRequest)
        agent.answer(request.id, decision)
        agent.end("end_turn" if decision is Decision.DENY else "cancelled")
        sent = [one["method"] for one in agent.sent if "method" in one]
        assert sent.count("session/prompt") == prompts
        assert ("session/cancel" in sent) == (decision is Decision.STOP)


def test_a_request_that_cannot_be_allowed_once_is_denied_with_the_reason() -> None:
    """An answer that would hold for ever is never sent."""
    agent = Agent().begin()
    events = agent.ask(options=OPTIONS[:1], toolCallId="c", title="Shell", kind="execute")
    assert not [one for one in events if isinstance(one, PermissionRequest)]
    (warning,) = [one for one in events if isinstance(one, Warned)]
    assert warning.code == "denied"
    assert agent.sent[-1]["result"] == {"outcome": {"outcome": "cancelled"}}


def test_a_request_before_the_prompt_is_cancelled() -> None:
    """Nobody is asked about what nobody wanted."""
    agent = Agent()
    agent.say(id=1, result={})
    assert agent.ask(toolCallId="c", title="Shell", kind="execute") == []
    assert agent.sent[-1]["result"] == {"outcome": {"outcome": "cancelled"}}


def test_two_requests_with_one_id_are_both_refused() -> None:
    """An answer to one could be taken for the other's."""
    agent = Agent().begin()
    _, first = agent.ask(7, toolCallId="a", title="Shell", kind="execute")
    assert isinstance(first, PermissionRequest)
    withdrawn, _ = agent.ask(7, toolCallId="b", title="Shell", kind="execute")
    assert withdrawn == PermissionAnswer(id=first.id, decision=Decision.DENY, by=DecidedBy.AGENT)
    assert "error" in agent.sent[-1]
    count = len(agent.sent)
    agent.answer(first.id, Decision.ALLOW)
    assert len(agent.sent) == count


@pytest.mark.parametrize("method", ["fs/read_text_file", "fs/write_text_file", "terminal/create"])
def test_what_clinvk_does_not_offer_is_refused(method: str) -> None:
    """The agent must use its own files and terminals, about which it asks."""
    agent = Agent().begin()
    agent.say(id="f", method=method, params={"path": "/etc/passwd", "content": "x"})
    assert agent.sent[-1]["id"] == "f"
    assert agent.sent[-1]["error"]["code"] == -32601


def test_a_request_without_its_arguments_waits_for_them() -> None:
    """If the agent is known to say them next."""
    agent = Agent(details_follow=True).begin()
    assert agent.ask(toolCallId="c", title="send", kind="other", rawInput={}) == []
    told = {"toolCallId": "c", "title": "send", "rawInput": {"to": "a"}, "status": "in_progress"}
    *_, request = agent.update("tool_call_update", **told)
    assert isinstance(request, PermissionRequest)
    assert request.reason == '{"to":"a"}'


def test_an_open_request_is_withdrawn_when_the_turn_ends() -> None:
    """The question leaves the screen."""
    agent = Agent().begin()
    agent.ask(toolCallId="c", title="Shell", kind="execute")
    answer, result = agent.end()
    assert isinstance(answer, PermissionAnswer)
    assert isinstance(result, Result)


def test_a_limit_on_steps_is_counted_here() -> None:
    """The tools of the last step still end; the next step is stopped when it begins."""

    class Counting(AcpParser):
        def note_usage(self, update: Any) -> None:
            self.steps += "usage" in update

    agent = Agent(max_turns=1)
    agent.parser = Counting(agent.parser._request, agent.parser._dialect)
    agent.begin()
    agent.update("agent_message_chunk", **chunk("One.", usage=1))
    agent.update("tool_call_update", toolCallId="a", title="Shell", status="completed")
    assert isinstance(agent.events[-1], ToolResult)
    failed, result = agent.update("agent_message_chunk", **chunk("Two."))
    assert "turn_limit" in str(failed)
    assert isinstance(result, Result)
    assert result.stop_reason is StopReason.MAX_TURNS
    assert agent.sent[-1]["method"] == "session/cancel"


def test_a_plan_is_shown_as_a_tool() -> None:
    """With what is done, and what is being done."""
    agent = Agent().begin()
    entries = [
        {"content": "look", "status": "completed"},
        {"content": "write", "status": "in_progress"},
    ]
    use, _ = agent.update("plan", entries=entries)
    assert isinstance(use, ToolUse)
    assert (use.name, use.summary) == ("plan", "1 of 2 done: write")


@pytest.mark.parametrize(
    ("reason", "stop", "code"),
    [
        ("end_turn", StopReason.END_TURN, None),
        ("max_tokens", StopReason.LENGTH, None),
        ("refusal", StopReason.FILTERED, None),
        ("max_turn_requests", StopReason.MAX_TURNS, FailureCode.TURN_LIMIT),
        ("cancelled", StopReason.ERROR, FailureCode.KILLED),
        ("something new", StopReason.END_TURN, None),
    ],
)
def test_each_reason_to_stop_has_its_meaning(
    reason: str, stop: StopReason, code: FailureCode | None
) -> None:
    """One that is unknown is an end like any other."""
    result = Agent().begin().end(reason)[-1]
    assert isinstance(result, Result)
    assert result.stop_reason is stop
    assert (result.failure and result.failure.code) == code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": -32000, "message": "Authentication required"}, FailureCode.AUTH),
        ({"code": -32002, "message": "Resource not found"}, FailureCode.CONVERSATION_GONE),
        ({"code": -32603, "message": "Internal error"}, FailureCode.AGENT_FAILED),
        (
            {"code": -32603, "message": "Internal error", "data": "401 Unauthorized"},
            FailureCode.AUTH,
        ),
        ({"code": None, "message": None, "data": []}, FailureCode.AGENT_FAILED),
        ("broken", FailureCode.AGENT_FAILED),
    ],
)
def test_an_error_at_the_start_ends_the_turn(error: Any, code: FailureCode) -> None:
    """Whatever its form."""
    agent = Agent(resume=True)
    agent.say(id=1, result={})
    _, result = agent.say(id=2, error=error)
    assert isinstance(result, Result)
    assert result.failure is not None
    assert result.failure.code is code
    assert agent.say(id=3, result={}) == []
    assert list(agent.parser.finish(0, "")) == []


STRANGE: tuple[Any, ...] = (None, True, 0, 1.5, "", "x", [], [[]], {}, {"a": [None]})


@pytest.mark.parametrize("value", STRANGE, ids=str)
def test_no_value_of_any_field_makes_it_raise(value: Any) -> None:
    """Each field with each kind of value, and then the end."""
    names = (
        "sessionUpdate", "content", "toolCallId", "title", "kind", "status", "rawInput",
        "rawOutput", "locations", "messageId", "entries", "_meta",
    )  # fmt: skip
    agent = Agent(details_follow=True, stops_when_denied=True).begin()
    for kind in ("agent_message_chunk", "agent_thought_chunk", "tool_call", "plan", value):
        for name in names:
            update = {"sessionUpdate": kind, name: value}
            agent.say(method="session/update", params={"sessionId": SESSION, "update": update})
            ended = {"toolCallId": "c", "status": "completed", name: value}
            update = {"sessionUpdate": "tool_call_update", **ended}
            agent.say(method="session/update", params={"sessionId": SESSION, "update": update})
    for name in ("toolCallId", "title", "kind", "rawInput", "content", "locations"):
        agent.ask(value, **{name: value})
    agent.ask(1, options=value, toolCallId="d")
    agent.say(id=value, result=value)
    agent.say(id=value, method="session/update", params=value)
    agent.say(method="session/update", params={"sessionId": SESSION, "update": value})
    agent.end()
    results = [one for one in agent.events if isinstance(one, Result)]
    assert len(results) == 1


def test_a_request_of_ten_megabytes_is_put_whole() -> None:
    """A person must be able to see all of it; a summary is short."""
    agent = Agent().begin()
    command = "x" * 10_000_000
    _, request = agent.ask(
        toolCallId="c", title="Shell", kind="execute", rawInput={"command": command}
    )
    assert isinstance(request, PermissionRequest)
    assert request.command == command
    assert len(request.summary) < 1_000


def test_a_request_that_is_cut_off_is_refused() -> None:
    """It is longer than a line may be, so that nobody can judge it; the turn goes on."""
    agent = Agent().begin()
    call = {"toolCallId": "c", "kind": "edit", "rawInput": {"content": "x" * 9_000}}
    params = {"sessionId": SESSION, "options": OPTIONS, "toolCall": call}
    method = "session/request_permission"
    asked = {"jsonrpc": "2.0", "id": 4, "method": method, "params": params}
    (cut,) = agent.take(agent.parser.feed(line := json.dumps(asked)[:8_000]))
    assert cut == Raw(line=line)
    assert (agent.sent[-1]["id"], "error" in agent.sent[-1]) == (4, True)
    agent.say(id=3, result={"stopReason": "end_turn"})
    assert isinstance(agent.events[-1], Result)


def test_another_sessions_updates_and_unknown_ones_are_kept_as_they_are() -> None:
    """They are not part of this turn's answer."""
    agent = Agent().begin()
    update = {"sessionUpdate": "agent_message_chunk", **chunk("other")}
    (raw,) = agent.say(method="session/update", params={"sessionId": "s-2", "update": update})
    (new,) = agent.update("something_new")
    assert isinstance(raw, Raw)
    assert isinstance(new, Raw)


def test_messages_are_told_apart_by_their_ids() -> None:
    """The answer is the last one."""
    agent = Agent().begin()
    agent.update("agent_message_chunk", **chunk("One.", messageId="a"))
    (second,) = agent.update("agent_message_chunk", **chunk("Two", messageId="b"))
    agent.update("agent_message_chunk", **chunk(" more.", messageId="b"))
    assert isinstance(second, Message)
    assert second.continues is False
    (result,) = agent.end()
    assert isinstance(result, Result)
    assert result.text == "Two more."


def test_a_child_that_ends_early_ends_the_turn_with_its_last_words() -> None:
    """Before it has said anything in the protocol, or in the middle of it."""
    for agent in (Agent(), Agent().begin()):
        agent.take(agent.parser.feed("not JSON"))
        (result,) = agent.parser.finish(1, "noise\nError: out of order\n")
        assert isinstance(result, Result)
        assert result.failure is not None
        assert "out of order" in result.failure.message
