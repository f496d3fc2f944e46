"""How opencode is called, and what its steps mean."""

import json
from pathlib import Path
from typing import Any

import pytest

from clinvk.agents import registry as backends
from clinvk.errors import BackendUnsupportedError, SessionNotFoundError
from clinvk.model.access import Access
from clinvk.model.conversation import TurnMode
from clinvk.model.events import FileChange, Message, Result, StopReason, ToolResult, Warned
from clinvk.model.failure import FailureCode
from clinvk.model.request import Invocation, TurnRequest

ID = "ses_00000000000000000000000001"
OPENCODE = backends.get("opencode")
REJECTED = "The user rejected permission to use this specific tool call."


def ask(**asked: Any) -> TurnRequest:
    """A request for a turn."""
    return TurnRequest(prompt="hello", cwd=Path("/code/project"), **asked)


def invoke(**asked: Any) -> Invocation:
    """The invocation of a turn."""
    return OPENCODE.invocation(ask(**asked))


def line(kind: str, **part: Any) -> str:
    """One line of its output."""
    return json.dumps({"type": kind, "sessionID": ID, "part": {"messageID": "m1", **part}})


def done(reason: str = "stop", *, cost: float = 0.0, **tokens: Any) -> str:
    """The end of a step with its figures."""
    figures = {"input": 60, "output": 13, "reasoning": 7, "cache": {"read": 40, "write": 0}}
    return line("step_finish", reason=reason, tokens={**figures, **tokens}, cost=cost)


def tool(name: str, *, status: str = "completed", error: str = "", **more: Any) -> str:
    """A tool call that is over."""
    state = {"status": status, "error": error, **more}
    return line("tool_use", tool=name, callID="c1", state=state)


def failed(name: str = "APIError", **data: Any) -> str:
    """An error."""
    return json.dumps({"type": "error", "sessionID": ID, "error": {"name": name, "data": data}})


def events(*lines: str, exit_code: int | None = 0, stderr: str = "") -> list[Any]:
    """The events of a run that said these lines and ended so."""
    parser = OPENCODE.parser(ask())
    told = [event for one in lines for event in parser.feed(one)]
    return (
        told
        if told and isinstance(told[-1], Result)
        else [
            *told,
            *parser.finish(exit_code, stderr),
        ]
    )


def result(*lines: str, exit_code: int | None = 0, stderr: str = "") -> Result:
    """The last event."""
    last = events(*lines, exit_code=exit_code, stderr=stderr)[-1]
    assert isinstance(last, Result)
    return last


def rules(access: Access) -> dict[str, Any]:
    """The rules of the agent that the run is told to be."""
    invocation = invoke(access=access)
    [agent] = [word.partition("=")[2] for word in invocation.argv if word.startswith("--agent=")]
    config = json.loads(invocation.env["OPENCODE_CONFIG_CONTENT"])
    found: dict[str, Any] = config["agent"][agent]["permission"]
    return found


def test_a_resume_without_an_id_is_refused() -> None:
    """It would begin a new conversation."""
    with pytest.raises(SessionNotFoundError):
        invoke(mode=TurnMode.RESUME)
    assert f"--session={ID}" in invoke(mode=TurnMode.RESUME, conversation=ID).argv


def test_what_only_reads_is_all_that_read_only_allows() -> None:
    """The rule for everything else comes first, so that no tool of a person's own slips through."""
    reading = rules(Access.READ_ONLY)
    assert next(iter(reading.items())) == ("*", "deny")
    assert not {"edit", "bash", "task", "external_directory"} & reading.keys()


def test_edit_adds_nothing_but_editing() -> None:
    """No shell, no sub-agent with rules of its own, nothing outside the directory."""
    assert rules(Access.EDIT) == {**rules(Access.READ_ONLY), "edit": "allow"}


def test_without_an_access_the_configuration_is_left_alone() -> None:
    """The agent's own default, and a person's own variable with it."""
    assert invoke().env == {}
    assert invoke(access=Access.FULL).env == {}
    assert "--auto" in invoke(access=Access.FULL).argv


def test_the_system_prompt_goes_through_a_file() -> None:
    """Its path stands in the configuration of this run."""
    invocation = invoke(system_prompt="Be kind.")
    assert invocation.files == {"system_prompt": "Be kind."}
    config = json.loads(invocation.env["OPENCODE_CONFIG_CONTENT"])
    assert config == {"instructions": ["{system_prompt}"]}


def test_an_ephemeral_run_keeps_its_database_in_memory() -> None:
    """It has no option for that."""
    assert invoke(ephemeral=True).env == {"OPENCODE_DB": ":memory:"}


def test_another_directory_is_refused() -> None:
    """It would answer in the old one, tell nothing of it and never end (1.18.33)."""
    with pytest.raises(BackendUnsupportedError):
        OPENCODE.refuse_unsupported(ask(mode=TurnMode.RESUME, conversation=ID, elsewhere=True))


def test_a_turn_is_the_sum_of_its_steps() -> None:
    """Input excludes what was cached and output what was reasoned; ours include them."""
    end = result(line("step_start"), done("tool-calls", cost=0.5), done(cost=0.25))
    used = end.usage
    assert (used.input_tokens, used.cached_tokens, used.cache_write_tokens) == (200, 80, None)
    assert (used.output_tokens, used.reasoning_tokens) == (40, 14)
    assert end.cost_usd == 0.75


def test_what_was_written_to_a_cache_is_told_where_the_service_tells_it() -> None:
    """It says 0 where nobody knows."""
    end = result(done(input=50, cache={"read": 40, "write": 10}))
    assert (end.usage.input_tokens, end.usage.cache_write_tokens) == (100, 10)


def test_a_model_without_a_price_costs_what_nobody_knows() -> None:
    """It says 0 then."""
    assert result(done()).cost_usd is None


def test_a_sub_agent_makes_the_figures_unknown() -> None:
    """Its own steps are not told."""
    assert not result(tool("task"), done("tool-calls"), done()).usage.known


def test_the_answer_is_what_the_last_message_says() -> None:
    """What was said on the way is told and is no part of it."""
    told = events(
        line("text", text="I look.", messageID="m1"),
        done("tool-calls"),
        line("text", text='{"a": ', messageID="m2"),
        line("text", text="1}", messageID="m2"),
        done(),
    )
    assert [event.text for event in told if isinstance(event, Message)] == [
        "I look.",
        '{"a": ',
        "1}",
    ]
    assert [event.continues for event in told if isinstance(event, Message)] == [None, None, True]
    assert told[-1].text == '{"a": 1}'


def test_a_command_that_fails_is_a_tool_that_failed() -> None:
    """The agent calls it completed; the exit code tells."""
    told = events(tool("bash", input={"command": "ls x"}, metadata={"exit": 2}), done())
    [given] = [event for event in told if isinstance(event, ToolResult)]
    assert not given.ok


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (tool("write", status="error", error=REJECTED, input={"filePath": "/a"}), "Write /a"),
        (
            tool("edit", status="error", error="The user has specified a rule which", input={}),
            "Edit",
        ),
        (
            tool(
                "invalid", input={"tool": "bash", "error": "Model tried to call unavailable tool"}
            ),
            "Bash",
        ),
    ],
    ids=["rejected", "rule", "no such tool"],
)
def test_what_was_not_allowed_is_told(call: str, what: str) -> None:
    """A rejection, a rule, and a tool that does not exist in this run."""
    told = events(call, done("tool-calls"), done())
    [denied] = [event for event in told if isinstance(event, Warned)]
    assert (denied.code, denied.message) == ("denied", f"not allowed: {what}")
    assert not [event for event in told if isinstance(event, FileChange)]


def test_a_run_that_a_rejection_ends_is_no_failure() -> None:
    """It ends there without a word (1.18.33)."""
    call = tool("write", status="error", error=REJECTED, input={"filePath": "/a"})
    assert result(call, done("tool-calls")).failure is None
    assert result(call, done("tool-calls"), exit_code=-9).failure is not None


def test_tools_without_an_answer_after_them_are_no_success() -> None:
    """Whatever the exit code."""
    assert result(tool("bash"), done("tool-calls")).failure is not None
    assert result(line("text", text="half")).failure is not None


def test_answers_that_break_off_again_and_again_are_a_failure() -> None:
    """The agent itself would ask for ever."""
    broken = done("unknown", input=0, output=0, reasoning=0)
    assert result(broken, broken, line("text", text="well"), done()).failure is None
    why = result(broken, broken, broken).failure
    assert why is not None
    assert why.code is FailureCode.NETWORK


def test_a_conversation_that_was_summarized_goes_on() -> None:
    """The error, the summary and the agent's own words to itself are none of the answer."""
    synthetic = {"synthetic": True, "metadata": {"compaction_continue": True}}
    lines = [
        failed("ContextOverflowError", message="too long"),
        line("text", text="the summary"),
        done(),
        line("text", text="go on", **synthetic),
        line("text", text="well"),
        done(),
    ]
    told = events(*lines, exit_code=1)
    assert [event.text for event in told if isinstance(event, Message)] == ["well"]
    assert (told[-1].text, told[-1].failure) == ("well", None)
    assert result(*lines[:3]).failure is not None


@pytest.mark.parametrize(
    ("error", "stderr", "code"),
    [
        (failed(message="no", statusCode=401), "", "auth"),
        (failed("ProviderAuthError", message="no"), "", "auth"),
        (failed(message="slow", statusCode=429), "", "rate_limited"),
        (failed(message="exceeded your current quota", statusCode=429), "", "budget_limit"),
        (failed("UnknownError", message='{"message": "overloaded"}'), "", "overloaded"),
        (
            failed("UnknownError", message="Unexpected server error."),
            'error="ProviderModelNotFoundError: Model not found: a/b."\n',
            "model_unknown",
        ),
    ],
)
def test_an_error_is_told_from_all_that_is_said_of_it(error: str, stderr: str, code: str) -> None:
    """Status, name and words; where those say nothing, the log."""
    why = result(error, exit_code=1, stderr=stderr).failure
    assert why is not None
    assert why.code == code


def test_the_model_is_the_one_that_its_log_names() -> None:
    """So that the next turn can ask the same, also after one that asked another."""
    asked = "timestamp=x level=INFO message=stream providerID=p modelID={} small={} mode={}\n"
    log = asked.format("a", "false", "primary") + asked.format("b", "true", "title")
    assert result(done(), stderr=log).model == "p/a"
    assert result(done()).model is None


def test_the_words_of_an_error_have_no_colours() -> None:
    """What it says on stderr is painted for a terminal."""
    why = result(exit_code=1, stderr="\x1b[91m\x1b[1mError: \x1b[0mSession not found\n").failure
    assert why is not None
    assert (why.code, why.message) == (
        FailureCode.CONVERSATION_GONE,
        "the agent no longer has the conversation",
    )


ALL_BUT_READING = {"*": "deny", "read": {"*": "allow", "*.env": "deny", "x.env": "allow"}}


@pytest.mark.parametrize(
    ("theirs", "read", "edit"),
    [
        (None, ALL_BUT_READING["read"], "allow"),
        ("allow", ALL_BUT_READING["read"], "allow"),
        ("ask", {"*": "ask", "*.env": "deny"}, "ask"),
        ({"*": "deny"}, "deny", "deny"),
        ({"*": "deny", "read": "allow"}, ALL_BUT_READING["read"], "deny"),
        (
            {"edit": {"*": "allow", "*.lock": "deny"}},
            ALL_BUT_READING["read"],
            {"*": "allow", "*.lock": "deny"},
        ),
        (
            {"read": {"secrets/*": "ask"}},
            {"*": "allow", "secrets/*": "ask", "*.env": "deny"},
            "allow",
        ),
        ({"read": 3, "edit": []}, ALL_BUT_READING["read"], "allow"),
        (["deny"], ALL_BUT_READING["read"], "allow"),
        ({"ed*": "deny"}, ALL_BUT_READING["read"], "deny"),
        ({"*t": "deny"}, ALL_BUT_READING["read"], "deny"),
        ({"e?it": "ask", "r*": {"*": "ask"}}, {"*": "ask", "*.env": "deny"}, "ask"),
        ({"write": "deny"}, ALL_BUT_READING["read"], "deny"),
        ({"patch": "deny"}, ALL_BUT_READING["read"], "deny"),
        ({"mult*": "deny"}, ALL_BUT_READING["read"], "deny"),
        ({"{env:TOOL}": "deny"}, "deny", "deny"),
        ({"edit": "{env:PP}"}, ALL_BUT_READING["read"], "deny"),
        ("{file:./pp}", "deny", "deny"),
        ({"edit": {"*": "{env:PP}"}}, ALL_BUT_READING["read"], "deny"),
        ({"edit": "deny", "*": "allow"}, ALL_BUT_READING["read"], "deny"),
        ({"edit": "allow", "*": "deny"}, "deny", "deny"),
        ({"ed*": "deny", "edit": "allow"}, ALL_BUT_READING["read"], "allow"),
        ({"*": "deny", "edit": {"x/*": "allow"}}, "deny", {"*": "deny", "x/*": "allow"}),
        ({"edit": {"x/*": "allow", "*": "deny"}}, ALL_BUT_READING["read"], "deny"),
    ],
)
def test_nothing_is_allowed_that_the_person_forbids(theirs: Any, read: Any, edit: Any) -> None:
    """Rule by rule; what makes no sense forbids nothing, as the agent itself has it."""
    from clinvk.agents.opencode.permission_rules import stricter

    rules = stricter({**ALL_BUT_READING, "edit": "allow"}, theirs)
    assert (rules["*"], rules["read"], rules["edit"]) == ("deny", read, edit)


@pytest.mark.parametrize(
    "first", ["deny", {"*": "deny", "y": "allow"}, {"*": "allow", "x": "deny"}]
)
@pytest.mark.parametrize("then", ["allow", "ask", {"x": "allow"}, {"*": "allow", "x": "allow"}])
def test_what_one_place_forbids_no_other_allows(first: Any, then: Any) -> None:
    """Each place is added to the one before it."""
    from clinvk.agents.opencode.permission_rules import stricter

    rules = stricter(stricter({"edit": "allow"}, {"edit": first}), {"edit": then})
    edit = rules["edit"]
    assert edit == "deny" or (isinstance(edit, dict) and edit.get("x", edit["*"]) != "allow"), edit


@pytest.mark.parametrize("tool", ["write", "patch", "multiedit", "edit", "ed*", "w*", "*"])
def test_a_tool_that_is_switched_off_in_a_file_is_not_allowed(tool: str) -> None:
    """By whatever name."""
    said = invoke(access=Access.EDIT, texts={"f": json.dumps({"tools": {tool: False}})})
    config = json.loads(said.env["OPENCODE_CONFIG_CONTENT"])
    assert config["agent"]["clinvk-edit"]["permission"]["edit"] == "deny"


def test_a_file_that_cannot_be_parsed_is_refused() -> None:
    """Nobody could say what it forbids, once a variable has been put into it."""
    with pytest.raises(BackendUnsupportedError, match="`f`"):
        invoke(access=Access.EDIT, texts={"f": '{"tools": {"write": {env:OFF}}}'})


def test_a_configuration_of_the_persons_is_added_to() -> None:
    """With comments and all; ours would replace it."""
    theirs = '{"model": "m/x", "instructions": ["mine.md"], "agent": {"own": {}}, // mine\n}'
    said = invoke(
        access=Access.EDIT,
        system_prompt="Be kind.",
        environ={"OPENCODE_CONFIG_CONTENT": theirs, "OPENCODE_PERMISSION": '{"webfetch": "deny"}'},
        texts={"a file": '{"tools": {"grep": false}}'},
    ).env["OPENCODE_CONFIG_CONTENT"]
    config = json.loads(said)
    assert config["model"] == "m/x"
    assert config["instructions"] == ["mine.md", "{system_prompt}"]
    assert set(config["agent"]) == {"own", "clinvk-edit"}
    rules = config["agent"]["clinvk-edit"]["permission"]
    assert (rules["webfetch"], rules["grep"], rules["edit"]) == ("deny", "deny", "allow")


def test_an_end_that_it_does_not_know_is_not_asked_for_again() -> None:
    """1.18.33 repeats the request for ever; the answer is kept, its figures are not believed."""
    parser = OPENCODE.parser(ask())
    lines = [line("step_start"), line("text", text="Half an"), done("unknown")]
    result = [event for each in lines for event in parser.feed(each)][-1]
    assert isinstance(result, Result)
    assert result.failure is not None
    assert (result.failure.code, result.failure.retryable) == (FailureCode.AGENT_FAILED, False)
    assert "reason that the agent does not know" in result.failure.message
    assert (result.text, result.usage.known) == ("Half an", False)
    assert [*parser.feed(line("step_start"))] == []


def test_a_step_with_a_tool_call_may_end_as_it_likes() -> None:
    """After a tool call opencode rightly asks again."""
    parser = OPENCODE.parser(ask())
    lines = [line("step_start"), tool("bash"), done("unknown")]
    assert not any(isinstance(one, Result) for each in lines for one in parser.feed(each))


@pytest.mark.parametrize(
    ("reason", "stop_reason"),
    [
        ("length", StopReason.LENGTH),
        ("content-filter", StopReason.FILTERED),
        ("stop", StopReason.END_TURN),
    ],
)
def test_the_last_step_says_whether_the_answer_was_cut(
    reason: str, stop_reason: StopReason
) -> None:
    """The agent exits with 0 in each case."""
    parser = OPENCODE.parser(ask())
    for each in (line("step_start"), line("text", text="Half an"), done(reason)):
        parser.feed(each)
    *_, result = parser.finish(0, "")
    assert isinstance(result, Result)
    assert (result.stop_reason, result.failure) == (stop_reason, None)
