"""Declared agents that speak the Agent Client Protocol in their own ways."""

import json
from pathlib import Path
from typing import Any

import pytest

from clinvk.agents.declared.acp import DeclaredAcpParser
from clinvk.model.access import Access
from clinvk.model.conversation import TurnMode
from clinvk.model.events import Event, Result
from clinvk.model.failure import FailureCode
from clinvk.model.request import Reply, TurnRequest

HELLO = {"protocolVersion": 1, "agentCapabilities": {"loadSession": True}}
FORM = {"protocol": "acp", "command": ["toy"]}


def held(*results: Any, form: Any = None, **asked: Any) -> tuple[list[Any], Result]:
    """What is sent after each of the agent's answers, and the turn's result."""
    parser = DeclaredAcpParser(
        {**FORM, **(form or {})}, TurnRequest(prompt="hi", cwd=Path("/p"), **asked)
    )
    parsed: list[Event | Reply] = []
    for number, result in enumerate(results, start=1):
        answer = result if "error" in result else {"result": result}
        parsed += parser.feed(json.dumps({"jsonrpc": "2.0", "id": number, **answer}))
    parsed += parser.finish(0, "")
    sent = [json.loads(one.data) for one in parsed if isinstance(one, Reply)]
    [ended] = [one for one in parsed if isinstance(one, Result)]
    return sent, ended


@pytest.mark.parametrize(
    ("usage", "figures"),
    [
        ({"inputTokens": 9, "outputTokens": 2}, (9, None, 2)),
        ({"inputTokens": 9, "outputTokens": 2, "totalTokens": 11}, (9, None, 2)),
        (
            {"inputTokens": 9, "cachedReadTokens": 4, "outputTokens": 2, "totalTokens": 11},
            (9, 4, 2),
        ),
        (
            {"inputTokens": 9, "cachedReadTokens": 4, "outputTokens": 2, "totalTokens": 15},
            (13, 4, 2),
        ),
        ({"inputTokens": 9, "cachedReadTokens": 4, "outputTokens": 2}, (None, None, None)),
        (
            {"inputTokens": 9, "outputTokens": 2, "thoughtTokens": 3, "totalTokens": 14},
            (9, None, 5),
        ),
        ({"inputTokens": 9, "outputTokens": 2, "totalTokens": 50}, (None, None, None)),
        ({}, (None, None, None)),
    ],
)
def test_the_total_shows_what_the_figures_include(
    usage: dict[str, int], figures: tuple[int | None, ...]
) -> None:
    """Cached tokens beside the input or in it, thoughts too; what cannot be seen is unknown."""
    done = {"stopReason": "end_turn", "usage": usage}
    _, result = held(HELLO, {"sessionId": "s"}, done, form={"usage": "turn"})
    told = result.usage
    assert (told.input_tokens, told.cached_tokens, told.output_tokens) == figures


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"protocolVersion": 2}, "speaks version 2 of it"),
        ({"protocolVersion": "1"}, "speaks another version"),
        ({}, "speaks another version"),
        ({"error": {"code": -32601, "message": "no such method"}}, "refused it"),
    ],
)
def test_another_protocol_is_a_failure_at_once(answer: Any, words: str) -> None:
    """Nothing is sent after it."""
    sent, result = held(answer)
    assert sent == []
    assert result.failure is not None
    assert result.failure.code is FailureCode.NOT_STARTED
    assert words in result.failure.message


def test_who_has_to_sign_in_is_told_so() -> None:
    """Also where the agent says so in its first answer."""
    refused = {"error": {"code": -32000, "message": "Authentication required"}}
    for answers in ([refused], [HELLO, refused]):
        _, result = held(*answers)
        assert result.failure is not None
        assert result.failure.code is FailureCode.AUTH


@pytest.mark.parametrize(
    "options",
    [[{"id": {"a": 1}, "category": []}], "x", [None], [{"id": "model", "currentValue": 3}]],
)
def test_a_session_of_strange_shape_is_no_crash(options: Any) -> None:
    """It is read as one that says nothing."""
    sent, _ = held(HELLO, {"sessionId": "s", "configOptions": options})
    assert [one["method"] for one in sent] == ["session/new", "session/prompt"]


def test_the_mode_is_set_after_the_model_and_before_the_prompt() -> None:
    """Each after the answer to the one before."""
    modes = {"currentModeId": "auto", "availableModes": [{"id": "auto"}, {"id": "careful"}]}
    sent, _ = held(
        HELLO,
        {"sessionId": "s", "modes": modes},
        {},
        {},
        form={"modes": {"read-only": "careful"}},
        access=Access.READ_ONLY,
        model="m",
    )
    methods = [one["method"] for one in sent]
    assert methods[:1] == ["session/new"]
    assert sorted(methods[1:3]) == ["session/set_mode", "session/set_model"]
    assert methods[3:] == ["session/prompt"]


def test_what_is_continued_by_resume_is_not_loaded() -> None:
    """`session/load` would repeat the history."""
    offers = {"loadSession": True, "sessionCapabilities": {"resume": {}}}
    hello = {"protocolVersion": 1, "agentCapabilities": offers}
    sent, _ = held(hello, conversation="s", mode=TurnMode.RESUME)
    assert [one["method"] for one in sent] == ["session/resume"]
