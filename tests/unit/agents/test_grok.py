"""What is Grok Build's own: turns that it cancels, trust, its tools' results, its sessions."""

import json
from pathlib import Path
from typing import Any

import pytest

from clinvk.agents import registry as backends
from clinvk.agents.grok.tool_output import readable, structure_of
from clinvk.agents.grok.updates_log import UpdatesLog
from clinvk.errors import BackendUnsupportedError
from clinvk.model.access import Access
from clinvk.model.conversation import TurnMode
from clinvk.model.events import Failed, Result, ToolResult, Warned
from clinvk.model.failure import FailureCode
from clinvk.model.request import TurnRequest

GROK = backends.get("grok")
ID = "00000000-0000-4000-8000-000000000001"
CWD = Path("/shop/project")


def ask(**fields: Any) -> TurnRequest:
    """A request for a turn."""
    return TurnRequest(**{"prompt": "p", "cwd": CWD, **fields})


def lines(*entries: dict[str, Any]) -> list[str]:
    """The lines of a stream, after its first."""
    first = {"type": "system", "subtype": "init", "session_id": ID, "model": "m"}
    return [json.dumps(one) for one in (first, *entries)]


def used(call: str, said: str, *, failed: bool = True) -> list[dict[str, Any]]:
    """A call of the shell and its result."""
    block = {"type": "tool_use", "id": call, "name": "run_terminal_command"}
    result = {"type": "tool_result", "tool_use_id": call, "content": said, "is_error": failed}
    asked = {"command": "cargo test"}
    return [
        {"type": "assistant", "message": {"id": "m", "content": [{**block, "input": asked}]}},
        {"type": "user", "message": {"content": [result]}},
    ]


def part(words: str) -> str:
    """The result of a tool that failed, as it says it."""
    return json.dumps([{"type": "content", "content": {"type": "text", "text": words}}])


def ended(reason: str | None, **fields: Any) -> dict[str, Any]:
    """A result line."""
    usage = {"input_tokens": 100, "output_tokens": 10}
    return {"type": "result", "stop_reason": reason, "usage": usage, "session_id": ID, **fields}


CANCELLED = ended("cancelled", subtype="error_during_execution", is_error=True, errors=["x"])


def test_a_turn_that_is_cancelled_where_it_would_ask_is_no_success() -> None:
    """Although the program exits with 0; the tool is named as denied, and the way out is said."""
    said = part("User cancelled the execution for tool `run_terminal_command`")
    parser = GROK.parser(ask())
    events = [event for line in lines(*used("1", said), CANCELLED) for event in parser.feed(line)]
    events += parser.finish(0, "")
    denied = [one.message for one in events if isinstance(one, Warned) and one.code == "denied"]
    assert denied == ["not allowed: Bash cargo test"]
    (failed,) = [one for one in events if isinstance(one, Failed)]
    result = events[-1]
    assert isinstance(result, Result)
    assert result.failure == failed.failure
    assert result.failure.code is FailureCode.AGENT_FAILED
    assert "`run_terminal_command` needs a permission" in result.failure.message
    assert "--access ask" in (result.failure.way_out or "")
    assert result.usage.total_tokens == 110


def test_a_cancelled_turn_without_a_denial_is_its_own_failure() -> None:
    """Nothing is said of a permission where there was none to give."""
    parser = GROK.parser(ask())
    events = [event for line in lines(CANCELLED) for event in parser.feed(line)]
    result = [*events, *parser.finish(0, "")][-1]
    assert isinstance(result, Result)
    assert result.failure is not None
    assert "permission" not in result.failure.message


def test_an_answer_without_figures_is_taken_for_one_that_was_cut_off() -> None:
    """Also after steps that had some: a lost connection looks like the end of an answer."""
    start = {"type": "message_start", "message": {"id": "m"}}
    last = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {}}
    stream = [{"type": "stream_event", "event": event} for event in (start, last)]
    parser = GROK.parser(ask())
    end = ended("end_turn", subtype="success", result="half")
    events = [event for line in lines(*stream, end) for event in parser.feed(line)]
    result = [*events, *parser.finish(0, "")][-1]
    assert isinstance(result, Result)
    assert result.failure is not None
    assert result.failure.code is FailureCode.NETWORK


def test_a_command_that_fails_is_a_result_that_is_not_ok() -> None:
    """It is only in the structure: 1.0.41 calls it no error."""
    said = json.dumps({"type": "Bash", "output_for_prompt": "exit: 2\nno", "exit_code": 2})
    parser = GROK.parser(ask())
    events = [
        event for line in lines(*used("1", said, failed=False)) for event in parser.feed(line)
    ]
    (result,) = [one for one in events if isinstance(one, ToolResult)]
    assert (result.ok, result.text) == (False, "exit: 2\nno")


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("plain words", "plain words"),
        (part("It failed."), "It failed."),
        ('{"type":"ReadFile","FileContent":{"content":"1\\u2192one"}}', "1\u2192one"),
        ('{"type":"GrepSearch","stdout":[111,110,101]}', "one"),
        ('{"type":"GrepSearch","stdout":[111,999,null,-1]}', "o"),
        ('{"type":"New","deep":{"deeper":{"content":"x"}}}', "x"),
        ('{"type":"New"}', '{"type":"New"}'),
        ("[1, 2]", "[1, 2]"),
        ('{"cut', '{"cut'),
    ],
)
def test_a_result_is_told_as_the_model_reads_it(output: str, said: str) -> None:
    """What has none of the known fields stays as it is."""
    assert readable(output) == said
    assert not structure_of(output).change


@pytest.mark.parametrize(
    ("store", "folders"),
    [
        ("", []),
        ('[folders."/a"]\ntrusted = true\n[folders."/b"]\ntrusted = false\n', ["/a"]),
        ('[folders."/a"]\n', ["/a"]),
        ("folders = 1\n", []),
        ("not toml [", None),
    ],
)
def test_folders_are_trusted_as_its_store_says(store: str, folders: list[str] | None) -> None:
    """A store that cannot be read may trust everything."""
    assert GROK.trusted_folders({"trusted_folders.toml": store}) == folders


def test_without_an_access_what_it_would_ask_about_is_denied_unless_the_person_has_rules() -> None:
    """Else the turn would be cancelled; what the person allowed for good is kept."""
    assert "--deny=Edit" in GROK.invocation(ask()).argv
    own = ask(texts={"config.toml": '[permission]\nallow = ["Edit"]\n'})
    assert not [one for one in GROK.invocation(own).argv if one.startswith("--deny")]


def test_directories_are_added_with_their_letters_as_they_are() -> None:
    """A rule is a pattern, in which some of them would mean something."""
    request = ask(access=Access.EDIT, add_dirs=(Path("/a b/[c]"),))
    assert "--allow=Edit(/a b/[[]c]/**)" in GROK.invocation(request).argv


def test_what_its_templates_would_fill_in_is_refused() -> None:
    """`${{ name }}` in a system prompt would vanish."""
    with pytest.raises(BackendUnsupportedError, match="fills it in"):
        GROK.refuse_unsupported(ask(system_prompt="echo ${{ secrets.KEY }}"))


def test_another_directory_is_refused() -> None:
    """It would work in the one where the session began."""
    with pytest.raises(BackendUnsupportedError, match="another directory"):
        GROK.refuse_unsupported(ask(mode=TurnMode.RESUME, conversation=ID, elsewhere=True))


def test_it_asks_by_a_hook_that_nothing_allows_away() -> None:
    """Its own default runs `touch` and `mkdir` without asking."""
    profile = GROK.invocation(ask(access=Access.ASK, system_prompt="Be kind.")).files["agent.md"]
    head, _, body = profile.removeprefix("---\n").partition("\n---\n")
    assert "PreToolUse" in head
    assert body == "Be kind.\n"


@pytest.mark.parametrize(
    ("settings", "days"),
    [
        (None, None),
        ("", None),
        ("[storage]\ncleanup_ttl_days = 30\n", 30),
        ("[storage]\ncleanup_ttl_days = 0\n", None),
        ("[storage]\ncleanup_ttl_days = true\n", None),
        ("storage = 1\n", None),
        ("[storage\n", None),
    ],
)
def test_sessions_are_kept_forever_unless_the_configuration_says_days(
    settings: str | None, days: int | None
) -> None:
    """A configuration that cannot be read says nothing."""
    kept = GROK.retention(settings)
    assert (kept and kept.days) == days


def update(kind: str, at: int, **fields: Any) -> str:
    """A line of a session's updates."""
    told = {"sessionUpdate": kind, **fields}
    return json.dumps({"timestamp": at, "params": {"sessionId": ID, "update": told}})


def words(kind: str, at: int, said: str, **fields: Any) -> str:
    """A line with words."""
    return update(kind, at, content={"type": "text", "text": said}, **fields)


SESSION = [
    words("user_message_chunk", 10, "one", _meta={"promptIndex": 0}),
    words("agent_message_chunk", 11, "before"),
    update("tool_call", 12, toolCallId="1"),
    words("agent_message_chunk", 13, "the "),
    words("agent_message_chunk", 13, "answer"),
    update(
        "turn_completed",
        14,
        stop_reason="end_turn",
        usage={
            "inputTokens": 100,
            "cachedReadTokens": 40,
            "outputTokens": 10,
            "modelUsage": {"m1": {}},
        },
    ),
    "broken {",
    words("user_message_chunk", 20, "two", _meta={"promptIndex": 1}),
    update("turn_completed", 21, stop_reason="cancelled", usage={}),
    words("user_message_chunk", 30, "three", _meta={"promptIndex": 2}),
]


def test_turns_are_read_from_its_updates() -> None:
    """With the last message, the figures, and whether it was stopped or cut off."""
    one, two, three = UpdatesLog().turns(SESSION)
    assert (one.prompt, one.text, one.model) == ("one", "the answer", "m1")
    assert (one.usage.input_tokens, one.usage.cached_tokens, one.usage.output_tokens) == (
        100,
        40,
        10,
    )
    assert one.usage.cache_write_tokens is None
    assert [turn.interrupted for turn in (one, two, three)] == [False, True, True]
    assert len({turn.id for turn in (one, two, three)}) == 3
    assert one.started_at is not None
    assert one.ended_at is not None
    assert (one.ended_at - one.started_at).seconds == 4


def test_a_session_without_a_prompt_has_nothing_to_continue() -> None:
    """Its file is there before the first prompt."""
    assert UpdatesLog().has_content(SESSION)
    assert not UpdatesLog().has_content([update("background_tasks", 1), "broken {"])


def test_the_title_is_in_the_summary() -> None:
    """Which is one object over many lines."""
    summary = json.dumps({"info": {"id": ID}, "generated_title": 'Fix "it"', "x": 1}, indent=2)
    assert UpdatesLog().title(ID, summary.splitlines()) == 'Fix "it"'
    assert UpdatesLog().title(ID, ["{", "}"]) is None
