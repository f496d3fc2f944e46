"""What only Gemini CLI, opencode or Qwen Code do where they ask."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from clinvk.agents import registry as backends
from clinvk.agents.opencode.permission_rules import stricter
from clinvk.errors import BackendUnsupportedError
from clinvk.model.access import Access
from clinvk.model.conversation import TurnMode
from clinvk.model.effort import Effort
from clinvk.model.events import Result, StopReason
from clinvk.model.failure import FailureCode
from clinvk.model.outcome import Outcome
from clinvk.model.request import Reply, TurnRequest
from clinvk.model.usage import UNKNOWN_USAGE, Usage

UUID = "123e4567-e89b-12d3-a456-426614174000"
ASK = {"*": "ask", "read": "allow", "bash": "ask", "edit": "ask", "task": "deny"}


def ask(**asked: Any) -> TurnRequest:
    """A request for a turn that asks."""
    return TurnRequest(
        **{"prompt": "hello", "cwd": Path("/code/project"), "access": Access.ASK, **asked}
    )


def result_of(name: str, opened: Any, ended: Any, *between: Any) -> Result:
    """The result of a turn whose session and prompt are answered so."""
    parser = backends.get(name).parser(ask())
    session = {"sessionId": UUID, "modes": {"currentModeId": "default"}, **opened}
    messages = [{"id": 1, "result": {}}, {"id": 2, "result": session}, *between, {"id": 3, **ended}]
    told = [one for each in messages for one in parser.feed(json.dumps(each))]
    events = [one for one in told if not isinstance(one, Reply)]
    assert isinstance(events[-1], Result)
    return events[-1]


def said(text: str) -> dict[str, Any]:
    """A piece of the answer."""
    update = {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text}}
    return {"method": "session/update", "params": {"sessionId": UUID, "update": update}}


def test_gemini_may_not_load_a_conversation_in_the_minute_of_its_log() -> None:
    """In the next it may; a turn on the headless channel at once."""
    gemini = backends.get("gemini")
    names = ["session-2026-11-28T06-59-123e4567.jsonl", "something else"]
    resumed = ask(conversation=UUID, mode=TurnMode.RESUME)
    assert gemini.not_before(resumed, names) == datetime(2026, 11, 28, 7, 0, tzinfo=UTC)
    assert gemini.not_before(resumed, []) is None
    headless = ask(conversation=UUID, mode=TurnMode.RESUME, access=Access.EDIT)
    assert gemini.not_before(headless, names) is None


def test_gemini_names_the_conversation_at_its_start_too() -> None:
    """Otherwise the cleaning at its start may delete it."""
    gemini = backends.get("gemini")
    resumed = ask(conversation=UUID, mode=TurnMode.RESUME)
    assert f"--resume={UUID}" in gemini.invocation(resumed).argv
    begun = gemini.invocation(ask(conversation=UUID)).argv
    assert not [one for one in begun if UUID in one], "it chooses the id itself there"


GEMINI_LOG = [
    json.dumps({"sessionId": UUID}),
    json.dumps({"id": "u", "type": "user", "content": [{"text": "hello"}]}),
    json.dumps(
        {
            "id": "g",
            "type": "gemini",
            "content": "hi",
            "tokens": {"input": 100, "output": 13, "cached": 40, "thoughts": 7},
        }
    ),
]


@pytest.mark.parametrize(("output", "known"), [(13, True), (14, False)], ids=["same", "other"])
def test_geminis_figures_are_those_of_its_log_if_both_agree(output: int, *, known: bool) -> None:
    """Its channel leaves out thoughts and what was cached; the log leaves out some requests."""
    counters = {"prompts": 1, "input_tokens": 100, "output_tokens": output}
    told = Outcome(text="hi", counters=counters)
    result = backends.get("gemini").with_figures(told, ask(), reversed(GEMINI_LOG))
    used = Usage(input_tokens=100, cached_tokens=40, output_tokens=20, reasoning_tokens=7)
    assert result.usage == (used if known else UNKNOWN_USAGE)


@pytest.mark.parametrize("model", ["gemini-2.5-pro", "auto"])
def test_geminis_figures_are_unknown_if_it_asks_a_model_which_to_ask(model: str) -> None:
    """Nothing counts that request."""
    tokens = {"token_count": {"input_tokens": 100, "output_tokens": 10}}
    ended = {"result": {"stopReason": "end_turn", "_meta": {"quota": tokens}}}
    result = result_of("gemini", {"models": {"currentModelId": model}}, ended, said("hi"))
    assert (result.counters is None) == (model == "auto")


def test_an_answer_of_gemini_without_words_is_a_failure() -> None:
    """It calls it the end of the turn."""
    result = result_of("gemini", {}, {"result": {"stopReason": "end_turn"}})
    assert result.stop_reason is StopReason.ERROR
    assert result.failure is not None
    assert result.failure.code is FailureCode.SERVER_ERROR


@pytest.mark.parametrize(
    ("theirs", "tool", "action"),
    [
        ({"bash": "deny"}, "bash", "deny"),
        ({"mine_*": "deny"}, "mine_*", "deny"),
        ("deny", "*", "deny"),
        ("allow", "*", "ask"),
        ({"*": "deny", "bash": "allow"}, "bash", "ask"),
        ({"edit": "allow"}, "edit", "ask"),
    ],
    ids=str,
)
def test_opencode_asks_for_what_the_person_does_not_forbid(
    theirs: Any, tool: str, action: str
) -> None:
    """What they allow is asked for as well: a rule of clinvk's can allow it."""
    assert stricter(ASK, theirs)[tool] == action


def test_opencode_has_no_sub_agents_where_it_asks() -> None:
    """Its channel passes on none of their requests, so they would wait for ever."""
    invocation = backends.get("opencode").invocation(ask(model="mock/m"))
    config = json.loads(invocation.env["OPENCODE_CONFIG_CONTENT"])
    rules = config["agent"]["clinvk-ask"]["permission"]
    assert (rules["*"], rules["edit"], rules["bash"], rules["task"]) == (
        "ask",
        "ask",
        "ask",
        "deny",
    )
    assert (config["default_agent"], config["model"]) == ("clinvk-ask", "mock/m")
    assert invocation.env["PWD"] == "/code/project"


def test_qwen_suggests_no_prompt_and_keeps_the_machines_settings() -> None:
    """It would ask the model for it after each turn, and the person would pay."""
    theirs = {"allow": ["Bash"], "ask": ["WebFetch"], "deny": ["Bash(rm *)"]}
    machine = json.dumps({"ui": {"theme": "x"}, "tools": {}, "permissions": theirs})
    request = ask(texts={"QWEN_CODE_SYSTEM_SETTINGS_PATH": machine})
    settings = json.loads(backends.get("qwen").invocation(request).files["settings.json"])
    rules = settings.pop("permissions")
    assert settings == {"ui": {"theme": "x", "enableFollowupSuggestions": False}, "tools": {}}
    assert {"run_shell_command", "edit", "write_file", "mcp__*", "WebFetch"} <= set(
        rules.pop("ask")
    )
    assert rules == {"allow": ["Bash"], "deny": ["Bash(rm *)"]}


def test_qwens_mode_is_always_set() -> None:
    """Its own default writes without asking."""
    assert "--approval-mode=default" in backends.get("qwen").invocation(ask()).argv


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("qwen", "--fork-session"),
        ("qwen", "--json-schema={}"),
        ("opencode", "--fork"),
        ("opencode", "--file=a.png"),
    ],
)
def test_an_option_that_would_be_ignored_is_refused(name: str, option: str) -> None:
    """A fork that is none would change the conversation that was to be kept."""
    backend = backends.get(name)
    with pytest.raises(BackendUnsupportedError, match="ignores") as refused:
        backend.refuse_unsupported(ask(backend_args=(option,)))
    assert "--access" in str(refused.value.hint)
    backend.refuse_unsupported(ask(backend_args=(option,), access=Access.EDIT))


def _offering(*levels: str) -> str:
    """The answer to the second request: a session whose model has these levels."""
    option = {
        "id": "effort",
        "category": "thought_level",
        "options": [{"value": one} for one in (*levels, "default")],
    }
    opened = {"sessionId": "ses_1", "configOptions": [option]}
    return json.dumps({"jsonrpc": "2.0", "id": 2, "result": opened})


def test_opencodes_effort_is_set_before_its_prompt() -> None:
    """It is the session's option, and the prompt waits until it is set."""
    parser = backends.get("opencode").parser(ask(effort=Effort.HIGH))
    answers = (
        json.dumps({"jsonrpc": "2.0", "id": 1, "result": {}}),
        _offering("low", "high"),
        json.dumps({"jsonrpc": "2.0", "id": 3, "result": {}}),
    )
    sent = [
        json.loads(one.data)
        for line in answers
        for one in parser.feed(line)
        if isinstance(one, Reply)
    ]
    methods = [one["method"] for one in sent]
    assert methods == ["session/new", "session/set_config_option", "session/prompt"]
    assert sent[1]["params"] == {"sessionId": "ses_1", "configId": "effort", "value": "high"}


def test_an_effort_that_opencodes_model_does_not_have_is_refused() -> None:
    """With those that it has, before the prompt is sent."""
    parser = backends.get("opencode").parser(ask(effort=Effort.MAX))
    list(parser.feed(json.dumps({"jsonrpc": "2.0", "id": 1, "result": {}})))
    *_, result = parser.feed(_offering("low", "high"))
    assert isinstance(result, Result)
    assert result.failure is not None
    assert result.failure.code is FailureCode.OPTION_REFUSED
    assert result.failure.message == "the model has no effort `max`; it has: low, high"
