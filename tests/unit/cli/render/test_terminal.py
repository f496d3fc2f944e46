"""What a person at a terminal sees of a run."""

import io
import re
import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from clinvk.cli.render.terminal import Terminal
from clinvk.errors import ExitStatus
from clinvk.model.events import (
    Change,
    Event,
    FileChange,
    Message,
    Thinking,
    ToolResult,
    ToolUse,
    Warned,
)
from clinvk.model.outcome import Outcome
from clinvk.model.report import ErrorReport, RunReport, TurnStart
from clinvk.model.usage import Usage

START = TurnStart(
    session_id="7f3a9c2b11dd",
    title="t",
    backend="agent",
    model="m",
    cwd="/code/app",
    turn=1,
    resumed=False,
)
REPORT = RunReport(
    exit_status=ExitStatus.OK,
    session_id="7f3a9c2b11dd",
    backend="agent",
    model="model-4",
    outcome=Outcome(
        usage=Usage(input_tokens=1234, cached_tokens=500, output_tokens=567),
        cost_usd=0.0812,
        duration_s=12.34,
    ),
)
NO_REPORT = RunReport(exit_status=ExitStatus.OK)
TOOL = ToolUse(id="1", name="Bash", summary="pytest -q")


def show(renderer: Terminal, events: Iterable[Event], report: RunReport = NO_REPORT) -> None:
    """Show a run from its start to its end."""
    renderer.started(START)
    for event in events:
        renderer.event(event)
    renderer.finished(report)
    renderer.close()


def terminal(
    screen: Any, clock: Callable[[], float], *, width: int = 80, **switches: Any
) -> Terminal:
    """A terminal without a spinner."""
    return Terminal(
        screen.streams(out_tty=True, err_tty=True, width=width), clock=clock, **switches
    )


def test_markdown_is_rendered(screen: Any, clock: Callable[[], float]) -> None:
    """Headings, emphasis, code, lists and links are laid out, and addresses are shown."""
    text = "# Head\n\nsome **bold** `code`\n\n1. one\n\n2. two [l](http://x.example)\n"
    text += "\n```py\nx = 1\n```"
    show(terminal(screen, clock), [Message(text=text)])
    assert screen.out.getvalue() == (
        "Head\n\nsome bold code\n\n 1. one\n\n 2. two l (http://x.example)\n\n  x = 1\n"
    )


def test_an_answer_is_shown_as_it_arrives(screen: Any, clock: Callable[[], float]) -> None:
    """A person reads each word when it is there; without a cursor that moves, when it is whole."""
    for styled, shown in ((True, "one\n\ntw"), (False, "one\n\n")):
        screen.out.seek(0)
        screen.out.truncate()
        streams = screen.streams(out_tty=True, err_tty=True, styled=styled)
        renderer = Terminal(streams, clock=clock)
        renderer.started(START)
        renderer.event(Message(text="one\n\ntw", delta=True))
        assert screen.out.getvalue() == shown
        renderer.event(Message(text="o", delta=True))
        renderer.finished(NO_REPORT)
        assert screen.out.getvalue() == "one\n\ntwo\n"


def test_the_spinner_hides_while_a_line_is_incomplete(screen: Any) -> None:
    """It would be drawn over it."""
    streams = screen.streams(out_tty=True, err_tty=True, styled=True, cursor=True)
    drawn: list[bool] = []
    renderer = Terminal(streams, clock=time.monotonic)
    renderer.started(START)
    spinner = renderer._activity._spinner
    for piece in ("one", " two\n\n", "| a |\n|--|\n", "\nthree", "\n\n```\n", "x = 1\n"):
        renderer.event(Message(text=piece, delta=True))
        drawn.append(spinner._idle())
    renderer.event(TOOL)
    drawn.append(spinner._idle())
    renderer.close()
    assert drawn == [True, False, False, True, False, False, False]


def test_long_lines_wrap_at_the_terminals_width(screen: Any, clock: Callable[[], float]) -> None:
    """Lines end at words, and none is wider than the terminal."""
    show(
        terminal(screen, clock, width=20), [Message(text="a few words that do not fit on one line")]
    )
    assert screen.out.getvalue() == "a few words that do\nnot fit on one line\n"


def test_colour_is_used_where_there_is_colour(screen: Any, clock: Callable[[], float]) -> None:
    """Bold is bold, and no background is painted."""
    streams = screen.streams(out_tty=True, color=True)
    show(Terminal(streams, clock=clock), [Message(text="**b** `c`\n\n```py\nx = 1\n```")])
    assert "\x1b[1mb\x1b[0m" in screen.out.getvalue()
    codes = {
        code
        for codes in re.findall(r"\x1b\[([\d;]*)m", screen.out.getvalue())
        for code in codes.split(";")
    }
    assert not [
        code for code in codes if code.startswith(("4", "10")) and len(code) > 1 and code != "49"
    ]


@pytest.mark.parametrize(
    "hostile",
    ["\x1b[2J", "\x1b]52;c;aGk=\x07", "\x9b2J", "\u202e", "\x1b]8;;http://x\x1b\\", "\x08", "\r"],
    ids=ascii,
)
def test_nothing_an_agent_says_drives_the_terminal(
    screen: Any, clock: Callable[[], float], hostile: str
) -> None:
    """Sequences in answers, tools, paths, warnings, models and errors are all taken out."""
    said = f"a{hostile}b"
    error = ErrorReport(code="x", message=said, hint=said, retryable=False)
    events = [
        Message(text=said),
        Message(text=f"```\n{said}\n```"),
        Thinking(text=said),
        ToolUse(id="1", name=said, summary=said),
        ToolResult(id="1", ok=False, text=said),
        FileChange(path=said, change=Change.CREATED),
        Warned(message=said),
        Warned(message=said, code="retry"),
    ]
    report = RunReport(exit_status=ExitStatus.FAILED, backend=said, model=said, error=error)
    show(terminal(screen, clock, verbose=True), events, report)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", screen.all.getvalue())


def test_a_sequence_cut_into_pieces_is_removed(screen: Any, clock: Callable[[], float]) -> None:
    """Also if half of it comes in one delta and half in the next."""
    pieces = [Message(text=text, delta=True) for text in ("a\x1b", "]0;ev", "il\x07", "b")]
    show(terminal(screen, clock), pieces)
    assert screen.out.getvalue() == "ab\n"


def test_activity_is_one_line_each(screen: Any, clock: Callable[[], float]) -> None:
    """Calls, failures, files and retries are told on stderr, each on a line that fits."""
    events = [
        TOOL,
        ToolResult(id="1", ok=True, text="fine"),
        ToolUse(id="2", name="Bash", summary="x" * 50),
        ToolResult(id="2", ok=False, text="\n\nE  it failed\nmore"),
        FileChange(path="/code/app/src/auth.py", change=Change.MODIFIED),
        FileChange(path="/else/new.py", change=Change.CREATED),
        Warned(message="overloaded, trying again", code="retry"),
        Warned(message="odd"),
    ]
    streams = screen.streams(out_tty=True, err_tty=True, cursor=True, width=30)
    renderer = Terminal(streams, clock=clock)
    renderer.started(START)
    for event in events:
        renderer.event(event)
    renderer.close()
    assert seen(screen.err.getvalue()).splitlines() == [
        "✓ Bash  pytest -q",
        f"✗ Bash  {'x' * 21}…",
        "  E it failed",
        "~ src/auth.py modified",
        "+ /else/new.py created",
        "↻ overloaded, trying again",
        "warning: odd",
    ]
    assert screen.out.getvalue() == ""


def test_a_long_call_says_how_long_it_took(screen: Any) -> None:
    """The time is never what is cut off."""
    moments = iter([0.0, 75.0])
    streams = screen.streams(err_tty=True, cursor=True, width=20)
    renderer = Terminal(streams, clock=lambda: next(moments))
    renderer.event(TOOL)
    renderer.event(ToolResult(id="1", ok=True))
    assert screen.err.getvalue() == "✓ Bash  py… · 1m 15s\n"


def test_a_call_without_a_result_is_shown_before_the_next_answer(
    screen: Any, clock: Callable[[], float]
) -> None:
    """Everything is shown in the order in which it happened."""
    streams = screen.streams(out_tty=True, err_tty=True, cursor=True)
    renderer = Terminal(streams, clock=clock)
    renderer.event(TOOL)
    renderer.event(Message(text="done"))
    assert screen.all.getvalue() == "• Bash  pytest -q\n\ndone\n"


def test_thinking_is_shown_only_when_asked_for(screen: Any, clock: Callable[[], float]) -> None:
    """With `-v` it comes by whole lines, and what is left of it before anything else."""
    thoughts = [Thinking(text="one\ntw", delta=True), Thinking(text="o", delta=True), TOOL]
    renderer = terminal(screen, clock, verbose=True)
    for event in thoughts:
        renderer.event(event)
    assert screen.err.getvalue() == "  one\n  two\n• Bash  pytest -q\n"


def test_blank_lines_separate_answer_and_activity(screen: Any, clock: Callable[[], float]) -> None:
    """One between two blocks, one between answer and activity, one before the closing line."""
    events = [
        Message(text="a\n\nb"),
        FileChange(path="x", change=Change.DELETED),
        Message(text="c"),
        Message(text="d"),
    ]
    show(terminal(screen, clock), events, REPORT)
    assert screen.all.getvalue() == (
        "a\n\nb\n\n- x deleted\n\nc\n\nd\n\n"
        "7f3a9c2b11dd · agent · model-4 · 1,234 tokens in (500 cached), 567 out · $0.08\n12.3s\n"
        'continue: clinvk -c "…"  or  clinvk resume 7f3a9c2b11dd\n'
    )


def test_the_error_is_the_last_thing_on_the_screen(screen: Any, clock: Callable[[], float]) -> None:
    """It comes below the closing line, which then does not invite to go on."""
    error = ErrorReport(code="x", message="it broke", hint="mend it", retryable=False)
    report = RunReport(
        exit_status=ExitStatus.FAILED, session_id="7f3a", backend="agent", error=error
    )
    show(terminal(screen, clock), [Message(text="a")], report)
    assert screen.all.getvalue() == ("a\n\n7f3a · agent\nerror: it broke\nhint: mend it\n")


def test_quiet_leaves_only_the_rendered_answer(screen: Any, clock: Callable[[], float]) -> None:
    """With `-q` there is no activity, no warning and no closing line."""
    events = [TOOL, Warned(message="odd"), Message(text="**a**")]
    show(terminal(screen, clock, quiet=True), events, REPORT)
    assert screen.all.getvalue() == "a\n"


def test_an_answer_that_only_the_report_has_is_shown(
    screen: Any, clock: Callable[[], float]
) -> None:
    """Some agents say it only at the very end."""
    report = RunReport(exit_status=ExitStatus.OK, outcome=Outcome(text="late"))
    show(terminal(screen, clock), [], report)
    assert screen.out.getvalue() == "late\n"


def test_a_very_long_block_is_rendered_too(screen: Any, clock: Callable[[], float]) -> None:
    """A megabyte without a blank line takes time in proportion."""
    text = "word *word* " * 90_000
    show(terminal(screen, clock), [Message(text=text)])
    shown = screen.out.getvalue()
    assert shown.split() == ["word"] * 180_000
    assert max(map(len, shown.splitlines())) <= 80


def test_a_spinner_leaves_no_trace(screen: Any) -> None:
    """It moves by itself, and every line it drew is wiped before anything else is written."""
    streams = screen.streams(out_tty=True, err_tty=True, cursor=True, width=40)
    renderer = Terminal(streams, clock=time.monotonic)
    renderer.started(START)
    renderer.event(ToolUse(id="1", name="Bash", summary="pytest " * 20))
    deadline = time.monotonic() + 10
    while "Bash" not in screen.err.getvalue() and time.monotonic() < deadline:
        time.sleep(0.01)
    renderer.event(Message(text="done"))
    renderer.close()
    renderer.close()
    assert "Bash  pytest" in screen.err.getvalue()
    assert seen(screen.all.getvalue()).splitlines() == [
        "• Bash  pytest pytest pytest pytest pyt…",
        "",
        "done",
    ]


def seen(written: str) -> str:
    """What is left on a terminal: a wiped line is gone, a drawn one is at most its width."""
    left = io.StringIO()
    for line in written.split("\n"):
        *drawn, last = line.split("\r\x1b[K")
        assert all(len(frame.rstrip("\r")) < 40 for frame in drawn)
        left.write(last + "\n")
    return left.getvalue().removesuffix("\n")
