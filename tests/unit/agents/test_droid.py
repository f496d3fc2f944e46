"""Droid's channel: what is opened, what it asks, how its turns end, and what its files say."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from clinvk.agents.droid.backend import Agent
from clinvk.agents.droid.session_file import SessionFile
from clinvk.agents.droid.turn import DroidParser
from clinvk.agents.registry import get
from clinvk.errors import BackendUnsupportedError
from clinvk.model.access import Access
from clinvk.model.conversation import TurnMode
from clinvk.model.events import (
    Event,
    FileChange,
    Init,
    Message,
    PermissionAnswer,
    PermissionRequest,
    Result,
    Warned,
)
from clinvk.model.failure import FailureCode
from clinvk.model.permission import DecidedBy, Decision, ToolKind
from clinvk.model.request import Picture, Reply, TurnRequest

SESSION = "123e4567-e89b-42d3-a456-426614174000"
NOTHING = {"inputTokens": 0, "outputTokens": 0}
SOME = {"inputTokens": 60, "outputTokens": 20, "cacheReadTokens": 40, "thinkingTokens": 7}


class Channel:
    """A turn with an agent that says what the test says."""

    def __init__(self, **asked: Any) -> None:
        self.request = TurnRequest(**{"prompt": "Go.", "cwd": Path("/project"), **asked})
        self.parser = DroidParser(self.request)
        self.events: list[Event] = []
        self.sent: list[dict[str, Any]] = []

    def line(self, **message: Any) -> None:
        """A line of the agent."""
        self._take(self.parser.feed(json.dumps({"jsonrpc": "2.0", **message})))

    def tell(self, kind: str, **said: Any) -> None:
        """A notification."""
        params = {"sessionId": SESSION, "notification": {"type": kind, **said}}
        self.line(type="notification", method="droid.session_notification", params=params)

    def ask(self, identity: str, *calls: dict[str, Any]) -> None:
        """A request to be allowed these calls."""
        params = {"toolUses": calls}
        self.line(type="request", id=identity, method="droid.request_permission", params=params)

    def decide(self, identity: str, decision: Decision, **more: Any) -> None:
        """A person's answer."""
        answer = PermissionAnswer(id=identity, decision=decision, by=DecidedBy.PERSON, **more)
        self._take(self.parser.answer(answer))

    def open(self, **result: Any) -> None:
        """The responses until the prompt is sent."""
        self.line(id="1", result={"sessionId": SESSION, **result})
        self.line(id="2", result={"success": True})

    def end(self, reason: str = "completed", used: dict[str, int] | None = None) -> Result:
        """The end of the turn, and the result."""
        self.tell(
            "agent_turn_completed",
            reason=reason,
            tokenUsage=used or SOME,
            cumulativeTokenUsage=used or SOME,
        )
        result = self.events[-1]
        assert isinstance(result, Result)
        return result

    def _take(self, parsed: Iterable[Event | Reply]) -> None:
        for one in parsed:
            if isinstance(one, Reply):
                self.sent.append(json.loads(one.data))
            else:
                self.events.append(one)


def create(path: str) -> dict[str, Any]:
    """A call that creates a file, as it is asked about."""
    use = {"id": f"call-{path}", "name": "Create", "input": {"file_path": path, "content": "x"}}
    details = {"type": "create", "filePath": path, "content": "x"}
    return {"toolUse": use, "confirmationType": "create", "details": details}


def execute(command: str) -> dict[str, Any]:
    """A command, as it is asked about."""
    use = {"id": "call-1", "name": "Execute", "input": {"command": command, "summary": "Do it"}}
    details = {"type": "exec", "fullCommand": command}
    return {"toolUse": use, "confirmationType": "exec", "details": details}


def opening(**asked: Any) -> dict[str, Any]:
    """The first request of a turn."""
    request = TurnRequest(**{"prompt": "Go.", "cwd": Path("/project"), **asked})
    line: dict[str, Any] = json.loads(Agent().invocation(request).stdin)
    return line


def test_a_new_conversation_is_named_before_the_prompt_so_that_no_model_is_asked_for_a_title() -> (
    None
):
    """Opened, named, prompted: each only after the response to the one before."""
    channel = Channel()
    assert channel.sent == []
    channel.line(id="1", result={"sessionId": SESSION})
    channel.line(id="2", result={"success": True})
    assert [one["method"] for one in channel.sent] == [
        "droid.rename_session",
        "droid.add_user_message",
    ]
    assert channel.sent[1]["params"] == {"text": "Go."}
    assert channel.events == [Init(backend_session_id=SESSION)]


def test_a_picture_and_a_schema_go_with_the_prompt() -> None:
    """The value comes back in a notification of its own."""
    picture = Picture(Path("/a.png"), "image/png", b"x")
    channel = Channel(images=(picture,), schema='{"type":"object"}')
    channel.open()
    said = channel.sent[-1]["params"]
    assert said["images"] == [{"type": "base64", "data": "eA==", "mediaType": "image/png"}]
    assert said["outputFormat"] == {"type": "json_schema", "schema": {"type": "object"}}
    channel.tell("structured_output", messageId="m", structuredOutput={"a": 1})
    assert channel.end().structured == {"a": 1}


def test_an_earlier_conversation_keeps_its_id_and_gets_the_settings_of_this_turn() -> None:
    """It would keep the model and the tools of its last turn."""
    asked = {"conversation": SESSION, "mode": TurnMode.RESUME, "model": "m"}
    assert opening(**asked)["method"] == "droid.load_session"
    channel = Channel(**asked, access=Access.READ_ONLY)
    channel.open(availableModels=[{"id": "m"}])
    settings = channel.sent[0]["params"]
    assert channel.sent[0]["method"] == "droid.update_session_settings"
    assert (settings["modelId"], settings["autonomyLevel"]) == ("m", "off")
    assert "Execute" not in settings["restrictToolIds"]
    assert settings["disabledToolIds"] == settings["enabledToolIds"] == []


def test_a_model_that_it_does_not_list_gets_no_prompt() -> None:
    """It would take any name, and keep it with the conversation."""
    channel = Channel(model="no-such")
    channel.open(availableModels=[{"id": "m"}])
    result = channel.events[-1]
    assert isinstance(result, Result)
    assert result.failure is not None
    assert result.failure.code is FailureCode.MODEL_UNKNOWN
    assert channel.sent == []


def test_a_lost_conversation_is_gone() -> None:
    """Its error has a number of its own."""
    channel = Channel(conversation=SESSION, mode=TurnMode.RESUME)
    channel.line(id="1", error={"code": -32004, "message": "Session not found"})
    result = channel.events[-1]
    assert isinstance(result, Result)
    assert result.failure is not None
    assert result.failure.code is FailureCode.CONVERSATION_GONE


@pytest.mark.parametrize(
    ("decisions", "chosen"),
    [
        ((Decision.ALLOW, Decision.ALLOW), "proceed_once"),
        ((Decision.ALLOW, Decision.DENY), "cancel"),
        ((Decision.DENY, Decision.ALLOW_TURN), "cancel"),
    ],
)
def test_a_request_for_several_calls_is_allowed_only_if_each_is(
    decisions: tuple[Decision, ...], chosen: str
) -> None:
    """Droid takes one answer for all of them."""
    channel = Channel(access=Access.ASK)
    channel.open()
    channel.ask("r", create("/project/a"), execute("touch b"))
    asked = [one for one in channel.events if isinstance(one, PermissionRequest)]
    assert [one.kind for one in asked] == [ToolKind.EDIT, ToolKind.EXECUTE]
    assert (asked[0].paths, asked[1].command) == (("/project/a",), "touch b")
    before = len(channel.sent)
    channel.decide(asked[0].id, decisions[0])
    assert len(channel.sent) == before
    channel.decide(asked[1].id, decisions[1])
    [reply] = channel.sent[before:]
    assert (reply["id"], reply["type"]) == ("r", "response")
    assert reply["result"] == {"selectedOption": chosen}


def test_after_a_denial_it_is_told_to_go_on_and_the_turn_ends_once() -> None:
    """It ends its turn at a denial, without a word."""
    channel = Channel(access=Access.ASK)
    channel.open()
    channel.ask("r", execute("touch b"))
    request = channel.events[-1]
    assert isinstance(request, PermissionRequest)
    channel.decide(request.id, Decision.DENY, reason="Use another name.")
    channel.tell("agent_turn_completed", reason="completed", tokenUsage=SOME)
    assert not any(isinstance(one, Result) for one in channel.events)
    assert "touch b. Use another name." in channel.sent[-1]["params"]["text"]
    usage = channel.end().usage
    assert (usage.input_tokens, usage.output_tokens) == (200, 40)


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("/project/a", True),
        ("a", True),
        ("/project/../a", False),
        ("/projects/a", False),
        ("/a", False),
    ],
)
def test_edit_is_for_the_files_of_the_directory(path: str, *, inside: bool) -> None:
    """Droid itself edits any file; what is denied is a warning, and is not asked about."""
    channel = Channel(access=Access.EDIT)
    channel.open()
    before = len(channel.sent)
    channel.ask("r", create(path))
    assert any(isinstance(one, PermissionRequest) for one in channel.events) is inside
    denied = [one for one in channel.events if isinstance(one, Warned) and one.code == "denied"]
    assert bool(denied) is not inside
    told = [one["result"]["selectedOption"] for one in channel.sent[before:]]
    assert told == ([] if inside else ["cancel"])


def test_its_questions_have_no_answer() -> None:
    """Nobody fills in a form in the middle of a turn."""
    channel = Channel(access=Access.ASK)
    channel.open()
    channel.line(type="request", id="q", method="droid.ask_user", params={"questions": []})
    assert channel.sent[-1]["result"] == {"cancelled": True, "answers": []}


def test_a_retry_is_a_warning_and_its_pieces_are_not_the_answer() -> None:
    """After it the answer begins again."""
    channel = Channel()
    channel.open()
    piece = {"messageId": "m", "blockIndex": 0}
    channel.tell("assistant_text_delta", **piece, textDelta="Partial")
    channel.tell("llm_retry", attempt=2, reason="rate_limited")
    channel.tell("assistant_text_delta", **piece, textDelta="Whole.")
    message = {"id": "m", "role": "assistant", "content": [{"type": "text", "text": "Whole."}]}
    channel.tell("create_message", message=message)
    result = channel.end()
    assert result.text == "Whole."
    assert [one.text for one in channel.events if isinstance(one, Message)] == ["Partial", "Whole."]
    [warned] = [one for one in channel.events if isinstance(one, Warned)]
    assert warned.code == "retry"
    assert "rate limited" in warned.message
    assert "attempt 2" in warned.message


def test_figures_are_the_turns_with_those_of_its_sub_agents() -> None:
    """Its input leaves out what was read from a cache, ours does not."""
    channel = Channel()
    channel.open()
    child = {"inputTokens": 5, "outputTokens": 1}
    channel.tell(
        "agent_turn_completed",
        reason="completed",
        tokenUsage=SOME,
        childTokenUsage=child,
        cumulativeTokenUsage={"inputTokens": 900, "outputTokens": 900},
    )
    result = channel.events[-1]
    assert isinstance(result, Result)
    used = result.usage
    assert (used.input_tokens, used.cached_tokens, used.output_tokens) == (105, 40, 21)
    assert (used.reasoning_tokens, used.cache_write_tokens) == (7, None)


def test_an_answer_that_was_not_counted_broke_off() -> None:
    """It calls such a turn completed."""
    channel = Channel()
    channel.open()
    message = {"id": "m", "role": "assistant", "content": [{"type": "text", "text": "Half an"}]}
    channel.tell("create_message", message=message)
    result = channel.end(used=NOTHING)
    assert result.failure is not None
    assert result.failure.code is FailureCode.NETWORK
    assert result.text == "Half an"


@pytest.mark.parametrize(
    ("words", "reason", "code"),
    [
        ("401 Incorrect API key.", "model_authentication_failed", FailureCode.AUTH),
        ("429 Slow down.", "error", FailureCode.RATE_LIMITED),
        ("No access token available", "error", FailureCode.AUTH),
        ("", "model_provider_unreachable", FailureCode.NETWORK),
        ("Odd.", "model_provider_unavailable", FailureCode.SERVER_ERROR),
    ],
)
def test_a_failed_turn_is_typed(words: str, reason: str, code: FailureCode) -> None:
    """By the status in its error, its words, else the reason of the end."""
    channel = Channel()
    channel.open()
    if words:
        channel.tell("error", message=words)
    failure = channel.end(reason, NOTHING).failure
    assert failure is not None
    assert failure.code is code


def test_a_file_is_new_only_once() -> None:
    """A patch names its files itself."""
    channel = Channel()
    channel.open()
    patch = "*** Begin Patch\n*** Update File: /project/b\n*** End Patch"
    calls: list[tuple[str, dict[str, str]]] = [
        ("Create", {"file_path": "/project/a"}),
        ("Edit", {"file_path": "/project/a"}),
        ("ApplyPatch", {"input": patch}),
    ]
    for number, (name, given) in enumerate(calls):
        use = {"type": "tool_use", "id": str(number), "name": name, "input": given}
        message = {"id": f"m{number}", "role": "assistant", "content": [use]}
        channel.tell("create_message", message=message)
        channel.tell("tool_result", toolUseId=str(number), isError=False, content="{}")
    changes = [one for one in channel.events if isinstance(one, FileChange)]
    assert [(one.path, one.change.value) for one in changes] == [
        ("/project/a", "created"),
        ("/project/a", "modified"),
        ("/project/b", "modified"),
    ]


def test_read_only_starts_no_program_of_a_repository() -> None:
    """Its own settings for this process come before those of a repository."""
    made = Agent().invocation(TurnRequest(prompt="", cwd=Path("/w"), access=Access.READ_ONLY))
    settings = json.loads(made.files["settings"])
    assert settings["hooks"] == {"hooksDisabled": True}
    assert settings["mcpPolicy"] == {"enabled": True, "allowlist": []}


def test_where_it_asks_it_also_asks_about_the_commands_that_it_takes_for_harmless() -> None:
    """`ls > FILE` writes a file."""
    made = Agent().invocation(TurnRequest(prompt="", cwd=Path("/w"), access=Access.ASK))
    assert {"ls", "git log"} <= set(json.loads(made.files["settings"])["commandDenylist"])


@pytest.mark.parametrize("option", ["-m", "--only-tools=Read", "--fork"])
def test_options_that_the_channel_ignores_are_refused(option: str) -> None:
    """Nobody finds out otherwise."""
    request = TurnRequest(prompt="", cwd=Path("/w"), backend_args=(option,))
    with pytest.raises(BackendUnsupportedError, match=option.partition("=")[0]):
        get("droid").refuse_unsupported(request)


def test_the_turns_of_its_file_are_those_that_a_person_began() -> None:
    """What it adds itself, and the results of tools, begin none; a turn without an end was cut."""
    own = {"role": "user", "content": [{"type": "text", "text": "<system-reminder>\nx"}]}
    said = {"role": "user", "content": [{"type": "text", "text": "Go."}]}
    results = {"role": "user", "content": [{"type": "tool_result", "content": "x"}]}
    answer = {"role": "assistant", "modelId": "m", "content": [{"type": "text", "text": "Done."}]}
    at = "2026-11-28T14:00:00.000Z"
    entries: list[dict[str, Any]] = [
        {"type": "session_start", "id": SESSION},
        {"type": "message", "id": "context-1", "timestamp": at, "message": own},
        {"type": "message", "id": "1", "timestamp": at, "message": said},
        {"type": "message", "id": "2", "timestamp": at, "message": results},
        {"type": "message", "id": "3", "timestamp": at, "message": answer},
        {"type": "agent_turn_outcome", "turnId": "1", "reason": "completed"},
        {"type": "message", "id": "4", "timestamp": at, "message": said},
    ]
    lines = [json.dumps(entry) for entry in entries]
    first, second = SessionFile().turns(lines)
    assert (first.prompt, first.text, first.model, first.interrupted) == (
        "Go.",
        "Done.",
        "m",
        False,
    )
    assert (second.text, second.interrupted) == ("", True)
    assert SessionFile().has_content(lines)
    assert not SessionFile().has_content(lines[:1])
