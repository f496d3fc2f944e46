"""When a service says that it may be asked again."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from clinvk.agents import registry as backends
from clinvk.agents.kit.retry_time import time_from_epoch, wait_in, wait_of_headers
from clinvk.model.request import TurnRequest

AT = datetime(2026, 11, 28, 1, 7, 53, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("Please try again in 20s.", 20.0),
        ("Please try again in 1m30.5s.", 90.5),
        ("Your quota will reset after 3h20m30s.", 12_030.0),
        ("You've hit your usage limit. Try again in 3 days 4 hours 5 minutes.", 273_900.0),
        ("try again in 2 hours and 1 minute", 7_260.0),
        ("Please retry in 34.074824224s.", 34.074824224),
        ("Please try again in 200ms.", None),
        ("retry after 5 milliseconds", None),
        ('{"error": {"resets_in_seconds": 3600}}', 3_600.0),
        ('{"resets_at": 1795828073}', AT),
        ('{"retryDelay": "34s"}', 34.0),
        ("retry-after: 120", 120.0),
        ("try again at 2026-11-28T01:07:53Z", AT),
        ("Upgrade to Pro or try again at 1:07 AM.", "1:07 AM"),
        ("or try again at Nov 28th, 2026 1:07 AM.", "Nov 28th, 2026 1:07 AM"),
        ("You've hit your session limit · resets 1:07am (UTC)", "1:07am (UTC)"),
        ("Please try again later.", None),
        ("Try again in a moment.", None),
        ("resets_in_seconds: 99999999999999", None),
        ("try again at 2026-99-99T01:07:53Z", None),
    ],
)
def test_the_formats_of_services_and_agents_are_parsed(said: str, wait: object) -> None:
    """Each format was printed by a service or an agent; text without a time gives nothing."""
    assert wait_in(said) == wait


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "3600"}, 3_600.0),
        ({"retry-after": "Sat, 28 Nov 2026 01:07:53 GMT"}, AT),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 -2359"}, None),
        ({"retry-after": 5}, None),
        ({}, None),
    ],
)
def test_a_header_says_it_in_seconds_or_as_a_date(headers: dict[str, Any], wait: object) -> None:
    """Anything else is nothing."""
    assert wait_of_headers(headers) == wait


@pytest.mark.parametrize(
    ("epoch", "moment"),
    [(1_795_828_073, AT), (1_795_828_073_000, AT), (0, None), ("x", None), (1e300, None)],
)
def test_a_moment_is_counted_in_seconds_or_milliseconds(epoch: object, moment: object) -> None:
    """Since 1970, in UTC."""
    assert time_from_epoch(epoch) == moment


STREAMS: dict[str, list[dict[str, Any]]] = {
    "claude": [
        {"type": "system", "subtype": "init", "session_id": "s"},
        {
            "type": "rate_limit_event",
            "rate_limit_info": {"status": "rejected", "resetsAt": 1_795_828_073},
        },
        {
            "type": "result",
            "subtype": "success",
            "is_error": True,
            "api_error_status": 429,
            "result": "You've hit your session limit · resets 1:07am (UTC)",
        },
    ],
    "codex": [
        {"type": "thread.started", "thread_id": "s"},
        {
            "type": "turn.failed",
            "error": {"message": "You've hit your usage limit. Try again in 2 hours."},
        },
    ],
    "gemini": [
        {"type": "init", "session_id": "s"},
        {
            "type": "result",
            "status": "error",
            "error": {"message": "[API Error: Quota exceeded. Please retry in 34.5s.]"},
        },
    ],
    "opencode": [
        {
            "type": "error",
            "sessionID": "s",
            "error": {
                "name": "APIError",
                "data": {
                    "message": "Rate limit reached",
                    "statusCode": 429,
                    "responseHeaders": {"retry-after": "3600"},
                },
            },
        },
    ],
    "qwen": [
        {"type": "system", "subtype": "init", "session_id": "s"},
        {
            "type": "result",
            "subtype": "error_during_execution",
            "is_error": True,
            "error": {"message": "[API Error: 429 Rate limit reached. Please try again in 6m0s.]"},
        },
    ],
}
WAITS = {"claude": AT, "codex": 7_200.0, "gemini": 34.5, "opencode": 3_600.0, "qwen": 360.0}


@pytest.mark.parametrize("name", STREAMS)
def test_every_agents_failure_says_when_to_try_again(name: str) -> None:
    """From its own event, the service's headers, or the words."""
    parser = backends.get(name).parser(TurnRequest(prompt="hi", cwd=Path("/p")))
    events = [event for line in STREAMS[name] for event in parser.feed(json.dumps(line))]
    events += parser.finish(1, "")
    assert events[-1].failure.wait == WAITS[name]


def test_a_limit_that_is_only_near_says_nothing_of_a_failure() -> None:
    """Its moment is that of the plan, and the failure is another one."""
    parser = backends.get("claude").parser(TurnRequest(prompt="hi", cwd=Path("/p")))
    near = {"status": "allowed_warning", "resetsAt": 1_795_828_073}
    assert [*parser.feed(json.dumps({"type": "rate_limit_event", "rate_limit_info": near}))] == []
    failed = {"type": "result", "is_error": True, "api_error_status": 429, "result": "no"}
    parser.feed(json.dumps(failed))
    assert [*parser.finish(1, "")][-1].failure.wait is None
