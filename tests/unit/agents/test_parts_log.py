"""What an agent's chat of parts says of its turns."""

import json
from typing import Any

from clinvk.agents.qwen.parts_log import PartsLog
from clinvk.model.native import NativeTurn

ID = "123e4567-e89b-12d3-a456-426614174000"


def line(kind: str, text: str = "", **more: Any) -> str:
    """One line of a chat."""
    about = {"uuid": f"u-{text}", "sessionId": ID, "timestamp": "2026-01-01T00:00:00.000Z"}
    parts = [{"text": text}] if text else []
    return json.dumps({**about, "type": kind, "message": {"parts": parts}, **more})


def request(name: str, **figures: Any) -> str:
    """The telemetry of one request."""
    event = {"event.name": f"agent.{name}", **figures}
    return line("system", subtype="ui_telemetry", systemPayload={"uiEvent": event})


def turns(*lines: str) -> tuple[NativeTurn, ...]:
    """The turns of a chat."""
    return PartsLog().turns(["", "no json", *lines])


USED = {"input_token_count": 100, "output_token_count": 20, "cached_content_token_count": 40}


def test_a_turn_is_its_prompt_answer_and_requests() -> None:
    """The figures are the turn's own, the counters the whole conversation's."""
    first, second = turns(
        line("user", "one\n\n"),
        request("api_response", **USED, thoughts_token_count=7),
        line("assistant", "the answer", model="m"),
        request("api_response", **USED),
        line("user", "two"),
        request("api_response", **USED),
        line("assistant", "more", model="m"),
    )
    assert (first.prompt, first.text, first.model) == ("one", "the answer", "m")
    assert (first.usage.input_tokens, first.usage.output_tokens) == (200, 40)
    assert (first.usage.cached_tokens, first.usage.reasoning_tokens) == (80, 7)
    assert (second.usage.input_tokens, second.usage.output_tokens) == (100, 20)
    assert second.counters == {
        "input_tokens": 300,
        "cache_read_input_tokens": 120,
        "output_tokens": 60,
    }
    assert not first.interrupted
    assert first.started_at is not None


def test_the_counters_are_those_of_every_request() -> None:
    """Of turns that broke off too, and whichever end of the file is read first."""
    lines = [line("user", "one"), request("api_response", **USED), line("user", "two"), "no json"]
    expected = {"input_tokens": 100, "cache_read_input_tokens": 40, "output_tokens": 20}
    assert PartsLog().counters(lines) == expected
    assert PartsLog().counters(reversed(lines)) == expected
    assert PartsLog().counters(lines[:1]) == dict.fromkeys(expected, 0)
    assert PartsLog().counters([]) is None


def test_the_agents_messages_to_itself_are_no_prompts() -> None:
    """Only lines of the user start a turn."""
    assert not turns(line("user", "a reminder", provenance="system"), line("assistant", "x"))


def test_thoughts_are_no_part_of_the_answer() -> None:
    """Parts that are marked as thoughts are left out."""
    thought = {"parts": [{"text": "hm", "thought": True}, {"text": "well"}]}
    [turn] = turns(line("user", "one"), line("assistant", message=thought))
    assert turn.text == "well"


def test_a_turn_without_an_answer_was_broken_off() -> None:
    """Unless it failed: then its text is the words of the error."""
    broken, failed = turns(
        line("user", "one"),
        line("user", "two"),
        request("api_error", error_message="401 Incorrect API key"),
    )
    assert broken.interrupted
    assert (failed.failed, failed.interrupted) == (True, False)
    assert failed.text == "401 Incorrect API key"
    assert not failed.usage.known


def test_the_last_title_of_the_conversation_counts() -> None:
    """A title of another conversation does not."""
    lines = [
        line("system", subtype="custom_title", systemPayload={"customTitle": title})
        for title in ("first", "second")
    ]
    other = json.dumps({**json.loads(lines[0]), "sessionId": "another"})
    assert PartsLog().title(ID, [*lines, other]) == "second"
    assert PartsLog().title(ID, [line("user", "one")]) is None
