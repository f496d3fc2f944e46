"""`sessions show --turn` and `--answer`."""

import json
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from clinvk.cli.render.turn import render_answer, render_turn
from clinvk.model.events import Change, StopReason
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.files import FileReport
from clinvk.model.outcome import Outcome
from clinvk.model.turn import ToolCall, Turn
from clinvk.model.usage import Usage

AT = datetime(2025, 1, 27, 10, 0, tzinfo=UTC)
TURN = Turn(
    number=2,
    started_at=AT,
    ended_at=AT,
    prompt="do\nit",
    outcome=Outcome(
        text="done\n\x1b[31mred",
        files=(FileReport(path="/p/a.py", change=Change.CREATED),),
        warnings=("slow",),
        stop_reason=StopReason.ERROR,
        failure=Failure(code=FailureCode.AUTH, message="not signed in"),
        exit_code=1,
        duration_s=2.5,
        usage=Usage(input_tokens=1234, output_tokens=6),
        cost_usd=0.5,
        model="model-4",
    ),
    tools=(ToolCall(name="Bash", summary="ls", ok=True), ToolCall(name="Edit", summary="a")),
    cwd="/p",
)


def test_a_turn_is_shown_with_all_its_data(screen: Any) -> None:
    """Times, cost, tools, files, failure, then prompt and answer."""
    render_turn(TURN, screen.streams(), session_id="abc123", as_json=False)
    assert screen.out.getvalue() == (
        "Turn:              2\n"
        "Session:           abc123\n"
        "Model:             model-4\n"
        "Started:           2025-01-27T10:00:00Z\n"
        "Ended:             2025-01-27T10:00:00Z\n"
        "Duration:          2.5s\n"
        "Working Directory: /p\n"
        "Token Usage:\n"
        "  Input:           1,234\n"
        "  Output:          6\n"
        "  Cached:          —\n"
        "  Total:           1,240\n"
        "Cost:              $0.50\n"
        "Stop Reason:       error\n"
        "Exit Code:         1\n"
        "Tools:             Bash ls (ok)\n"
        "                   Edit a (no result)\n"
        "Files Changed:     a.py (created)\n"
        "Warnings:          slow\n"
        "Error:             not signed in\n"
        "\n"
        "Prompt:\n"
        "  do\n"
        "  it\n"
        "\n"
        "Answer:\n"
        "  done\n"
        "  red\n"
    )


def test_an_interrupted_turn_has_no_end(screen: Any) -> None:
    """An unknown value is shown as a dash."""
    broken = Turn(number=1, started_at=AT, prompt="p")
    render_turn(broken, screen.streams(), session_id="x", as_json=False)
    assert "Ended:             — (interrupted)\n" in screen.out.getvalue()
    assert screen.out.getvalue().endswith("Answer:\n  —\n")


def test_a_program_reads_the_turn_as_in_the_session(screen: Any) -> None:
    """The object of the list, and whose it is."""
    render_turn(TURN, screen.streams(), session_id="abc123", as_json=True)
    value = json.loads(screen.out.getvalue())
    assert (value["session_id"], value["turn"], value["text"]) == ("abc123", 2, TURN.outcome.text)
    assert value["files"] == [{"path": "/p/a.py", "change": "created", "source": "reported"}]


def test_an_answer_is_unchanged_but_harmless_on_a_terminal(screen: Any) -> None:
    """A pipe gets every byte, and a last line end."""
    render_answer(TURN, screen.streams())
    assert screen.out.getvalue() == "done\n\x1b[31mred\n"
    render_answer(TURN, screen.streams(out_tty=True))
    assert screen.out.getvalue().endswith("done\nred\n")


def test_a_missing_answer_is_a_message_on_stderr(screen: Any) -> None:
    """Stdout is empty, so a script sees no answer."""
    render_answer(replace(TURN, outcome=Outcome()), screen.streams())
    render_answer(replace(TURN, outcome=Outcome(), ended_at=None), screen.streams())
    assert screen.out.getvalue() == ""
    assert screen.err.getvalue().splitlines() == [
        "turn 2 has no answer",
        "turn 2 was interrupted: the answer is incomplete",
    ]


def test_the_last_words_of_an_agent_that_failed_are_shown(screen: Any) -> None:
    """For an ending that nobody knows they are all there is; a terminal gets them harmless."""
    failure = Failure(
        code=FailureCode.AGENT_FAILED, message="it broke", detail="panic\n\x1b[31mat 7"
    )
    failed = replace(TURN, outcome=replace(TURN.outcome, failure=failure))
    render_turn(failed, screen.streams(), session_id="x", as_json=False)
    assert "Error:             it broke\n\nLast Output:\n  panic\n  at 7\n" in screen.out.getvalue()
    screen.out.seek(0)
    screen.out.truncate()
    render_turn(failed, screen.streams(), session_id="x", as_json=True)
    assert json.loads(screen.out.getvalue())["error"]["detail"] == "panic\n\x1b[31mat 7"
