"""What vibe's folder of a conversation says of its turns."""

import json
from pathlib import Path
from typing import Any

import pytest

from clinvk.agents.vibe.journal import Journal
from clinvk.model.conversation import TurnMode
from clinvk.model.native import NativeTurn
from clinvk.model.request import TurnRequest
from clinvk.model.usage import UNKNOWN_USAGE, Usage

ID = "123e4567-e89b-12d3-a456-426614174000"
AT = 1_767_225_600_000


def entry(turn: str, role: str, words: str, *, at: int = 0) -> dict[str, Any]:
    """An entry of the history, at so many seconds."""
    content = [{"type": "text", "text": words}]
    about = {"id": f"{role}-{turn}", "turnId": turn, "createdAt": AT + at * 1_000}
    return {
        **about,
        "updatedAt": AT + at * 1_000,
        "type": "message",
        "role": role,
        "content": content,
    }


def added(*entries: dict[str, Any], **state: Any) -> str:
    """A record of entries, and of the state of the session."""
    delta = [{"op": "append_entry", "entry": one} for one in entries]
    states = [{"op": "set_envelope", "state": state}] if state else []
    return json.dumps({"type": "projection_delta", "payload": {"delta": [*delta, *states]}})


def prompt(*, injected: bool = False) -> str:
    """The record of a prompt."""
    params = {"injected": injected, "sessionId": ID}
    payload = {"method": "turn/start", "params": params}
    return json.dumps({"type": "command_reserved", "payload": payload})


def answered(given: int, output: int, cached: int = 0) -> str:
    """The record of a request's answer."""
    used = {"input_tokens": given, "output_tokens": output, "cached_input_tokens": cached}
    return json.dumps({"type": "action_result", "payload": {"result": {"result": {"usage": used}}}})


TOOL = json.dumps({"type": "action_result", "payload": {"result": {"result": {"stdout": "x"}}}})


def turns(*lines: str) -> tuple[NativeTurn, ...]:
    """The turns of a folder."""
    return Journal().turns(["", "no json", "[1", *lines])


def test_a_turn_is_its_prompt_and_its_last_answer() -> None:
    """With the times of the entries."""
    [turn] = turns(
        added(entry("t1", "user", "one")),
        added(entry("t1", "assistant", "the answer", at=3)),
        added(latestTurn={"id": "t1", "status": "completed", "completedAt": AT + 4_000}),
    )
    assert (turn.id, turn.prompt, turn.text) == ("t1", "one", "the answer")
    assert turn.started_at is not None
    assert turn.ended_at is not None
    assert (turn.ended_at - turn.started_at).total_seconds() == 4
    assert not turn.interrupted
    assert not turn.failed


def test_what_left_the_journal_is_in_lists_which_repeat_each_other() -> None:
    """Each turn once, in the order of the prompts, whatever the order of the files."""
    first = [entry("t1", "user", "one"), entry("t1", "assistant", "a", at=1)]
    second = [entry("t2", "user", "two", at=2), entry("t2", "assistant", "b", at=3)]
    messages = [{"message": {"role": "user"}, "source": "history", "turn_index": 0}]
    found = turns(
        json.dumps([*first, *second]),
        json.dumps(first),
        json.dumps(messages),
        added(entry("t3", "user", "three", at=4)),
    )
    assert [(turn.prompt, turn.text) for turn in found] == [
        ("one", "a"),
        ("two", "b"),
        ("three", ""),
    ]


@pytest.mark.parametrize(
    ("status", "interrupted", "failed"),
    [("completed", False, False), ("interrupted", True, False), ("failed", False, True)],
)
def test_the_state_says_how_a_turn_ended(status: str, *, interrupted: bool, failed: bool) -> None:
    """It may come in a record of its own."""
    words = added(entry("t1", "user", "one"), entry("t1", "assistant", "a"))
    [turn] = turns(words, added(latestTurn={"id": "t1", "status": status}))
    assert (turn.interrupted, turn.failed) == (interrupted, failed)


def test_the_figures_are_those_since_the_last_prompt() -> None:
    """Of the requests to the model; a tool's result has none. Injected prompts do not count."""
    lines = [
        *(prompt(), answered(1, 1)),
        *(prompt(), answered(100, 10, 40), TOOL, prompt(injected=True), answered(200, 20)),
    ]
    last = Usage(input_tokens=300, cached_tokens=40, output_tokens=30)
    assert Journal.used_by_last_turn(reversed(lines)) == last


@pytest.mark.parametrize(
    ("mode", "before", "known", "used"),
    [
        (TurnMode.START, None, False, 50),
        (TurnMode.RESUME, 20, True, 30),
        (TurnMode.RESUME, 20, False, None),
        (TurnMode.RESUME, None, True, None),
    ],
)
def test_of_several_prompts_the_figures_are_what_was_added_to_the_totals(
    mode: TurnMode, before: int | None, used: int | None, *, known: bool
) -> None:
    """As far as the totals before the turn are known."""
    totals = {"inputTokens": 50, "cachedInputTokens": 50, "outputTokens": 50}
    request = TurnRequest(
        prompt="p",
        cwd=Path("/project"),
        mode=mode,
        counters=None if before is None else dict.fromkeys(totals, before),
        baseline_known=known,
    )
    lines = [added(session={"tokenUsage": totals})]
    assert Journal().used_since(request, reversed(lines)).input_tokens == used
    assert Journal().used_since(request, []) == UNKNOWN_USAGE


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [answered(1, 1)],
        [prompt()],
        [prompt(), answered(1, 1).replace("input", "in")],
        [prompt(), answered(1, 1), '{"detail":{"toolName":"subagent.spawn"}}', answered(1, 1)],
    ],
)
def test_figures_that_are_not_complete_are_unknown(lines: list[str]) -> None:
    """Without the prompt, without a request, with other names, or with a sub-agent's."""
    used = Journal.used_by_last_turn(reversed(lines))
    assert used.input_tokens is None
    assert used == UNKNOWN_USAGE or lines


def test_the_totals_are_the_latest() -> None:
    """Of the whole conversation."""
    used = {"inputTokens": 5, "cachedInputTokens": 1, "outputTokens": 2, "totalTokens": 7}
    earlier = added(session={"tokenUsage": {**used, "inputTokens": 1}})
    lines = [earlier, added(session={"tokenUsage": used}), added(session={"tokenUsage": None})]
    totals = {name: used[name] for name in ("inputTokens", "cachedInputTokens", "outputTokens")}
    assert Journal.totals(reversed(lines)) == totals
    assert Journal.totals(["{}", "x"]) is None


def test_the_notes_have_the_start_and_the_title() -> None:
    """A conversation of a sub-agent was not begun by a person."""
    noted = {
        "session_id": ID,
        "start_time": "2026-01-01T00:00:00.000000+00:00",
        "environment": {"working_directory": "/project"},
        "title": "A title",
    }
    begun = Journal().conversation_start(json.dumps(noted))
    assert begun is not None
    assert (begun.id, begun.cwd, begun.started_at.year) == (ID, "/project", 2026)
    assert Journal().conversation_start(json.dumps({**noted, "parent_session_id": "p"})) is None
    assert Journal().conversation_start("{") is None
    lines = json.dumps(noted, indent=2).splitlines()
    assert Journal().title(ID, lines) == "A title"
    assert Journal().title(ID, []) is None
