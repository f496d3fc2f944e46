"""What programs read: one object, or one event a line."""

import json
import math
from types import MappingProxyType
from typing import Any

import pytest

from clinvk.cli.render import renderer_for
from clinvk.cli.render.json import JsonReport, StreamJson
from clinvk.errors import ExitStatus
from clinvk.model.events import (
    Change,
    Event,
    Failed,
    FileChange,
    Init,
    Message,
    Raw,
    Thinking,
    ToolResult,
    ToolUse,
    UsageReported,
    Warned,
)
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.outcome import Outcome
from clinvk.model.report import RunReport, TurnStart
from clinvk.model.usage import Usage
from clinvk.published.run import report_to_json

START = TurnStart(
    session_id="7f3a", title="t", backend="agent", model="asked", cwd="/w", turn=2, resumed=True
)
REPORT = RunReport(exit_status=ExitStatus.OK, session_id="7f3a", outcome=Outcome(text="é\udc80"))


def test_a_report_is_one_object_and_nothing_else(screen: Any) -> None:
    """Events leave no trace on stdout, and stderr stays empty on a terminal, too."""
    renderer = JsonReport(screen.streams(out_tty=True, err_tty=True, cursor=True))
    renderer.started(START)
    renderer.event(Message(text="é"))
    renderer.event(Warned(message="odd"))
    assert screen.all.getvalue() == ""
    renderer.finished(REPORT)
    renderer.close()
    written = screen.all.getvalue()
    assert written.count("\n") == 1
    assert written.endswith("\n")
    assert json.loads(written) == report_to_json(REPORT)
    written.encode()


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            Init(backend_session_id="b1", model="real"),
            {
                "type": "init",
                "session_id": "7f3a",
                "backend": "agent",
                "backend_session_id": "b1",
                "model": "real",
                "cwd": "/w",
                "turn": 2,
                "resumed": True,
            },
        ),
        (
            Message(text="a\nb", delta=True),
            {"type": "message", "text": "a\nb", "delta": True, "continues": None},
        ),
        (Thinking(text="hm"), {"type": "thinking", "text": "hm", "delta": False}),
        (
            ToolUse(id="1", name="Bash", summary="ls", input=MappingProxyType({"a": [1, None]})),
            {
                "type": "tool_use",
                "id": "1",
                "name": "Bash",
                "summary": "ls",
                "input": {"a": [1, None]},
                "common_name": "Bash",
            },
        ),
        (
            ToolResult(id="1", ok=False, text="no"),
            {"type": "tool_result", "id": "1", "ok": False, "text": "no"},
        ),
        (
            FileChange(path="x", change=Change.CREATED),
            {"type": "file_change", "path": "x", "change": "created"},
        ),
        (
            UsageReported(usage=Usage(input_tokens=1, output_tokens=2)),
            {
                "type": "usage",
                "input_tokens": 1,
                "cached_tokens": None,
                "cache_write_tokens": None,
                "output_tokens": 2,
                "reasoning_tokens": None,
                "total_tokens": 3,
            },
        ),
        (
            Warned(message="odd", code="retry"),
            {"type": "warning", "code": "retry", "message": "odd"},
        ),
        (
            Failed(failure=Failure(code=FailureCode.RATE_LIMITED, message="slow")),
            {
                "type": "error",
                "code": "rate_limited",
                "message": "slow",
                "hint": "wait, then try again",
                "retryable": True,
                "retry_at": None,
            },
        ),
    ],
    ids=lambda value: value.type if not isinstance(value, dict) else "",
)
def test_an_event_is_one_line_as_it_happens(
    screen: Any, event: Event, line: dict[str, Any]
) -> None:
    """Each type of event has its published fields, whatever the backend."""
    renderer = StreamJson(screen.streams())
    renderer.started(START)
    renderer.event(event)
    assert screen.out.getvalue().count("\n") == 1
    assert json.loads(screen.out.getvalue()) == line


def test_the_requested_model_is_shown_until_the_agent_reports_one(screen: Any) -> None:
    """An `init` event without a model has the requested one."""
    renderer = StreamJson(screen.streams())
    renderer.started(START)
    renderer.event(Init(backend_session_id="b1"))
    assert json.loads(screen.out.getvalue())["model"] == "asked"


def test_the_last_line_is_the_report(screen: Any) -> None:
    """It has the fields of `-o json` and a type."""
    renderer = StreamJson(screen.streams())
    renderer.started(START)
    renderer.finished(REPORT)
    renderer.close()
    assert json.loads(screen.out.getvalue()) == {"type": "result", **report_to_json(REPORT)}


def test_raw_lines_are_not_published(screen: Any) -> None:
    """What a backend did not understand is kept in the transcript and is no contract."""
    StreamJson(screen.streams()).event(Raw(line="{}"))
    assert screen.out.getvalue() == ""


def test_values_that_json_cannot_express_do_not_stop_it(screen: Any) -> None:
    """NaN, infinity and half characters are written as valid JSON in valid UTF-8."""
    renderer = StreamJson(screen.streams())
    renderer.event(ToolUse(id="1", name="\ud800", summary="", input={"a": math.nan}))
    line = screen.out.getvalue()
    line.encode()
    assert json.loads(line)["name"] == "\ud800"
    assert json.loads(line)["input"] == {"a": None}


@pytest.mark.parametrize("form", ["json", "stream-json"])
def test_with_verbose_the_activity_is_on_stderr(screen: Any, form: Any) -> None:
    """Stdout is as without it."""
    clock = lambda: 0.0  # noqa: E731  a clock that stands still
    call = ToolUse(id="1", name="write_file", summary="/w/a.py")
    written = []
    for verbose in (False, True):
        renderer = renderer_for(screen.streams(), form, clock=clock, verbose=verbose)
        renderer.started(START)
        renderer.event(call)
        renderer.finished(RunReport(exit_status=ExitStatus.OK, session_id="7f3a", backend="agent"))
        renderer.close()
        written.append(screen.out.getvalue())
    assert written[1] == written[0] * 2
    assert screen.err.getvalue().splitlines()[1:-1] == ["• Write  a.py", "", "7f3a · agent"]
