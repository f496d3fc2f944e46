"""No output whatever breaks a parser: recorded streams disturbed at random, and pure nonsense."""

import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bed.budget import budget
from clinvk.agents import registry as backends
from clinvk.model.events import Result
from clinvk.model.request import TurnRequest
from contract.replay import Case, all_cases, play, to_json

CASES = all_cases()
ENDS = [(0, ""), (1, "error: boom"), (-9, ""), (None, "")]

REQUEST = TurnRequest(prompt="the prompt", cwd=Path("/project"))

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@st.composite
def disturbed_streams(draw: st.DrawFn) -> tuple[Case, list[str]]:
    """Recorded lines, some of their values replaced, some dropped, repeated, cut or swapped."""
    case = draw(st.sampled_from(CASES))
    lines = case.lines
    for _ in range(draw(st.integers(1, 4))):
        if not lines:
            break
        place = draw(st.integers(0, len(lines) - 1))
        action = draw(st.sampled_from(["replace", "replace", "replace", "drop", "repeat", "cut"]))
        if action == "drop":
            del lines[place]
        elif action == "repeat":
            lines.insert(draw(st.integers(0, len(lines))), lines[place])
        elif action == "cut":
            lines[place] = lines[place][: draw(st.integers(0, len(lines[place])))]
        else:
            lines[place] = _with_another_value(lines[place], draw)
    return case, lines


def _with_another_value(line: str, draw: st.DrawFn) -> str:
    try:
        value = json.loads(line)
    except ValueError:
        return line
    spots: list[tuple[Any, Any]] = []
    pending = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, dict | list):
            keys = list(each) if isinstance(each, dict) else range(len(each))
            spots += [(each, key) for key in keys]
            pending += [each[key] for key in keys]
    if not spots:
        return line
    container, key = draw(st.sampled_from(spots))
    container[key] = draw(JSON)
    return json.dumps(value)


@settings(max_examples=budget(40, long=3_000), derandomize=True)
@given(disturbed_streams(), st.sampled_from(ENDS))
def test_no_stream_makes_a_parser_raise(
    disturbed: tuple[Case, list[str]], end: tuple[int | None, str]
) -> None:
    """Wrong types, missing fields, lines out of order: one result, and text that can be stored."""
    case, lines = disturbed
    events = case.play(lines, *end)
    assert [isinstance(event, Result) for event in events].count(True) == 1
    told = [event for event in to_json(events) if event["event"] != "raw"]
    json.dumps(told, ensure_ascii=False).encode()


@settings(max_examples=budget(40, long=2_000), derandomize=True)
@given(
    st.sampled_from(backends.built_in()),
    st.lists(st.dictionaries(st.text(max_size=6), JSON, max_size=4).map(json.dumps) | st.text()),
    st.none() | st.integers(-64, 255),
    st.text(max_size=40),
)
def test_no_other_output_makes_a_parser_raise(
    name: str, lines: list[str], exit_code: int | None, stderr: str
) -> None:
    """The output of a completely different program also gives exactly one failed result."""
    events = play(REQUEST, backends.get(name), lines, exit_code, stderr)
    assert [isinstance(event, Result) for event in events].count(True) == 1
    assert isinstance(events[-1], Result)
    assert events[-1].failure is not None
