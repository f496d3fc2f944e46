"""How Qwen Code is called, and what its running totals and its wording of failures mean."""

import json
from pathlib import Path
from typing import Any

import pytest

from clinvk.agents import registry as backends
from clinvk.errors import BackendUnsupportedError, SessionNotFoundError
from clinvk.model.access import Access
from clinvk.model.conversation import ConversationFiles, TurnMode
from clinvk.model.events import Message, Result, UsageReported, Warned
from clinvk.model.failure import FailureCode
from clinvk.model.request import Invocation, TurnRequest

ID = "123e4567-e89b-12d3-a456-426614174000"
QWEN = backends.get("qwen")
TOTALS = {"input_tokens": 100, "cache_read_input_tokens": 40, "output_tokens": 20}


def ask(**asked: Any) -> TurnRequest:
    """A request for a turn."""
    return TurnRequest(prompt="hello", cwd=Path("/code/project"), **asked)


def invoke(**asked: Any) -> Invocation:
    """The invocation of a turn."""
    return QWEN.invocation(ask(**asked))


def said(answer: str, tokens: int, cached: int = 0) -> dict[str, Any]:
    """A whole answer with its own figures."""
    usage = {"input_tokens": tokens, "output_tokens": 10, "cache_read_input_tokens": cached}
    return {
        "type": "assistant",
        "parent_tool_use_id": None,
        "message": {"content": [{"type": "text", "text": answer}], "usage": usage},
    }


def piece(text: str) -> dict[str, Any]:
    """A piece of an answer."""
    delta = {"type": "text_delta", "text": text}
    event = {"type": "content_block_delta", "index": 0, "delta": delta}
    return {"type": "stream_event", "parent_tool_use_id": None, "event": event}


def ended(tokens: int, output: int, **more: Any) -> dict[str, Any]:
    """A result line with these totals."""
    usage = {"input_tokens": tokens, "output_tokens": output, "cache_read_input_tokens": 40}
    return {"type": "result", "subtype": "success", "usage": usage, **more}


def events(request: TurnRequest, *lines: dict[str, Any]) -> list[Any]:
    """The events of a run that said these lines and ended well."""
    parser = QWEN.parser(request)
    told = [event for line in lines for event in parser.feed(json.dumps(line))]
    return [*told, *parser.finish(0, "")]


def result(request: TurnRequest, *lines: dict[str, Any]) -> Result:
    """The last event."""
    last = events(request, *lines)[-1]
    assert isinstance(last, Result)
    return last


@pytest.mark.parametrize("bad", ["", "a title", "--help", f"{ID}\n", ID[:-1]])
@pytest.mark.parametrize("resume", [True, False])
def test_what_is_no_id_never_reaches_the_command_line(bad: str, *, resume: bool) -> None:
    """`--resume` would take it for a title."""
    with pytest.raises(SessionNotFoundError):
        invoke(conversation=bad, mode=TurnMode.RESUME if resume else TurnMode.START)


def test_read_only_shuts_out_what_writes() -> None:
    """Plan mode, no tool that writes or runs commands, and no server of unknown tools."""
    argv = invoke(access=Access.READ_ONLY).argv
    assert "--approval-mode=plan" in argv
    for tool in ("write_file", "edit", "run_shell_command"):
        assert f"--exclude-tools={tool}" in argv
    assert "--allowed-mcp-server-names=none" in argv


def test_a_system_prompt_that_argv_cannot_hold_is_refused() -> None:
    """It has no option for a file, and Linux refuses an argument of 128 KiB."""
    QWEN.refuse_unsupported(ask(system_prompt="x" * 100_000))
    with pytest.raises(BackendUnsupportedError, match="100,001 bytes"):
        QWEN.refuse_unsupported(ask(system_prompt="x" * 100_001))


def test_a_run_inside_another_ones_tool_call_is_no_child_of_it() -> None:
    """What the outer agent sets for its children is removed."""
    assert {"QWEN_CODE", "QWEN_CODE_SESSION_ID", "QWEN_CODE_NO_RELAUNCH"} <= set(invoke().env_unset)


@pytest.mark.parametrize(
    ("environ", "root"),
    [
        ({}, "/home/user/.qwen"),
        ({"QWEN_HOME": "/code/q"}, "/code/q"),
        ({"QWEN_HOME": "/code/q", "QWEN_RUNTIME_DIR": "/code/r"}, "/code/r"),
    ],
)
def test_a_conversation_is_one_file(environ: dict[str, str], root: str) -> None:
    """Below the folder of the project, wherever the variables move it."""
    found = QWEN.conversation_files(ID, Path("/home/user"), environ)
    assert isinstance(found, ConversationFiles)
    assert (found.root, found.pattern) == (Path(root) / "projects", f"*/chats/{ID}.jsonl")


def test_a_turn_is_the_difference_of_the_totals() -> None:
    """What it asked on its own account, to keep its memory, is in the turn's figures."""
    request = ask(mode=TurnMode.RESUME, conversation=ID, counters=TOTALS)
    done = result(request, said("well", 100), ended(300, 40))
    assert (done.usage.input_tokens, done.usage.cached_tokens) == (200, 0)
    assert done.usage.output_tokens == 20
    assert done.counters == {**TOTALS, "input_tokens": 300, "output_tokens": 40}


def test_totals_that_do_not_fit_are_the_runs_own() -> None:
    """An earlier version counted each run by itself: a difference would be less than was used."""
    request = ask(mode=TurnMode.RESUME, conversation=ID, counters=TOTALS)
    assert result(request, said("well", 200, 40), ended(200, 25)).usage.input_tokens == 200


def test_after_a_turn_that_broke_off_nothing_is_known() -> None:
    """What it used is in the total, and how much of it cannot be told; the next turn is known."""
    broken = ask(mode=TurnMode.RESUME, conversation=ID, counters=TOTALS, baseline_known=False)
    done = result(broken, said("well", 100), ended(300, 40))
    assert not done.usage.known
    assert done.counters is not None
    after = ask(mode=TurnMode.RESUME, conversation=ID, counters=done.counters)
    assert result(after, said("well", 100), ended(400, 50)).usage.input_tokens == 100


def test_a_failed_turn_used_what_was_added_to_the_file() -> None:
    """Its result says nothing of it, or the total of the whole conversation."""
    request = ask(mode=TurnMode.RESUME, conversation=ID, counters=TOTALS)
    used = QWEN.usage_by({**TOTALS, "input_tokens": 150, "output_tokens": 21}, request)
    assert (used.input_tokens, used.cached_tokens, used.output_tokens) == (50, 0, 1)
    assert not QWEN.usage_by({**TOTALS, "output_tokens": 1}, request).known


def test_each_answer_tells_what_the_run_has_used() -> None:
    """While the turn is on its way, for whoever watches."""
    told = events(ask(), said("one", 100), said("two", 150), ended(250, 20))
    figures = [event.usage.input_tokens for event in told if isinstance(event, UsageReported)]
    assert figures == [100, 250]


def test_a_failure_worded_as_an_answer_is_no_answer() -> None:
    """It says `[API Error: …]` as if the model had; the failure says it once, without brackets."""
    words = "[API Error: 401 Incorrect API key provided.]"
    failed = ended(0, 0, is_error=True, subtype="error_during_execution", error={"message": words})
    lines = [piece("Partial "), piece(words), said(f"Partial {words}", 0), failed]
    told = events(ask(), *lines)
    assert [event.text for event in told if isinstance(event, Message)] == ["Partial "]
    assert told[-1].text == "Partial "
    assert told[-1].failure.code is FailureCode.AUTH
    assert told[-1].failure.message == "401 Incorrect API key provided."


def test_a_model_may_use_the_words_of_a_failure() -> None:
    """What was held back is said after all when the turn ends well."""
    words = "[API Error: a title]"
    told = events(ask(), piece(words), said(words, 100), ended(100, 10, result=words))
    assert "".join(event.text for event in told if isinstance(event, Message)) == words
    assert told[-1].text == words


def test_a_retry_is_told_once() -> None:
    """It is reported twice, once for each layer that saw it; the pieces before it do not count."""
    again = {"type": "system", "subtype": "retry", "data": {"reason": "retry"}}
    told = events(
        ask(), piece("Part"), again, again, piece("Whole"), said("Whole", 9), ended(9, 10)
    )
    assert len([event for event in told if isinstance(event, Warned)]) == 1
    assert told[-1].text == "Whole"


@pytest.mark.parametrize(
    ("exit_code", "stderr", "code"),
    [
        (1, f"No saved session found with ID {ID}. Run `qwen --resume`", "conversation_gone"),
        (1, f"Error: Session Id {ID} already exists (active or archived).", "conversation_exists"),
        (53, "Reached max session turns for this session. Increase", "turn_limit"),
        (1, "Unknown arguments: flag-of-nobody, flagOfNobody\nUsage: qwen", "option_refused"),
        (1, "      --auth-type    Authentication type  [string]\n", "option_refused"),
        (1, "No input provided via stdin. Input can be", "prompt_refused"),
    ],
)
def test_an_end_without_a_result_is_told_from_its_words(
    exit_code: int, stderr: str, code: str
) -> None:
    """What it says on stderr, past the notices that it always prints there."""
    noise = "Ripgrep not available: spawn rg EACCES. Falling back to built-in grep.\n"
    [done] = QWEN.parser(ask()).finish(exit_code, noise + stderr)
    assert isinstance(done, Result)
    assert done.failure is not None
    assert done.failure.code == code
    assert "Ripgrep" not in done.failure.message


def test_a_used_up_quota_is_no_limit_of_the_moment() -> None:
    """Both come as 429; the words tell them apart."""
    words = (
        "[API Error: 429 You exceeded your current quota.]\nPossible quota limitations in place."
    )
    failed = ended(0, 0, is_error=True, error={"message": words})
    why = result(ask(), failed).failure
    assert why is not None
    assert why.code is FailureCode.BUDGET_LIMIT
    assert why.message.startswith("429 You exceeded your current quota.\n")
