"""Runs that go on and on, of every agent: what reads them takes a cost in proportion.

The cost is counted, not timed (`bed/counted.py`).
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bed.budget import budget, some
from bed.counted import in_proportion, memory_of, steps_of
from bed.long_runs import CASES, PIECE, RUNS, backend_of
from clinvk.agents.base import Parser
from clinvk.model.events import Message, Result, Warned
from clinvk.model.request import TurnRequest
from clinvk.services.turns.accumulate import TurnAccumulator
from clinvk.text.bounded import CUT_NOTE, LONGEST_TEXT

STEPS = budget(50, long=100)
PARTS = 600


class Run:
    """A run of an agent, read and taken note of as a turn does it."""

    def __init__(self, agent: str) -> None:
        self.collected = TurnAccumulator()
        self._parser: Parser = backend_of(agent).parser(TurnRequest(prompt="", cwd=Path("/p")))

    def feed(self, line: str) -> None:
        """One line, and what is asked after each."""
        for event in self._parser.feed(line):
            self.collected.add(event)
        assert self._parser.settled in {True, False}

    def finish(self) -> Result:
        """The end."""
        for event in self._parser.finish(0, ""):
            self.collected.add(event)
        assert self.collected.result is not None
        return self.collected.result


@pytest.mark.parametrize(("agent", "kind"), CASES)
def test_a_run_of_twice_the_length_takes_twice_the_steps(agent: str, kind: str) -> None:
    """No line makes a parser or the data of a turn process earlier lines again."""

    def steps(count: int) -> int:
        run, lines = Run(agent), list(RUNS[agent][kind](count))

        def work() -> None:
            for line in lines:
                run.feed(line)
            run.finish()

        return steps_of(work)

    assert in_proportion(steps, STEPS)


@pytest.mark.parametrize(("agent", "kind"), some(CASES, 30))
def test_an_agents_run_of_twice_the_length_copies_twice_as_much(agent: str, kind: str) -> None:
    """No line makes a parser or the notes of a turn put together anew what came before it."""

    def copied(count: int) -> int:
        run, lines = Run(agent), list(RUNS[agent][kind](count))
        parts: list[Callable[[], object]] = [lambda line=line: run.feed(line) for line in lines]
        return memory_of([*parts, run.finish])

    assert in_proportion(copied, PARTS, besides=PARTS * 64)


@pytest.mark.parametrize("agent", ["gemini", "declared-text", "declared-jsonl"])
def test_an_answer_beyond_all_measure_says_that_it_was_cut(agent: str) -> None:
    """Its pieces were all shown; the report has its start, and a warning."""
    shown = 0
    parser = backend_of(agent).parser(TurnRequest(prompt="", cwd=Path("/p")))
    count = LONGEST_TEXT // len(PIECE) + 9
    for line in RUNS[agent]["one line"](count):
        events = list(parser.feed(line))
        shown += sum(len(event.text) for event in events if isinstance(event, Message))
    *others, result = parser.finish(0, "")
    assert isinstance(result, Result)
    assert shown >= LONGEST_TEXT
    assert len(result.text) <= LONGEST_TEXT + 1
    assert result.text.endswith("…")
    assert others == [Warned(message=CUT_NOTE)]


def test_an_error_that_never_closes_its_bracket_is_read_once() -> None:
    """A pattern would look for its end from each of its beginnings: minutes for a megabyte."""
    parser = backend_of("gemini").parser(TurnRequest(prompt="", cwd=Path("/p")))
    words = "[API Error: " * 100_000
    parser.feed(json.dumps({"type": "result", "status": "error", "error": {"message": words}}))
    *_, result = parser.finish(1, "")
    assert isinstance(result, Result)
    assert result.failure is not None
    assert result.failure.message == words
