"""Turns that go on and on: showing each event costs the same, whatever was shown before it.

Counted as in `bed/counted.py`: instructions, and what is copied.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from bed.budget import budget
from bed.counted import in_proportion, memory_of, steps_of
from clinvk.cli.render import renderer_for
from clinvk.cli.streams import Streams
from clinvk.errors import ExitStatus
from clinvk.model.events import (
    Change,
    Event,
    FileChange,
    Message,
    Raw,
    Thinking,
    ToolResult,
    ToolUse,
    Warned,
)
from clinvk.model.report import RunReport, TurnStart

START = TurnStart(
    session_id="7f3a9c2b11dd",
    title="t",
    backend="agent",
    model="m",
    cwd="/code/app",
    turn=1,
    resumed=False,
)
REPORT = RunReport(exit_status=ExitStatus.OK)
STEPS, PARTS = 40, budget(500, long=1_500)


def piece(text: str) -> Event:
    """A piece of an answer."""
    return Message(text=text, delta=True)


def call(number: int) -> Event:
    """A call of a tool."""
    return ToolUse(id=str(number), name="Bash", summary="make")


def outcome(number: int) -> Event:
    """What came of that call."""
    return ToolResult(id=str(number), ok=True, text="done")


EVENTS: Mapping[str, Callable[[int], list[Event]]] = {
    "lines": lambda count: [piece("words of an answer\n")] * count,
    "no line end": lambda count: [piece("words of an answer ")] * count,
    "blank lines": lambda count: [piece("\n")] * count,
    "escapes": lambda count: [piece("\x1b[")] * count,
    "a list": lambda count: [piece("- an item\n")] * count,
    "a list with paragraphs": lambda count: [piece("- an item\n"), *[piece("\n  more\n")] * count],
    "a table": lambda count: [piece("|a|b|\n|-|-|\n"), *[piece("| a | b |\n")] * count],
    "a fence": lambda count: [piece("```\n"), *[piece("x = 1\n")] * count],
    "thoughts": lambda count: [Thinking(text="I think so ", delta=True)] * count,
    "calls": lambda count: [event for at in range(count) for event in (call(at), outcome(at))],
    "open calls": lambda count: [*map(call, range(count)), *map(outcome, range(count))],
    "open calls, the last first": lambda count: [
        *map(call, range(count)),
        *map(outcome, reversed(range(count))),
    ],
    "warnings": lambda count: [Warned(message=f"careful {at}") for at in range(count)],
    "retries": lambda count: [Warned(message="trying again", code="retry")] * count,
    "files": lambda count: [
        FileChange(path=f"/code/app/{at}", change=Change.CREATED) for at in range(count)
    ],
    "unknown lines": lambda count: [Raw(line="words")] * count,
}
FORMS = {
    "a pipe": ("text", False, "auto"),
    "a terminal": ("text", True, "auto"),
    "a terminal, as it is": ("text", True, "never"),
    "JSON": ("json", False, "auto"),
    "JSON lines": ("stream-json", False, "auto"),
}


class Nowhere:
    """An output that keeps nothing."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        """It shows nothing."""
        return False

    def fileno(self) -> int:
        """It is no file."""
        raise ValueError

    def write(self, text: str) -> int:
        """Take it."""
        return len(text)

    def flush(self) -> None:
        """Nothing is kept."""


def renderer(name: str) -> Any:
    """What shows a run in that form."""
    form, tty, render = FORMS[name]
    nowhere: Any = Nowhere()
    streams = Streams(
        stdin=None,
        stdout=nowhere,
        stderr=nowhere,
        stdout_is_tty=tty,
        stderr_is_tty=tty,
        styled=tty,
        color=tty,
        width_fixed=True,
    )
    chosen: Any = (form, render)
    shown = renderer_for(streams, chosen[0], clock=lambda: 0.0, render=chosen[1], verbose=True)
    shown.started(START)
    return shown


@pytest.mark.parametrize("kind", EVENTS)
@pytest.mark.parametrize("form", FORMS)
def test_twice_the_events_take_twice_the_steps_to_show(form: str, kind: str) -> None:
    """Also those of one block of Markdown that is not complete."""

    def steps(count: int) -> int:
        shown, events = renderer(form), EVENTS[kind](count)
        return steps_of(lambda: [shown.event(event) for event in events])

    assert in_proportion(steps, STEPS, besides=1_000)


@pytest.mark.parametrize("kind", EVENTS)
@pytest.mark.parametrize("form", FORMS)
def test_twice_the_events_copy_twice_as_much_to_be_shown(form: str, kind: str) -> None:
    """No event makes a renderer put together anew what it was told before."""

    def copied(count: int) -> int:
        shown = renderer(form)
        parts = [lambda event=event: shown.event(event) for event in EVENTS[kind](count)]
        return memory_of(parts)

    assert in_proportion(copied, PARTS, besides=PARTS * 64)


@pytest.mark.parametrize("form", FORMS)
def test_a_long_turn_is_shown_to_its_end(form: str) -> None:
    """Whatever happened in it."""
    shown = renderer(form)
    for events in EVENTS.values():
        for event in events(5):
            shown.event(event)
    shown.finished(REPORT)
    shown.close()
