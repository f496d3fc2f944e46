"""What stands beside an event on its line costs no event, of any agent; what is cut off is none."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bed.budget import budget
from clinvk.agents import registry as backends
from clinvk.agents.base import Backend
from clinvk.agents.declared.backend import declared
from clinvk.model.events import Event, Failed, Message, Raw, Result
from clinvk.model.request import Reply, TurnRequest
from clinvk.store.config.file import check_config
from contract.replay import Case, all_cases, play, replay

CASES = [
    case
    for case in all_cases()
    if case.name in {"one_shot", "tool_denied", "error_401", "steps", "tool_shell_fails"}
    and len(case.lines) < 100
    and not case.answers  # an answer stands between two lines
]
NAMES = sorted({case.backend_name for case in CASES})
EACH_AGENT = pytest.mark.parametrize("name", NAMES)

BEFORE = {
    "a terminal's title": "\x1b]0;x\x07",
    "a title that ends otherwise": "\x1b]2;~/src\x1b\\",
    "a byte order mark": "\ufeff",
    "several byte order marks": "\ufeff\ufeff\ufeff",
    "a banner without its end": "Welcome to this machine! ",
    "a banner with braces": "{ ok } (node:12) {x: 1} ",
    "a banner with quoted braces": 'loaded {"a", "b"} ',
    "zeros": "\0\0\0\0",
    "a spinner": "\r⠋ loading…\r⠙ loading…\r\x1b[K",
    "server-sent events": "data: ",
    "colours": "\x1b[0m\x1b[32m",
    "an object torn in a string": '{"type":"assistant","message":"half a s',
    "an object torn in a list": '{"type":"text","part":[1',
    "an object torn after a key": '{"type":"result","usage"',
    "another program's object": '{"level":30,"msg":"listening"}',
}
AFTER = ("", "\r", "\x1b]0;done\x07", "\0\0", '{"level":30,"msg":"closed"}')
"""What nobody sees, and another program's object: words would make a sentence of it."""

TOY: Mapping[str, Any] = {
    "program": "toy",
    "start": ["ask"],
    "resume": ["ask", "--session={conversation}"],
    "output": {
        "format": "jsonl",
        "conversation": {"path": "id", "where": {"type": "begin"}},
        "delta": {"path": "piece", "where": {"type": "piece"}},
        "text": {"path": "text", "where": {"type": "end"}},
        "error": {"path": "message", "where": {"type": "error"}},
        "usage": {"input": "usage.in", "output": "usage.out"},
    },
}
TOY_LINES = [
    '{"type": "begin", "id": "c-1"}',
    '{"type": "piece", "piece": "Hel"}',
    '{"type": "piece", "piece": "lo."}',
    '{"type": "end", "text": "Hello.", "usage": {"in": 3, "out": 4}}',
]


def toy(**output: object) -> Backend:
    """A declared backend."""
    form = {**TOY, "output": {**TOY["output"], **output}}
    return declared("toy", check({"backends": {"toy": {"declared": form}}}))


def check(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The declaration as the configuration's check leaves it."""
    found = check_config(json.dumps(config).encode(), "c.yaml", ())
    return found["backends.toy.declared"]


def meaning(events: Sequence[Event]) -> list[Event]:
    """All but what was not understood."""
    return [event for event in events if not isinstance(event, Raw)]


def raw(events: Sequence[Event]) -> str:
    """What was not understood."""
    return "".join(event.line for event in events if isinstance(event, Raw))


def replayed(case: Case, lines: Sequence[str]) -> list[Event]:
    """The events of the case with other lines."""
    return list(replay(case, list(lines)))


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
@EACH_AGENT
@pytest.mark.thorough
def test_nothing_beside_an_event_loses_it(name: str, before: str) -> None:
    """At each line of each recording; and what stood there is kept as it came."""
    for case in (case for case in CASES if case.backend_name == name):
        lines = [line for line in case.lines if line.startswith("{")]
        expected = meaning(replayed(case, lines))
        for after in AFTER:
            events = replayed(case, [f"{before}{line}{after}" for line in lines])
            assert meaning(events) == expected, (case.name, after)
            assert before.strip() in raw(events)
            assert after.strip() in raw(events)


@pytest.mark.parametrize("after", [" (took 3 s)", "Goodbye.", "%"])
@EACH_AGENT
def test_words_behind_an_event_do_not_lose_it(name: str, after: str) -> None:
    """Some program wrote into the line's end."""
    for case in (case for case in CASES if case.backend_name == name):
        lines = [line for line in case.lines if line.startswith("{")]
        events = replayed(case, [f"{line}{after}" for line in lines])
        assert meaning(events) == meaning(replayed(case, lines)), case.name
        assert after.strip() in raw(events)


@pytest.mark.parametrize("between", ["", " ", "\r", "\t", "\r\r", "\0"], ids=repr)
@EACH_AGENT
def test_events_on_one_line_are_all_events(name: str, between: str) -> None:
    """Two on a line, and a whole stream whose lines end with a carriage return alone."""
    for case in (case for case in CASES if case.backend_name == name):
        lines = [line for line in case.lines if line.startswith("{")]
        expected = meaning(replayed(case, lines))
        pairs = [between.join(lines[at : at + 2]) for at in range(0, len(lines), 2)]
        assert meaning(replayed(case, pairs)) == expected, case.name
        assert meaning(replayed(case, [between.join(lines)])) == expected, case.name


@EACH_AGENT
def test_an_object_in_a_cut_line_is_no_event(name: str) -> None:
    """An error quoted in a tool's result is not the agent's error, wherever the line is cut."""
    for case in (case for case in CASES if case.backend_name == name):
        for line in {line for line in case.lines if line.startswith("{")}:
            for cut in range(1, len(line), 1 + len(line) // budget(15, long=300)):
                parser = case.backend.parser(case.request)
                told = list(parser.feed(line[:cut]))
                if case.asks:  # what is cut off in a dialogue is refused, or fails it
                    told = [one for one in told if not isinstance(one, Reply | Failed | Result)]
                assert told == [Raw(line=line[:cut])], line[:cut]


@EACH_AGENT
def test_an_object_in_a_sentence_is_no_event(name: str) -> None:
    """With words before and after it, the object is only quoted."""
    for case in (case for case in CASES if case.backend_name == name):
        for line in (line for line in case.lines if line.startswith("{")):
            sentence = f"It printed {line} and left."
            parser = case.backend.parser(case.request)
            assert list(parser.feed(sentence)) == [Raw(line=sentence)]


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
def test_a_declared_agent_loses_no_event_either(before: str) -> None:
    """JSON lines by a declaration."""
    request = TurnRequest(prompt="p", cwd=Path("/project"))
    plain = play(request, toy(), TOY_LINES, 0, "")
    events = play(request, toy(), [before + line for line in TOY_LINES], 0, "")
    assert meaning(events) == meaning(plain)
    joined = play(request, toy(), ["\r".join(before + line for line in TOY_LINES)], 0, "")
    assert meaning(joined) == meaning(plain)


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
def test_one_json_is_found_among_other_lines(before: str) -> None:
    """A wrapper's banner above it and a notice below it, and what stands right before it."""
    request = TurnRequest(prompt="p", cwd=Path("/project"))
    answer = json.dumps({"type": "end", "text": "Hello.", "usage": {"in": 3, "out": 4}}, indent=1)
    said = f"> toy@1.0.0 ask\n\n{before}{answer}\n\nnpm notice there is a newer npm"
    result = play(request, toy(format="json"), said.split("\n"), 0, "")[-1]
    assert isinstance(result, Result)
    assert (result.text, result.usage.input_tokens) == ("Hello.", 3)


@pytest.mark.parametrize(
    "line", [TOY_LINES[3], f"\ufeff{TOY_LINES[3]}", f"It said {TOY_LINES[3]}"], ids=repr
)
def test_an_object_in_plain_text_is_text(line: str) -> None:
    """A declared agent that prints plain text has no events: all of it is the answer."""
    request = TurnRequest(prompt="p", cwd=Path("/project"))
    events = play(request, declared("toy", {"program": "toy", "start": []}), [line], 0, "")
    assert [event.text for event in events if isinstance(event, Message)] == [f"{line}\n"]


@pytest.mark.parametrize("name", backends.built_in())
def test_no_number_or_key_makes_an_event_that_cannot_be_written(name: str) -> None:
    """`NaN`, infinities, endless digits and keys that come twice: what is told is plain JSON."""
    odd = f'"a": NaN, "b": -Infinity, "c": 1e999, "d": {"9" * 5000}, "e": 1, "e": 2'
    for case in (case for case in CASES if case.backend_name == name):
        for line in (line for line in case.lines if line.startswith("{") and len(line) > 2):
            parser = case.backend.parser(case.request)
            told = list(parser.feed("{" + odd + ", " + line[1:]))
            expected = list(case.backend.parser(case.request).feed(line))
            assert [type(event) for event in told] == [type(event) for event in expected]
