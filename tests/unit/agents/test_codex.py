"""How Codex is called, and what of its stream the recordings do not have."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from clinvk.agents import registry as backends
from clinvk.errors import BackendUnsupportedError, SessionNotFoundError
from clinvk.model.access import Access
from clinvk.model.conversation import ConversationFiles, TurnMode
from clinvk.model.events import (
    Change,
    Event,
    FileChange,
    Raw,
    StopReason,
    ToolResult,
    ToolUse,
    Warned,
)
from clinvk.model.failure import FailureCode
from clinvk.model.request import TurnRequest
from clinvk.model.usage import UNKNOWN_USAGE, Usage
from clinvk.store.agent_files.conversations import conversation_exists

ID = "123e4567-e89b-12d3-a456-426614174000"
CODEX = backends.get("codex")


def ask(**asked: Any) -> TurnRequest:
    """A request for a turn."""
    return TurnRequest(prompt="hello", cwd=Path("/project"), **asked)


def turn(*lines: Any, exit_code: int = 0, stderr: str = "", **asked: Any) -> list[Any]:
    """The events of a turn that printed these objects."""
    parser = CODEX.parser(ask(**asked))
    events: list[Event] = []
    for line in lines:
        events += parser.feed(json.dumps(line))
    return [*events, *parser.finish(exit_code, stderr)]


def completed(tokens_in: int, out: int, **more: int) -> dict[str, Any]:
    """The line that ends a turn, with the thread's totals."""
    return {
        "type": "turn.completed",
        "usage": {"input_tokens": tokens_in, "output_tokens": out, **more},
    }


def item(kind: str, **fields: Any) -> dict[str, Any]:
    """A finished item."""
    return {"type": "item.completed", "item": {"id": "item_1", "type": kind, **fields}}


def test_every_option_stands_before_resume() -> None:
    """After it codex refuses the sandbox."""
    argv = CODEX.invocation(
        ask(
            conversation=ID,
            mode=TurnMode.RESUME,
            access=Access.EDIT,
            model="m",
            backend_args=("--search",),
        )
    ).argv
    assert argv[-3:] == ("resume", ID, "-")
    assert {"--sandbox=workspace-write", "--model=m", "--search"} <= set(argv[:-3])


def test_what_the_persons_rules_allow_does_not_leave_the_sandbox_of_read_only() -> None:
    """0.171.0 runs it outside; its own screen has no option against that."""
    rules = {"rules/*.rules": 'prefix_rule(pattern=["make"], decision="allow")\n'}
    turn_of = {access: ask(access=access, texts=rules) for access in Access if access != "ask"}
    with_option = [
        access for access, one in turn_of.items() if "--ignore-rules" in CODEX.invocation(one).argv
    ]
    assert with_option == [Access.READ_ONLY]
    without_rules = CODEX.invocation(ask(access=Access.READ_ONLY, texts={"rules/*.rules": "\n"}))
    assert "--ignore-rules" not in without_rules.argv  # 0.98.0 knows no such option
    with pytest.raises(BackendUnsupportedError, match="interactive screen"):
        CODEX.screen(turn_of[Access.READ_ONLY])
    assert CODEX.screen(turn_of[Access.EDIT])


@pytest.mark.parametrize("bad", [None, "", "a name", "--last", f"{ID}\n"])
def test_what_is_no_id_never_reaches_the_command_line(bad: str | None) -> None:
    """With anything but an id, `resume` silently starts a new thread."""
    with pytest.raises(SessionNotFoundError):
        CODEX.invocation(ask(conversation=bad, mode=TurnMode.RESUME))


@pytest.mark.parametrize("prompt", ['say "hi"\n\\ and \t\x01\x7f', "grüße 👋", "'''"])
def test_the_system_prompt_is_a_toml_string(prompt: str) -> None:
    """Whatever is in it, codex reads what was written."""
    argv = CODEX.invocation(ask(system_prompt=prompt)).argv
    setting = next(token for token in argv if token.startswith("--config=")).partition("=")[2]
    assert tomllib.loads(setting) == {"developer_instructions": prompt}


def test_a_system_prompt_that_argv_cannot_hold_is_refused() -> None:
    """It is said before the system's own "argument list too long"."""
    with pytest.raises(BackendUnsupportedError):
        CODEX.refuse_unsupported(ask(system_prompt="x" * 100_001))


def test_a_turns_usage_is_the_difference_of_the_threads_totals() -> None:
    """Codex reports what the whole thread used so far."""
    before = {"input_tokens": 300, "output_tokens": 30, "cached_input_tokens": 100}
    line = completed(500, 50, cached_input_tokens=150, reasoning_output_tokens=5)
    started = {"type": "thread.started", "thread_id": ID}
    result = turn(started, line, conversation=ID, mode=TurnMode.RESUME, counters=before)[-1]
    assert result.usage == Usage(input_tokens=200, cached_tokens=50, output_tokens=20)
    assert result.counters == line["usage"]
    unnamed = turn(line, conversation=ID, mode=TurnMode.RESUME, counters=before)[-1]
    assert unnamed.usage == Usage()  # it may be another thread


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({"counters": None}, id="nothing is known from before"),
        pytest.param(
            {"counters": {"input_tokens": 1, "output_tokens": 1}, "baseline_known": False},
            id="a turn in between reported nothing",
        ),
        pytest.param(
            {"counters": {"input_tokens": 900, "output_tokens": 1}}, id="a total went down"
        ),
    ],
)
def test_a_difference_to_the_unknown_is_unknown(asked: dict[str, Any]) -> None:
    """The thread's total is never taken for a turn's."""
    result = turn(completed(500, 50), conversation=ID, mode=TurnMode.RESUME, **asked)[-1]
    assert result.usage == UNKNOWN_USAGE
    assert result.counters == {"input_tokens": 500, "output_tokens": 50}


def test_a_patch_is_its_changed_files() -> None:
    """Created, modified and deleted, and nothing for a patch that was not applied."""
    changes = [
        {"path": "/p/a", "kind": "add"},
        {"path": "/p/b", "kind": "update"},
        {"path": "/p/c", "kind": "delete"},
    ]
    events = turn(item("file_change", changes=changes, status="completed"))
    assert events[:-1] == [
        FileChange(path="/p/a", change=Change.CREATED),
        FileChange(path="/p/b", change=Change.MODIFIED),
        FileChange(path="/p/c", change=Change.DELETED),
    ]
    failed = turn(item("file_change", changes=changes[:1], status="failed"))
    assert failed[:-1] == [Warned(message="not changed: /p/a", code="denied")]


def test_a_command_is_shown_without_the_shell_around_it() -> None:
    """What was run is the one line that says most."""
    events = turn(
        item("command_execution", command="/bin/bash -lc 'echo hi'", exit_code=3, status="failed")
    )
    assert isinstance(events[0], ToolUse)
    assert events[0].summary == "echo hi"
    assert events[1] == ToolResult(id="item_1", ok=False)


def test_reconnecting_is_a_warning_and_no_failure() -> None:
    """The agent goes on by itself; the person sees why it takes long."""
    words = "Reconnecting... 1/5 (unexpected status 503 Service Unavailable)"
    events = turn({"type": "error", "message": words}, completed(1, 1))
    assert events[0] == Warned(message=words, code="retry")
    assert events[-1].failure is None


def test_an_item_of_a_later_version_is_raw() -> None:
    """It is kept as it came."""
    assert isinstance(turn(item("an_item_that_no_version_has"))[0], Raw)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("unexpected status 401 Unauthorized: bad key", FailureCode.AUTH),
        ("unexpected status 403 Forbidden: no", FailureCode.AUTH),
        ("Missing environment variable: `OPENAI_API_KEY`.", FailureCode.AUTH),
        ("exceeded retry limit, last status: 429 Too Many Requests", FailureCode.RATE_LIMITED),
        ("unexpected status 503 Service Unavailable: x", FailureCode.OVERLOADED),
        ("Selected model is at capacity. Please try a different model.", FailureCode.OVERLOADED),
        ("We're currently experiencing high demand, which may", FailureCode.SERVER_ERROR),
        (
            "The model `x` does not exist or you do not have access to it.",
            FailureCode.MODEL_UNKNOWN,
        ),
        (
            "Codex ran out of room in the model's context window. Start a new thread",
            FailureCode.CONTEXT_TOO_LONG,
        ),
        ("Quota exceeded. Check your plan and billing details.", FailureCode.BUDGET_LIMIT),
        ("stream disconnected before completion: stream closed", FailureCode.NETWORK),
        ("something new", FailureCode.AGENT_FAILED),
    ],
)
def test_a_failed_turn_is_known_by_its_words(words: str, code: FailureCode) -> None:
    """Each failure has the code that decides exit status and hint."""
    result = turn({"type": "turn.failed", "error": {"message": words}}, exit_code=1)[-1]
    assert (result.failure.code, result.failure.message) == (code, words)


def test_a_services_own_json_is_unpacked() -> None:
    """A person reads the sentence in it."""
    body = json.dumps({"type": "error", "error": {"message": "nope"}})
    result = turn({"type": "turn.failed", "error": {"message": body}}, exit_code=1)[-1]
    assert result.failure.message == "nope"


@pytest.mark.parametrize(
    ("exit_code", "stderr", "code"),
    [
        (2, "error: unexpected argument '--nonesuch' found", FailureCode.OPTION_REFUSED),
        (
            1,
            "Error: thread/resume: thread/resume failed: no rollout found for thread id x",
            FailureCode.CONVERSATION_GONE,
        ),
        (
            1,
            "Error: turn/start failed: Input exceeds the maximum length of 1048576 characters.",
            FailureCode.CONTEXT_TOO_LONG,
        ),
        (1, "No prompt provided via stdin.", FailureCode.PROMPT_REFUSED),
        (1, "Error loading config.toml: invalid type", FailureCode.OPTION_REFUSED),
        (1, "WARNING: no PATH aliases\n", FailureCode.AGENT_FAILED),
        (0, "", FailureCode.NO_RESULT),
        (-15, "", FailureCode.KILLED),
    ],
)
def test_an_end_without_a_result_is_explained(
    exit_code: int, stderr: str, code: FailureCode
) -> None:
    """The agent's last words explain it, else how it ended."""
    assert turn(exit_code=exit_code, stderr=stderr)[-1].failure.code is code


@pytest.mark.parametrize(
    ("environ", "root"),
    [({}, "/home/u/.codex/sessions"), ({"CODEX_HOME": "/c"}, "/c/sessions")],
)
def test_the_rollout_is_in_the_folder_of_any_day(environ: dict[str, str], root: str) -> None:
    """The id stands at the end of its name."""
    files = CODEX.conversation_files(ID, Path("/home/u"), environ)
    assert isinstance(files, ConversationFiles)
    assert (files.root, files.pattern) == (Path(root), f"*/*/*/rollout-*-{ID}.jsonl")


_META = '{"type": "session_meta", "payload": {"id": "x"}}'
_TOLD = '{"type": "response_item", "payload": {"type": "message", "role": "user"}}'
_BEGUN = '{"type": "event_msg", "payload": {"type": "task_started"}}'
_SAID = '{"type": "response_item", "payload": {"type": "message", "role": "assistant"}}'
_ASKED = '{"type": "event_msg", "payload": {"type": "user_message"}}'


@pytest.mark.parametrize(
    ("lines", "holds"),
    [
        pytest.param([], False, id="emptied"),
        pytest.param(["\0" * 400], False, id="zeroes"),
        pytest.param([_META], False, id="its first line"),
        pytest.param([_META, _BEGUN, _TOLD, _SAID[:30]], False, id="cut in its preamble"),
        pytest.param([_META[:30], _BEGUN, _ASKED, _SAID], False, id="without its first line"),
        pytest.param([_META, _TOLD, _ASKED], True, id="interrupted"),
        pytest.param([_META, _BEGUN, _TOLD, _SAID], True, id="answered"),
        pytest.param([_META, '{"type": "of a later version"}'], True, id="unknown"),
    ],
)
def test_a_rollout_of_which_only_the_beginning_is_left_is_no_conversation(
    tmp_path: Path, lines: list[str], *, holds: bool
) -> None:
    """The agent would answer from an empty thread, or fail without a word that says why."""
    files = CODEX.conversation_files(ID, tmp_path, {})
    assert isinstance(files, ConversationFiles)
    rollout = files.root / "2026" / "01" / "02" / f"rollout-1-{ID}.jsonl"
    rollout.parent.mkdir(parents=True)
    rollout.write_text("".join(f"{line}\n" for line in lines))
    assert conversation_exists(files) is holds


def test_the_agents_own_screen_opens_the_conversation() -> None:
    """Without clinvk the conversation is still there."""
    assert CODEX.native_resume(ID) == ("codex", "resume", ID)


@pytest.mark.parametrize(("exit_code", "told"), [(0, False), (1, True), (101, True), (143, False)])
def test_an_exit_code_after_the_answer_is_said(exit_code: int, *, told: bool) -> None:
    """The answer stands; as with every agent, what came after it is not passed by silently."""
    said = [{"type": "thread.started", "thread_id": ID}, item("agent_message", text="one")]
    events = turn(*said, completed(100, 10), exit_code=exit_code)
    warnings = [event.message for event in events if isinstance(event, Warned)]
    assert warnings == [f"the agent exited with {exit_code} after its answer was complete"] * told
    assert (events[-1].text, events[-1].failure) == ("one", None)


def test_a_second_turn_of_a_run_is_the_answer_and_its_figures_are_of_both() -> None:
    """What comes after a `turn.completed` is no noise if a further turn began."""
    first = [{"type": "turn.started"}, item("agent_message", text="one"), completed(100, 10)]
    second = [{"type": "turn.started"}, item("agent_message", text="two"), completed(250, 30)]
    events = turn({"type": "thread.started", "thread_id": ID}, *first, *second)
    assert [event.text for event in events if event.type == "message"] == ["one", "two"]
    assert (events[-1].text, events[-1].usage.total_tokens) == ("two", 280)


def test_a_turn_that_was_cut_off_in_a_further_turn_failed_and_keeps_its_answer() -> None:
    """Only the agent's own word ends a turn well."""
    said = [item("agent_message", text="one"), completed(100, 10), {"type": "turn.started"}]
    events = turn({"type": "thread.started", "thread_id": ID}, *said, exit_code=-9)
    assert isinstance(events[-2], Warned)
    assert (events[-1].text, events[-1].usage) == ("one", UNKNOWN_USAGE)
    assert events[-1].failure.code is FailureCode.KILLED


def test_a_further_turn_that_fails_leaves_the_answer() -> None:
    """The first turn ended well; what the second used is not known."""
    failed = {"type": "turn.failed", "error": {"message": "overloaded"}}
    said = [item("agent_message", text="one"), completed(100, 10), {"type": "turn.started"}]
    events = turn({"type": "thread.started", "thread_id": ID}, *said, failed)
    assert isinstance(events[-2], Warned)
    assert (events[-1].text, events[-1].failure, events[-1].usage) == ("one", None, UNKNOWN_USAGE)


@pytest.mark.parametrize(
    ("reason", "stop_reason", "code"),
    [
        ("max_output_tokens", StopReason.LENGTH, FailureCode.AGENT_FAILED),
        ("content_filter", StopReason.FILTERED, FailureCode.PROMPT_REFUSED),
    ],
)
def test_an_incomplete_response_says_what_cut_it(
    reason: str, stop_reason: StopReason, code: FailureCode
) -> None:
    """0.171.0 fails such a turn itself; it is no network failure that a retry would mend."""
    words = f"stream disconnected before completion: Incomplete response returned, reason: {reason}"
    result = turn({"type": "turn.failed", "error": {"message": words}})[-1]
    assert (result.stop_reason, result.failure.code) == (stop_reason, code)
    assert not result.failure.retryable


@pytest.mark.parametrize(("said", "warned"), [("words", True), ('{"a": 1}', False)])
def test_an_answer_without_the_value_that_was_asked_for_is_warned_about(
    said: str, *, warned: bool
) -> None:
    """It is printed as it is, and has no `structured`."""
    answer = (item("agent_message", text=said), completed(100, 10))
    events = turn(*answer, backend_args=("--output-schema=schema.json",))
    assert any(isinstance(event, Warned) for event in events) is warned
    assert (events[-1].structured is None) is warned
