"""The page of errors is the code's own table, with what the agents said when they were recorded."""

import re
from pathlib import Path

import pytest

from clinvk.agents import registry as backends
from clinvk.errors import EXIT_MEANINGS, ExitStatus
from clinvk.model.failure import MEANINGS, FailureCode
from contract.replay import Case, cases, replay

README = Path(__file__).parents[2] / "README.md"

NEVER_RECORDED = {
    FailureCode.TIMEOUT,  # ours: the agents are stopped
    FailureCode.IDLE_TIMEOUT,
    FailureCode.NOT_STARTED,
    FailureCode.TOO_OLD,
    FailureCode.CONVERSATION_BUSY,
    FailureCode.SCHEMA_MISMATCH,  # ours: no agent says that its answer is wrong
    FailureCode.OUTPUT_TOO_LONG,  # ours: the line was cut before a parser saw it
}

CODES = {
    "error_401": "auth",
    "error_403": "auth",
    "not_signed_in": "auth",
    "error_429": "rate_limited",
    "error_500": "server_error",
    "error_529": "overloaded",
    "error_in_stream": "overloaded",
    "network_down": "network",
    "connection_cut": "network",
    "context_too_long": "context_too_long",
    "model_unknown": "model_unknown",
    "max_turns": "turn_limit",
    "conversation_gone": "conversation_gone",
    "killed": "killed",
    "tool_denied": None,
    "two_results": None,
}
OTHERWISE = {
    # Its service has no way to fail in the middle but to stop.
    ("gemini", "error_in_stream"): "network",
    # It reads no failure in the middle, only that there is no end.
    ("vibe", "error_in_stream"): "network",
    # It makes room by itself and goes on.
    ("opencode", "context_too_long"): None,
}
THE_SAME_EVERYWHERE = [
    case
    for name in backends.names()
    for case in cases(name)
    # Who was stopped by whoever recorded it never gives up by itself.
    if case.name.partition("__")[0] in CODES and case.facts["stop"] != "timeout"
]


def test_every_exit_status_has_its_meaning_and_the_readme_has_them_all() -> None:
    """The list that people see is the one that the program has."""
    assert set(EXIT_MEANINGS) == set(ExitStatus)
    told: dict[int, str] = {}
    for numbers, meaning in re.findall(
        r"^\| ([\d, ]+) \| (.+) \|$", README.read_text(), re.MULTILINE
    ):
        words = meaning.split(", ") if ", " in numbers else [meaning]
        told |= dict(zip(map(int, numbers.split(", ")), words, strict=True))
    assert told == {int(status): meaning for status, meaning in EXIT_MEANINGS.items()}


def test_every_kind_of_failure_was_seen_on_a_real_agent() -> None:
    """A code that no recording shows is one that nobody knows to be right."""
    seen = {
        failure.code
        for name in backends.names()
        for case in cases(name)
        if (failure := replay(case)[-1].failure)
    }
    assert set(FailureCode) - NEVER_RECORDED == seen


@pytest.mark.parametrize("code", FailureCode, ids=lambda code: code.value)
def test_a_retryable_failure_has_a_hint(code: FailureCode) -> None:
    """Each meaning is one phrase; for a retryable failure, the hint says what to do first."""
    meaning = MEANINGS[code]
    assert meaning.what[0].islower() or meaning.what[0] == "`"
    assert not meaning.what.endswith(".")
    assert meaning.exit_status is not ExitStatus.OK


@pytest.mark.parametrize(
    "case", THE_SAME_EVERYWHERE, ids=lambda case: f"{case.backend_name}/{case.name}"
)
@pytest.mark.thorough
def test_the_same_failure_has_the_same_code_for_every_agent(case: Case) -> None:
    """One code for one kind of failure, in every recorded version of every agent."""
    failure = replay(case)[-1].failure
    name = case.name.partition("__")[0]
    expected = OTHERWISE.get((case.backend_name, name), CODES[name])
    assert (failure and failure.code.value) == expected
