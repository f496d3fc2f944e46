"""Text without looks: the answer, the whole answer and nothing but the answer."""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinvk.cli.render.text import PlainText
from clinvk.cli.streams import Streams
from clinvk.errors import ExitStatus
from clinvk.model.events import (
    Event,
    Message,
    Raw,
    Thinking,
    ToolResult,
    ToolUse,
    UsageReported,
    Warned,
)
from clinvk.model.outcome import Outcome
from clinvk.model.report import ErrorReport, RunReport, TurnStart
from clinvk.model.usage import Usage

START = TurnStart(
    session_id="7f3a", title="t", backend="agent", model=None, cwd="/w", turn=1, resumed=False
)
TOOL = ToolUse(id="1", name="Bash", summary="ls")


def show(renderer: PlainText, events: Iterable[Event], report: RunReport) -> None:
    """Show a run from its start to its end."""
    renderer.started(START)
    for event in events:
        renderer.event(event)
    renderer.finished(report)
    renderer.close()


def report(**fields: Any) -> RunReport:
    """A report of a run that went well, but for what is said."""
    return RunReport(**{"exit_status": ExitStatus.OK, "backend": "agent", **fields})


def deltas(*texts: str) -> list[Message]:
    """Pieces of one message."""
    return [Message(text=text, delta=True) for text in texts]


@pytest.mark.parametrize(
    ("events", "answer"),
    [
        pytest.param([], "", id="no answer"),
        pytest.param([Message(text="hi")], "hi\n", id="a whole message"),
        pytest.param([Message(text="hi\n\n")], "hi\n", id="line ends of its own"),
        pytest.param(deltas("a", "b\n", "\nc", "\n"), "ab\n\nc\n", id="pieces"),
        pytest.param([Message(text="a"), Message(text="b")], "a\n\nb\n", id="two messages"),
        pytest.param([*deltas("a\n"), TOOL, *deltas("b")], "a\n\nb\n", id="a tool between"),
        pytest.param([Message(text="\n"), Message(text="b")], "b\n", id="an empty message"),
        pytest.param([*deltas("a"), Message(text="b")], "a\n\nb\n", id="pieces, then a whole"),
        pytest.param(
            [*deltas("a"), UsageReported(usage=Usage()), *deltas("b")], "a\n\nb\n", id="a figure"
        ),
        pytest.param([*deltas("a\n"), Raw(line="x"), *deltas("b")], "a\nb\n", id="an odd line"),
        pytest.param(
            [*deltas("a"), Thinking(text="hm"), Message(text="b", delta=True, continues=True)],
            "ab\n",
            id="a thought within a message",
        ),
        pytest.param(
            [Message(text="a\n"), Message(text="b", continues=True)], "a\nb\n", id="two parts"
        ),
        pytest.param(
            [Message(text="a"), UsageReported(usage=Usage()), Message(text="b", continues=True)],
            "ab\n",
            id="a figure within a message",
        ),
        pytest.param(
            [*deltas("a"), Message(text="b", delta=True, continues=False)],
            "a\n\nb\n",
            id="two messages in pieces",
        ),
        pytest.param([Message(text="\x1b[1mé\x00\udc80")], "\x1b[1mé\x00\udc80\n", id="raw"),
    ],
)
def test_a_pipe_gets_the_unchanged_answer(
    screen: Any, clock: Callable[[], float], events: list[Event], answer: str
) -> None:
    """Messages are one blank line apart, the last line has an end, and nothing else is changed."""
    show(PlainText(screen.streams(), clock=clock), events, report())
    assert screen.out.getvalue() == answer
    assert screen.err.getvalue() == ""


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(st.text(alphabet="ab\n\r", max_size=5)))
def test_how_a_message_was_cut_into_pieces_does_not_show(
    screen: Any, clock: Callable[[], float], pieces: list[str]
) -> None:
    """The pieces of a message come out as the whole would."""
    outputs = []
    for events in (deltas(*pieces), [Message(text="".join(pieces))]):
        here = type(screen)()
        show(PlainText(here.streams(), clock=clock), events, report())
        outputs.append(here.out.getvalue())
    assert outputs[0] == outputs[1]


def test_a_piece_is_written_when_it_comes(screen: Any, clock: Callable[[], float]) -> None:
    """A reader at the other end of the pipe does not wait for the end of the line."""
    renderer = PlainText(screen.streams(), clock=clock)
    renderer.started(START)
    renderer.event(Message(text="hel", delta=True))
    assert screen.out.getvalue() == "hel"


def test_an_answer_that_only_the_report_has_is_written(
    screen: Any, clock: Callable[[], float]
) -> None:
    """Some agents say it only at the very end; what was streamed is not said twice."""
    show(PlainText(screen.streams(), clock=clock), [], report(outcome=Outcome(text="late")))
    assert screen.out.getvalue() == "late\n"
    show(
        PlainText(screen.streams(), clock=clock),
        [Message(text="soon")],
        report(outcome=Outcome(text="soon")),
    )
    assert screen.out.getvalue() == "late\nsoon\n"


def test_a_log_gets_warnings_and_errors_only(screen: Any, clock: Callable[[], float]) -> None:
    """Each warning is said once, and the error with its hint comes last."""
    error = ErrorReport(code="x", message="it broke", hint="mend it", retryable=False)
    events = [TOOL, Warned(message="odd", code="retry"), Thinking(text="hm"), Message(text="a")]
    final = report(outcome=Outcome(warnings=("odd", "not recorded")), error=error)
    show(PlainText(screen.streams(), clock=clock), events, final)
    assert screen.err.getvalue() == (
        "warning: odd\nwarning: not recorded\nerror: it broke\nhint: mend it\n"
    )
    assert screen.out.getvalue() == "a\n"


@pytest.mark.parametrize(
    ("warning", "answer"),
    [(Warned(message="odd"), "ab\n"), (Warned(message="odd", code="retry"), "a\n\nb\n")],
    ids=["a warning", "the answer begins again"],
)
def test_a_warning_splits_an_answer_only_if_that_begins_again(
    warning: Warned, answer: str, screen: Any, clock: Callable[[], float]
) -> None:
    """The pipe gets the message in one piece, and stderr the warning."""
    events = [*deltas("a"), warning, *deltas("b")]
    show(PlainText(screen.streams(), clock=clock), events, report())
    assert (screen.out.getvalue(), screen.err.getvalue()) == (answer, "warning: odd\n")


def test_quiet_leaves_the_answer_and_the_error(screen: Any, clock: Callable[[], float]) -> None:
    """With `-q` even a terminal shows nothing else."""
    error = ErrorReport(code="x", message="it broke", hint=None, retryable=False)
    streams = screen.streams(err_tty=True, cursor=True)
    events = [TOOL, Warned(message="odd"), Message(text="a")]
    show(PlainText(streams, clock=clock, quiet=True), events, report(error=error))
    assert screen.out.getvalue() == "a\n"
    assert screen.err.getvalue() == "error: it broke\n"


def test_activity_is_shown_on_stderr_while_the_answer_goes_into_a_file(
    screen: Any, clock: Callable[[], float]
) -> None:
    """The answer goes into a file; activity and the closing line are on the terminal."""
    events = [TOOL, ToolResult(id="1", ok=True), Message(text="a")]
    show(PlainText(screen.streams(err_tty=True, width=100), clock=clock), events, report())
    assert screen.out.getvalue() == "a\n"
    assert screen.err.getvalue() == ("• Bash  ls\n✓ Bash  ls\n\nagent\n")


def test_on_a_terminal_the_answer_is_made_safe(screen: Any, clock: Callable[[], float]) -> None:
    """Without rendering, too, no sequence of the agent's reaches a terminal, however it is cut."""
    streams = screen.streams(out_tty=True)
    show(
        PlainText(streams, clock=clock), deltas("a\x1b]0;ev", "il\x07b\n", "c\x9b", "2Jd"), report()
    )
    assert screen.out.getvalue() == "ab\ncd\n"


def test_on_one_screen_answer_and_activity_are_apart(
    screen: Any, clock: Callable[[], float]
) -> None:
    """There is one blank line wherever one follows the other."""
    streams = screen.streams(out_tty=True, err_tty=True)
    events = [Message(text="a"), TOOL, ToolResult(id="1", ok=True), Message(text="b")]
    show(PlainText(streams, clock=clock), events, report())
    assert screen.all.getvalue().startswith("a\n\n• Bash  ls\n✓ Bash  ls\n\nb\n\nagent\n")


@pytest.fixture
def piped(screen: Any) -> Iterator[Callable[..., Streams]]:
    """Streams whose stdout is read by another program."""
    reading, writing = os.pipe()
    with os.fdopen(reading), os.fdopen(writing, "w") as pipe:
        yield lambda **facts: Streams(stdin=None, stdout=pipe, stderr=screen.err, **facts)


def test_a_pager_is_not_written_over(
    screen: Any, piped: Callable[..., Streams], clock: Callable[[], float]
) -> None:
    """While stdout is piped a terminal shows nothing but warnings and errors, and these at the end.

    With `-v` everything is asked for.
    """
    events = [TOOL, Warned(message="odd"), Message(text="a"), ToolResult(id="1", ok=True)]
    renderer = PlainText(piped(stderr_is_tty=True, cursor=True), clock=clock)
    renderer.started(START)
    for event in events:
        renderer.event(event)
    assert screen.err.getvalue() == ""
    assert renderer._activity._spinner._thread is None
    renderer.finished(
        report(error=ErrorReport(code="x", message="it broke", hint=None, retryable=False))
    )
    assert screen.err.getvalue() == "warning: odd\nerror: it broke\n"


def test_with_verbose_every_stderr_gets_the_activity(
    screen: Any, piped: Callable[..., Streams], clock: Callable[[], float]
) -> None:
    """The log of a CI job has the session's id, what was done, and the closing line, uncut."""
    long = ToolUse(id="2", name="run_shell_command", summary="x" * 300)
    events = [TOOL, ToolResult(id="1", ok=True), long, Message(text="a")]
    for streams in (screen.streams(width=40), piped(width=40)):
        screen.err.seek(0)
        screen.err.truncate()
        show(PlainText(streams, clock=clock, verbose=True), events, report(session_id="7f3a"))
        assert screen.err.getvalue() == (
            "session 7f3a · agent\n• Bash  ls\n✓ Bash  ls\n• Bash  " + "x" * 300 + "\n\n"
            '7f3a · agent\ncontinue: clinvk -c "…"  or  clinvk resume 7f3a\n'
        )
