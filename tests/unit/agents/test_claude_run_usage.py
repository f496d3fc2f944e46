"""What a run used, told from counters that may cover the run or the conversation."""

from collections.abc import Mapping
from typing import Any

import pytest

from clinvk.agents.claude.run_usage import Spending
from clinvk.model.usage import Usage

OPUS, HAIKU = "opus", "haiku"


def figures(tokens_in: int, out: int, cost: float, **more: int) -> dict[str, Any]:
    """One model's counters."""
    return {"inputTokens": tokens_in, "outputTokens": out, "costUSD": cost, **more}


def result(
    main: tuple[int, int], models: Mapping[str, Any], cost: float, **more: Any
) -> dict[str, Any]:
    """A result line: what the main requests used, the counters and the total cost."""
    usage = {"input_tokens": main[0], "output_tokens": main[1]}
    return {"usage": usage, "modelUsage": models, "total_cost_usd": cost, **more}


def spent(
    line: dict[str, Any], before: dict[str, Any] | None = None, *, resumed: bool = True
) -> tuple[int | None, int | None, float | None]:
    """Input, output and cost of a run that ended with this line."""
    counters = None
    if before is not None:
        earlier = Spending(resumed=False, before=None)
        earlier.add(before)
        counters = earlier.counters
    spending = Spending(resumed=resumed, before=counters)
    spending.add(line)
    usage, cost = spending.sum_up(answered=True)
    return usage.input_tokens, usage.output_tokens, cost


FIRST = result((100, 10), {OPUS: figures(100, 10, 0.1)}, 0.1)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(
            result((200, 20), {OPUS: figures(200, 20, 0.2)}, 0.2), (200, 20, 0.2), id="the run"
        ),
        pytest.param(
            result((200, 20), {OPUS: figures(300, 30, 0.3)}, 0.3),
            (200, 20, 0.2),
            id="the conversation",
        ),
        pytest.param(
            result((50, 5), {OPUS: figures(60, 6, 0.06)}, 0.06),
            (60, 6, 0.06),
            id="the run, which began anew and holds a side request",
        ),
        pytest.param(
            result((200, 20), {OPUS: figures(300, 30, 0.3), HAIKU: figures(9, 1, 0.01)}, 0.31),
            (209, 21, 0.21),
            id="the conversation, with a side request of another model",
        ),
        pytest.param(
            result((200, 20), {HAIKU: figures(200, 20, 0.02)}, 0.02),
            (200, 20, 0.02),
            id="the run, with another model",
        ),
        pytest.param(
            result((100, 10), {OPUS: figures(250, 25, 0.25)}, 0.25),
            (None, None, None),
            id="either, so nothing is known",
        ),
        pytest.param(
            result(
                (100, 10), {}, 0.0, model_usage_since_last_result={OPUS: figures(150, 15, 0.15)}
            ),
            (150, 15, 0.15),
            id="the version that says it",
        ),
        pytest.param(
            result((200, 1), {OPUS: figures(100, 10, 0.1)}, 0.1, model_usage_since_last_result={}),
            (None, None, None),
            id="the version that says it, and leaves an answer out that broke off",
        ),
        pytest.param(
            result((200, 20), {OPUS: figures(10, 1, 0.3)}, 0.3),
            (200, 20, None),
            id="counters that hold less than was used",
        ),
    ],
)
def test_the_figures_of_a_resumed_run_are_found_by_the_data(
    line: dict[str, Any], expected: tuple[int | None, int | None, float | None]
) -> None:
    """Whichever way the version counts, the figures are this run's, or unknown."""
    tokens_in, out, cost = spent(line, FIRST)
    assert (tokens_in, out) == expected[:2]
    assert cost == (expected[2] if expected[2] is None else pytest.approx(expected[2]))


@pytest.mark.parametrize(
    ("proof", "version", "expected"),
    [
        pytest.param(
            result((50, 5), {OPUS: figures(50, 5, 0.05)}, 0.05), "1", (250, 25, 0.25), id="the run"
        ),
        pytest.param(
            result((50, 5), {OPUS: figures(150, 15, 0.15)}, 0.15),
            "1",
            (100, 10, 0.1),
            id="the conversation",
        ),
        pytest.param(
            result((50, 5), {OPUS: figures(50, 5, 0.05)}, 0.05),
            "2",
            (None, None, None),
            id="the run, in another version",
        ),
    ],
)
def test_a_reading_that_a_version_proved_once_is_used_later(
    proof: dict[str, Any], version: str, expected: tuple[int | None, int | None, float | None]
) -> None:
    """A sub-agent's tokens allow both readings; an earlier plain turn of the version decides."""
    counters = None
    for line in (FIRST, proof):
        earlier = Spending(resumed=counters is not None, before=counters)
        earlier.version = "1"
        earlier.add(line)
        earlier.sum_up(answered=True)
        counters = earlier.counters
    spending = Spending(resumed=True, before=counters)
    spending.version = version
    spending.add(result((70, 7), {OPUS: figures(250, 25, 0.25)}, 0.25))
    usage, cost = spending.sum_up(answered=True)
    assert (usage.input_tokens, usage.output_tokens, cost) == expected


def test_without_an_earlier_figure_only_an_exact_match_tells() -> None:
    """A conversation that clinvk did not begin may have any history."""
    exact = result((200, 20), {OPUS: figures(200, 20, 0.2)}, 0.2)
    assert spent(exact) == (200, 20, 0.2)
    more = result((200, 20), {OPUS: figures(900, 90, 0.9)}, 0.9)
    assert spent(more) == (None, None, None)


def test_a_new_conversations_counters_are_its_run() -> None:
    """Sub-agents and titles are in them, and were billed."""
    line = result((100, 10), {OPUS: figures(3400, 340, 3.4)}, 3.4)
    assert spent(line, resumed=False) == (3400, 340, 3.4)


def test_cached_and_written_tokens_are_parts_of_the_input() -> None:
    """The agent counts fresh input by itself; clinvk's input is all of it."""
    models = {OPUS: figures(55, 20, 0.1, cacheReadInputTokens=40, cacheCreationInputTokens=5)}
    usage = {
        "input_tokens": 55,
        "cache_read_input_tokens": 40,
        "cache_creation_input_tokens": 5,
        "output_tokens": 20,
        "output_tokens_details": {"thinking_tokens": 7},
    }
    spending = Spending(resumed=False, before=None)
    spending.add({"usage": usage, "modelUsage": models, "total_cost_usd": 0.1})
    assert spending.sum_up(answered=True)[0] == Usage(
        input_tokens=100,
        cached_tokens=40,
        cache_write_tokens=5,
        output_tokens=20,
        reasoning_tokens=7,
    )


def test_zero_after_an_answer_is_not_known() -> None:
    """An agent that lost count is not free of charge; one that was refused is."""
    spending = Spending(resumed=False, before=None)
    spending.add(result((0, 0), {}, 0))
    assert spending.sum_up(answered=True) == (Usage(), None)
    assert spending.sum_up(answered=False)[1] == 0


def test_a_difference_over_a_run_without_figures_is_not_guessed() -> None:
    """If the version counts the whole conversation, the figure would include the run in between."""
    before = {
        "modelUsage": {OPUS: figures(100, 10, 0.1)},
        "total_cost_usd": 0.1,
        "cumulative": True,
        "version": "2",
    }
    for last, expected in ((True, 150), (False, None)):
        spending = Spending(resumed=True, before=before, before_is_last=last)
        spending.version = "2"
        spending.add(result((70, 7), {OPUS: figures(250, 25, 0.25)}, 0.25))
        assert spending.sum_up(answered=True)[0].input_tokens == expected
