"""Transcripts of sessions that go on and on: a line costs the same to write and to read."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bed.counted import in_proportion, memory_of, steps_of
from clinvk.model.events import Event, Message, Raw, Thinking, ToolResult, ToolUse, Warned
from clinvk.store.transcripts.texts import read_texts
from clinvk.store.transcripts.transcript import read_lines
from clinvk.store.transcripts.turns import TurnBuilder
from clinvk.store.transcripts.writer import TranscriptWriter
from clinvk.text.json_codec import json_line

NOW = datetime(2026, 1, 1, tzinfo=UTC)
AT = "2026-01-01T00:00:00Z"
STEPS, PARTS = 100, 1_000
Line = dict[str, Any]


def started(turn: int) -> Line:
    """A turn begins."""
    return {"type": "turn_started", "turn": turn, "at": AT, "prompt": "p", "cwd": "/p"}


def finished(turn: int) -> Line:
    """It is over."""
    return {"type": "turn_finished", "turn": turn, "at": AT, "text": "t", "stop_reason": "end_turn"}


def told(kind: str, **said: Any) -> Callable[[int], list[Line]]:
    """One turn with so many lines of a kind; `{}` in a text is the number of the line."""

    def lines(count: int) -> list[Line]:
        return [
            started(1),
            *(
                {"type": kind, "turn": 1}
                | {
                    key: one.format(at) if isinstance(one, str) else one
                    for key, one in said.items()
                }
                for at in range(count)
            ),
        ]

    return lines


LINES: Mapping[str, Callable[[int], list[Line]]] = {
    "pieces": told("message", text="words of an answer\n", delta=True),
    "messages": told("message", text="words {}"),
    "thoughts": told("thinking", text="I think so", delta=True),
    "calls": lambda count: [
        *told("tool_use", id="{}", name="Bash", summary="make")(count),
        *told("tool_result", id="{}", ok=True, text="done")(count),
    ],
    "files": told("file_change", path="{}.py", change="created"),
    "warnings": told("warning", message="careful {}"),
    "turns": lambda count: [
        line for turn in range(1, count + 1) for line in (started(turn), finished(turn))
    ],
    "turns that were nothing": lambda count: [
        *(line for turn in range(1, count + 1) for line in (started(turn), finished(turn))),
        *([started(count + 1), {"type": "turn_voided", "turn": count + 1, "at": AT}] * count),
    ],
    "turns that were killed at once": lambda count: [
        *(line for turn in range(1, count + 1) for line in (started(turn), finished(turn))),
        *([started(count + 1)] * count),
    ],
}
EVENTS: Mapping[str, Event] = {
    "pieces": Message(text="words of an answer\n", delta=True),
    "messages": Message(text="words"),
    "thoughts": Thinking(text="I think so", delta=True),
    "calls": ToolUse(id="1", name="Bash", summary="make"),
    "results": ToolResult(id="1", ok=True, text="done"),
    "warnings": Warned(message="careful"),
    "unknown lines": Raw(line="words"),
}


@pytest.mark.parametrize("reader", [read_lines, read_texts], ids=["turns", "texts"])
@pytest.mark.parametrize("kind", LINES)
def test_twice_the_lines_take_twice_the_steps_to_read(kind: str, reader: Any) -> None:
    """No line makes a reader go through the lines or the turns before it."""

    def steps(count: int) -> int:
        lines = list(map(json_line, LINES[kind](count)))
        return steps_of(lambda: reader(lines))

    assert in_proportion(steps, STEPS)


@pytest.mark.parametrize("reader", [read_lines, read_texts], ids=["turns", "texts"])
def test_removing_a_turn_does_not_read_the_turns_before_it(
    reader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list would compare it with each of them, which the number of Python steps does not show."""
    compared = 0

    def equal(one: object, other: object) -> bool:
        nonlocal compared
        compared += 1
        return one is other

    monkeypatch.setattr(TurnBuilder, "__eq__", equal)
    monkeypatch.setattr(TurnBuilder, "__hash__", object.__hash__)
    for kind in ("turns that were nothing", "turns that were killed at once"):
        read = reader(map(json_line, LINES[kind](50)))
        assert [turn.number for turn in read.turns][:50] == list(range(1, 51))
    assert compared < 50


@pytest.mark.parametrize("kind", EVENTS)
def test_twice_the_events_take_twice_the_cost_to_write(kind: str, tmp_path: Path) -> None:
    """Steps and copies: what streams is gathered, but never for long."""

    def cost(count: int, measure: Callable[[list[Callable[[], object]]], int]) -> int:
        writer = TranscriptWriter(tmp_path / f"{count}.jsonl", lambda: NOW)
        parts = [lambda: writer.event(1, EVENTS[kind])] * count
        taken = measure([*parts, writer.close])
        (tmp_path / f"{count}.jsonl").unlink()
        return taken

    def steps(parts: list[Callable[[], object]]) -> int:
        return steps_of(lambda: [part() for part in parts])

    assert in_proportion(lambda count: cost(count, steps), STEPS)
    assert in_proportion(lambda count: cost(count, memory_of), PARTS, besides=PARTS * 64)
