"""For any history of a conversation a turn's figures are its own, or unknown; never another's.

Agents count in three ways: per run, over the conversation, and both with the run's own beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinvk.agents import registry as backends
from clinvk.agents.base import Backend
from clinvk.agents.claude.run_usage import Spending
from clinvk.model.conversation import TurnMode
from clinvk.model.events import Result
from clinvk.model.request import TurnRequest
from clinvk.model.usage import Usage

CODEX = backends.get("codex")
ROLLOUT = {"type": "session_meta", "payload": {"id": "x"}}
OWN_FIGURES = [
    name for name in backends.names() if type(backends.get(name)).counters_in is Backend.counters_in
]
EVENTS = st.sampled_from(["turn", "outside", "broken", "refused"])
AMOUNTS = st.integers(0, 10**9)


@dataclass
class Thread:
    """A conversation whose agent counts over all of it, with the file that it keeps."""

    total_in: int = 0
    total_out: int = 0
    lines: list[str] = field(default_factory=lambda: [_json(ROLLOUT)])

    def use(self, tokens_in: int, out: int) -> None:
        """An answer came."""
        self.total_in, self.total_out = self.total_in + tokens_in, self.total_out + out
        info = {"total_token_usage": self.totals}
        self.lines += [
            _json({"type": "event_msg", "payload": {"type": "token_count", "info": info}}),
            _json({"type": "response_item", "payload": {"text": '"token_count"'}}),
        ]

    @property
    def totals(self) -> dict[str, int]:
        """As the agent reports them; reasoning shows that they are of the thread."""
        return {
            "input_tokens": self.total_in,
            "output_tokens": self.total_out,
            "reasoning_output_tokens": 0,
        }


def _json(value: Any) -> str:
    import json

    return json.dumps(value)


def _request(counters: Any, *, resume: bool, known: bool) -> TurnRequest:
    return TurnRequest(
        prompt="x",
        cwd=Path("/p"),
        conversation="00000000-0000-4000-8000-000000000000",
        mode=TurnMode.RESUME if resume else TurnMode.START,
        counters=counters,
        baseline_known=known,
    )


@given(
    events=st.lists(st.tuples(EVENTS, AMOUNTS, AMOUNTS), max_size=12),
    file_kept=st.booleans(),
)
def test_totals_of_a_thread_become_the_turns_own(
    events: list[tuple[str, int, int]],
    file_kept: bool,  # noqa: FBT001  hypothesis gives it
) -> None:
    """With the agent's file every turn is exact; without it a turn after a broken one is unknown.

    What was used outside while no file can be read is the one thing that nobody can see.
    """
    thread = Thread()
    counters, last, number = None, 0, 0
    for what, tokens_in, out in events:
        if what == "outside" and not file_kept:
            continue
        kept = CODEX.counters_in(reversed(thread.lines)) if file_kept and number else None
        known = kept is not None or last == number
        request = _request(kept or counters, resume=number > 0, known=known)
        if what != "refused":
            thread.use(tokens_in, out)
        if what == "outside":
            number = number or 1
            continue
        number += 1
        if what == "refused" and file_kept:
            now = CODEX.counters_in(reversed(thread.lines)) or {}
            used = CODEX.usage_by(now, request)
            assert (used.input_tokens, used.output_tokens) == (0, 0)
        if what != "turn":
            continue
        parser = CODEX.parser(request)
        parser.feed(_json({"type": "thread.started", "thread_id": "a-thread"}))
        assert not parser.feed(_json({"type": "turn.completed", "usage": thread.totals}))
        [result] = parser.finish(0, "")
        assert isinstance(result, Result)
        own = Usage(input_tokens=tokens_in, output_tokens=out, reasoning_tokens=0)
        assert result.usage == (own if known or number == 1 else Usage())
        counters, last = result.counters, number


def test_a_file_that_does_not_tell_is_no_file() -> None:
    """Without the thread's beginning or a total nothing is known; a begun thread has used none."""
    assert CODEX.counters_in([]) is None
    assert CODEX.counters_in(["junk", "{}", '{"type": "token_count"}']) is None
    begun = CODEX.counters_in([_json(ROLLOUT)])
    assert begun is not None
    assert set(begun.values()) == {0}


@pytest.mark.parametrize("name", OWN_FIGURES)
def test_whose_figures_are_its_own_needs_no_file(name: str) -> None:
    """By default no line is asked for, and nothing is made of one."""

    def lines() -> Any:
        raise AssertionError("the file was read")
        yield

    backend = backends.get(name)
    assert backend.counters_in(lines()) is None
    assert backend.usage_by({}, _request(None, resume=False, known=True)) == Usage()


@given(
    way=st.sampled_from(["run", "whole", "both"]),
    turns=st.lists(st.tuples(st.booleans(), st.sampled_from(["told", "broken"])), max_size=8),
)
def test_counters_of_any_way_of_counting_never_give_a_wrong_figure(
    way: str, turns: Sequence[tuple[bool, str]]
) -> None:
    """Sub-agents and turns that broke off included; figures that differ in every subset."""
    whole: dict[str, int] = {}
    before, last, number = None, 0, 0
    for number, (helped, how) in enumerate(turns, 1):
        run = {"main": 4 ** (2 * number)} | ({"helper": 4 ** (2 * number + 1)} if helped else {})
        for model, tokens in run.items():
            whole[model] = whole.get(model, 0) + tokens
        if how == "broken":
            continue
        spending = Spending(resumed=number > 1, before=before, before_is_last=last == number - 1)
        spending.version = "1"
        reported = run if way == "run" else whole
        result: dict[str, Any] = {
            "usage": {"input_tokens": run["main"], "output_tokens": run["main"]},
            "modelUsage": _by_model(reported),
            "total_cost_usd": float(sum(reported.values())),
        }
        if way == "both":
            result["model_usage_since_last_result"] = _by_model(run)
        spending.add(result)
        usage, cost = spending.sum_up(answered=True)
        own = sum(run.values())
        assert usage.input_tokens in ((own,) if way == "both" else (own, None))
        assert cost in (None, pytest.approx(float(own)))
        before, last = spending.counters, number


def _by_model(run: dict[str, int]) -> dict[str, dict[str, float]]:
    return {
        model: {"inputTokens": tokens, "outputTokens": tokens, "costUSD": float(tokens)}
        for model, tokens in run.items()
    }
