"""How Gemini CLI is called, and what of its stream the recordings do not have."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from clinvk.agents import registry as backends
from clinvk.errors import BackendUnsupportedError, SessionNotFoundError
from clinvk.model.access import Access
from clinvk.model.conversation import TurnMode
from clinvk.model.events import Change, Event, Failed, FileChange, Message, Raw, StopReason, Warned
from clinvk.model.failure import FailureCode
from clinvk.model.request import TurnRequest
from clinvk.model.usage import UNKNOWN_USAGE, Usage

ID = "123e4567-e89b-12d3-a456-426614174000"
GEMINI = backends.get("gemini")
INIT = {"type": "init", "session_id": ID, "model": "auto"}


def ask(**asked: Any) -> TurnRequest:
    """A request for a turn."""
    return TurnRequest(prompt="hello", cwd=Path("/project"), **asked)


def turn(*lines: Any, exit_code: int | None = 0, stderr: str = "") -> list[Any]:
    """The events of a turn that printed these objects after its `init`."""
    parser = GEMINI.parser(ask())
    events: list[Event] = []
    for line in (INIT, *lines):
        events += parser.feed(json.dumps(line))
    return [*events, *parser.finish(exit_code, stderr)]


def said(words: str) -> dict[str, Any]:
    """A piece of the answer."""
    return {"type": "message", "role": "assistant", "content": words, "delta": True}


def call(name: str, number: int = 1, **arguments: Any) -> list[dict[str, Any]]:
    """A call that went well."""
    use = {"type": "tool_use", "tool_id": str(number), "tool_name": name, "parameters": arguments}
    return [use, {"type": "tool_result", "tool_id": str(number), "status": "success"}]


def ended(**stats: int) -> dict[str, Any]:
    """The end of a run that went well."""
    return {"type": "result", "status": "success", "stats": stats}


def failed(message: str, kind: str = "unknown") -> dict[str, Any]:
    """The end of a run that failed."""
    return {"type": "result", "status": "error", "error": {"type": kind, "message": message}}


def rules(access: Access) -> list[dict[str, Any]]:
    """The rules that a turn with this access is given in a file."""
    files = GEMINI.invocation(ask(access=access)).files
    found: list[dict[str, Any]] = tomllib.loads(files["policy.toml"])["rule"]
    return found


@pytest.mark.parametrize("bad", ["latest", "1", "", f"{ID}\n", "--yolo"])
def test_what_is_no_id_never_reaches_the_command_line(bad: str) -> None:
    """A number or `latest` would be whichever conversation that is."""
    with pytest.raises(SessionNotFoundError):
        GEMINI.invocation(ask(conversation=bad, mode=TurnMode.RESUME))


def test_read_only_takes_every_tool_away_that_writes_and_the_way_out_of_plan_mode() -> None:
    """Headless, leaving plan mode ends in full access; servers' tools are unknown ones."""
    named, servers = rules(Access.READ_ONLY)
    assert {"write_file", "replace", "run_shell_command", "exit_plan_mode"} <= set(
        named["toolName"]
    )
    assert servers["mcpName"] == "*"
    assert {rule["decision"] for rule in (named, servers)} == {"deny"}


def test_read_only_keeps_what_the_person_forbids() -> None:
    """Our rules would replace the person's own if those were not named too."""
    argv = GEMINI.invocation(ask(access=Access.READ_ONLY)).argv
    assert argv[-2:] == ("--policy={policy.toml}", "--policy=~/.gemini/policies")


def test_edit_has_no_way_into_plan_mode_and_so_none_out_of_it() -> None:
    """The same two calls would end in full access."""
    [rule] = rules(Access.EDIT)
    assert rule["toolName"] == ["enter_plan_mode", "exit_plan_mode"]
    assert rule["decision"] == "deny"


def test_a_file_with_rules_ends_as_the_agent_expects() -> None:
    """Any other it ignores without a word."""
    for access in (Access.READ_ONLY, Access.EDIT):
        invocation = GEMINI.invocation(ask(access=access))
        assert all(name.endswith(".toml") for name in invocation.files)
        assert any("{policy.toml}" in token for token in invocation.argv)


def test_whether_a_directory_is_trusted_is_not_ours_to_say() -> None:
    """What is configured in it would be run; the refusal names the ways out."""
    assert "--skip-trust" not in GEMINI.invocation(ask(access=Access.FULL)).argv
    parser = GEMINI.parser(ask())
    stderr = "\x1b[31mGemini CLI is not running in a trusted directory. To proceed, …\x1b[0m"
    [result] = parser.finish(55, stderr)
    assert result.failure.code is FailureCode.OPTION_REFUSED
    assert result.failure.message.startswith("Gemini CLI is not running")
    assert "--backend-arg=--skip-trust" in result.failure.hint


def test_a_prompt_that_it_would_cut_is_refused() -> None:
    """It takes 8 MiB and says of the rest only on stderr that it is gone."""
    GEMINI.refuse_unsupported(ask())
    long = TurnRequest(prompt="é" * (4 * 1024 * 1024 + 1), cwd=Path("/project"))
    with pytest.raises(BackendUnsupportedError, match=r"8,388,610 bytes"):
        GEMINI.refuse_unsupported(long)


def test_a_warning_or_an_odd_line_splits_no_message() -> None:
    """The result has all of the answer, as the pieces have it."""
    odd = {"type": "error", "severity": "warning", "message": "careful"}
    *_, result = turn(said("one"), odd, said(" two"), {"type": "new"}, said(" three"), ended())
    assert result.text == "one two three"


def test_the_text_is_the_last_that_was_said() -> None:
    """What stands before a tool call is told, but it is not the answer."""
    events = turn(said("Let me "), said("see."), *call("glob", pattern="*"), said("Done."), ended())
    assert [event.text for event in events if isinstance(event, Message)] == [
        "Let me ",
        "see.",
        "Done.",
    ]
    assert events[-1].text == "Done."


def test_a_file_is_new_unless_it_was_touched_before_in_the_run() -> None:
    """It does not say whether it made a file; what was read or written is known to be there."""
    events = turn(
        *call("write_file", 1, file_path="new.txt", content="x"),
        *call("write_file", 2, file_path="new.txt", content="y"),
        *call("read_file", 3, file_path="old.txt"),
        *call("write_file", 4, file_path="old.txt", content="x"),
        *call("replace", 5, file_path="other.txt"),
    )
    assert [event for event in events if isinstance(event, FileChange)] == [
        FileChange(path="new.txt", change=Change.CREATED),
        FileChange(path="new.txt", change=Change.MODIFIED),
        FileChange(path="old.txt", change=Change.MODIFIED),
        FileChange(path="other.txt", change=Change.MODIFIED),
    ]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("policy_violation", "Tool execution denied"),
        ("unhandled_exception", 'Tool execution for "Shell" requires user confirmation, which …'),
        ("invalid_tool_params", "Path not in workspace: Attempted path …"),
    ],
)
def test_a_call_that_was_not_allowed_is_told_as_such(kind: str, words: str) -> None:
    """There is no one way to say so."""
    use, _ = call("run_shell_command", command="rm x")
    error = {"type": kind, "message": words}
    refused = {"type": "tool_result", "tool_id": "1", "status": "error", "error": error}
    warned = [event for event in turn(use, refused) if isinstance(event, Warned)]
    assert [(event.code, event.message) for event in warned] == [
        ("denied", "not allowed: Bash rm x")
    ]


@pytest.mark.parametrize("kind", ["file_not_found", [], {"a": 1}, None])
def test_a_tool_that_fails_is_no_denial(kind: object) -> None:
    """A file that is not there is nobody's prohibition, nor is a kind that is no word."""
    use, _ = call("read_file", file_path="x")
    error = {"type": kind, "message": "File not found: x"}
    missing = {"type": "tool_result", "tool_id": "1", "status": "error", "error": error}
    assert not [event for event in turn(use, missing) if isinstance(event, Warned)]


def test_thoughts_are_what_the_total_has_over_input_and_answer() -> None:
    """The output is both; `cached` is a part of the input."""
    result = turn(
        ended(input_tokens=100, output_tokens=13, total_tokens=120, cached=40),
    )[-1]
    assert result.usage == Usage(
        input_tokens=100, cached_tokens=40, output_tokens=20, reasoning_tokens=7
    )


def test_how_much_was_thought_is_not_known_beside_a_search() -> None:
    """A search's own tokens are in the total only, too."""
    stats = {"input_tokens": 100, "output_tokens": 13, "total_tokens": 120}
    result = turn(*call("google_web_search", query="x"), ended(**stats))[-1]
    assert (result.usage.output_tokens, result.usage.reasoning_tokens) == (20, None)


def test_figures_that_cannot_be_are_unknown() -> None:
    """An answer that cost nothing, a total that is too small, no figures at all."""
    assert turn(said("x"), ended(input_tokens=0, output_tokens=0))[-1].usage == UNKNOWN_USAGE
    assert turn(ended())[-1].usage == UNKNOWN_USAGE
    small = turn(ended(input_tokens=10, output_tokens=2, total_tokens=3))[-1].usage
    assert (small.output_tokens, small.reasoning_tokens) == (2, None)


def test_its_own_warning_is_passed_on_and_ends_nothing() -> None:
    """A loop that it broke off by itself is a good end."""
    loop = {"type": "error", "severity": "warning", "message": "Loop detected, stopping execution"}
    events = turn(said("x"), loop, ended(input_tokens=1, output_tokens=1))
    assert Warned(message="Loop detected, stopping execution") in events
    assert events[-1].failure is None


@pytest.mark.parametrize(
    ("line", "exit_code", "code"),
    [
        (failed("[API Error: Service down]"), 503 % 256, FailureCode.OVERLOADED),
        (failed("[API Error: Gone wrong]"), 500 % 256, FailureCode.SERVER_ERROR),
        (failed("[API Error: No.]"), 401 % 256, FailureCode.AUTH),
        (failed("[API Error: You exceeded your current quota]"), 173, FailureCode.RATE_LIMITED),
        (failed("Reached max session turns", "FatalTurnLimitedError"), 53, FailureCode.TURN_LIMIT),
        (failed("[API Error: Exiting …]", "FatalInputError"), 42, FailureCode.PROMPT_REFUSED),
        (failed("nobody knows"), 1, FailureCode.AGENT_FAILED),
        ({"type": "result", "status": "error"}, 0, FailureCode.AGENT_FAILED),
    ],
)
def test_a_failure_is_known_by_its_words_or_by_the_exit_code(
    line: dict[str, Any], exit_code: int, code: FailureCode
) -> None:
    """Of the service's HTTP status the exit code has a byte."""
    *_, told, result = turn(line, exit_code=exit_code)
    assert told == Failed(failure=result.failure)
    assert result.failure.code is code


def test_a_blocked_answer_is_a_failure_though_the_exit_code_is_zero() -> None:
    """The error stands in a line before the result, which has none."""
    blocked = "The model response was blocked due to safety settings."
    error = {"type": "error", "severity": "error", "message": blocked}
    result = turn(said("x"), error, {"type": "result", "status": "error"})[-1]
    assert result.failure.code is FailureCode.PROMPT_REFUSED
    assert result.failure.message == blocked
    assert result.stop_reason is StopReason.ERROR


def test_an_exit_code_after_a_good_result_is_a_warning() -> None:
    """The answer was complete."""
    warned, result = turn(ended(), exit_code=3)[-2:]
    assert "exited with 3" in warned.message
    assert result.failure is None


def test_an_option_that_it_does_not_know_is_named_above_its_usage() -> None:
    """The usage text that follows explains nothing."""
    usage = "Usage: gemini [options]\n\nOptions:\n  -d, --debug\n"
    parser = GEMINI.parser(ask())
    [result] = parser.finish(1, f"Unknown arguments: flag-of-nobody\n{usage}")
    assert result.failure.code is FailureCode.OPTION_REFUSED
    assert "flag-of-nobody" in result.failure.message


def test_nothing_counts_after_the_result() -> None:
    """A second result is kept as it is."""
    parser = GEMINI.parser(ask())
    line = json.dumps(ended())
    assert not parser.settled
    assert list(parser.feed(line)) == []
    assert parser.settled
    assert list(parser.feed(line)) == [Raw(line=line)]


@pytest.mark.parametrize(
    ("environ", "root"),
    [({}, "/home/u"), ({"GEMINI_CLI_HOME": "/data"}, "/data")],
)
def test_where_its_files_are(environ: dict[str, str], root: str) -> None:
    """Beside the sign-in; the folder is named after the project, the file after 8 digits."""
    files = GEMINI.conversation_files(ID, Path("/home/u"), environ)
    assert files is not None
    assert files.root == Path(root) / ".gemini" / "tmp"
    assert files.pattern == "*/chats/session-*-123e4567.jsonl"
    sign_in = GEMINI.sign_in(Path("/home/u"), environ)
    assert sign_in is not None
    assert sign_in.files == (Path(root) / ".gemini" / "oauth_creds.json",)


def test_the_agents_own_screen_opens_the_conversation() -> None:
    """With the session's model and access, and without what makes it headless."""
    assert GEMINI.native_resume(ID) == ("gemini", "--resume", ID)
    screen = GEMINI.screen(
        ask(conversation=ID, mode=TurnMode.RESUME, model="m", access=Access.FULL)
    )
    assert screen is not None
    assert screen.argv == ("gemini", f"--resume={ID}", "--model=m", "--approval-mode=yolo")


@pytest.mark.parametrize(
    ("settings", "days"),
    [
        (None, 30),
        ("{}", 30),
        ('{"general": {"sessionRetention": {"maxAge": "10d"}}}', 10),
        ('{"general": {"sessionRetention": {"maxAge": "48h"}}}', 2),
        ('{"general": {"sessionRetention": {"maxAge": "2w", "enabled": true}}}', 14),
        ('{"general": {"sessionRetention": {"maxAge": "3m"}}}', 90),
        ('{"general": {"sessionRetention": {"enabled": false}}}', None),
        ('{"general": {"sessionRetention": {"maxAge": "soon"}}}', None),
        ('{"general": {"sessionRetention": {"maxAge": "0d"}}}', None),
        ("{ // a remark\n}", None),
    ],
)
def test_how_long_it_keeps_a_conversation_is_read_off_its_settings(
    settings: str | None, days: float | None
) -> None:
    """As seen in 0.61.0: what was 40 days old was gone after the next prompt, 20 days old not."""
    kept = backends.get("gemini").retention(settings)
    assert (kept.days if kept else None) == days


@pytest.mark.parametrize(
    ("settings", "at_risk"),
    [
        (None, True),
        ("{}", True),
        ('{"general": {"sessionRetention": {"enabled": true}}}', True),
        ('{"general": {"sessionRetention": {"enabled": false}}}', False),
        ('{"general": 3}', True),
        ("not JSON", False),
    ],
)
def test_a_conversation_is_at_risk_unless_its_cleaning_is_off(
    settings: str | None, at_risk: Any
) -> None:
    """Settings that it refuses it does not act on."""
    assert (GEMINI.keeps_resumed(settings) is not None) is at_risk
