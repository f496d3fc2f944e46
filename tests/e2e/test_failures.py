"""How a turn fails, on the real agents: typed, recorded, and the session can go on."""

import time

import pytest

from bed.command import Command
from bed.published import check_home, check_result

STATUS = {
    "401": (7, "auth"),
    "403": (7, "auth"),
    "429": (8, "rate_limited"),
    "500": (1, "server_error"),
    "529": (8, "overloaded"),
}

_PATIENCE_S = 150
"""Qwen Code asks again for 82 seconds after a 500, which nothing shortens."""


@pytest.mark.timeout(2 * _PATIENCE_S)
@pytest.mark.parametrize("status", STATUS)
def test_an_error_of_the_service_is_typed(clinvk: Command, backend: str, status: str) -> None:
    """The exit status says what kind of failure it was; the session can be continued."""
    ran = clinvk("-b", backend, "-o", "json", f"[[error:{status}]] hello", timeout_s=_PATIENCE_S)
    result = ran.json()
    check_result(result)
    assert (ran.exit_code, result["error"]["code"]) == STATUS[status]
    assert result["exit_status"] == ran.exit_code
    assert result["status"] == "error"
    assert result["error"]["message"]
    again = clinvk("-c", "-o", "json", "hello again").json()
    assert again["exit_status"] == 0, again
    assert again["session_id"] == result["session_id"]
    assert again["status"] == "active"


def test_a_failure_is_one_sentence_with_the_way_out(clinvk: Command, backend: str) -> None:
    """On stderr: `error:` and `hint:`, no usage text, no traceback; stdout stays empty."""
    ran = clinvk("-b", backend, "[[error:401]] hello")
    assert ran.exit_code == 7
    assert ran.stderr.count("error: ") == 1
    assert "hint: sign in" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""


def test_an_unknown_model_is_refused_by_the_agent(clinvk: Command, backend: str) -> None:
    """The agent's refusal of a model is told as such."""
    ran = clinvk("-b", backend, "-m", "no-such-model", "-o", "json", "hello")
    assert (ran.exit_code, ran.json()["error"]["code"]) == (5, "model_unknown")


def test_a_turn_is_stopped_at_its_time_limit(clinvk: Command, backend: str) -> None:
    """`--timeout`: exit 6 soon after, nothing left behind, and the session goes on."""
    started = time.monotonic()
    ran = clinvk("-b", backend, "--timeout", "3s", "-o", "json", "[[hang]] hello")
    assert time.monotonic() - started < 3 + 12
    result = ran.json()
    assert (ran.exit_code, result["error"]["code"]) == (6, "timeout")
    check_home(clinvk.home.clinvk_home)
    again = clinvk("-c", "-o", "json", "hello again").json()
    assert again["exit_status"] == 0, again


def test_silence_is_stopped_at_the_idle_limit(clinvk: Command, backend: str) -> None:
    """`--idle-timeout`: an agent that says nothing more is stopped, exit 6."""
    ran = clinvk("-b", backend, "--idle-timeout", "3s", "-o", "json", "[[hang]] hello")
    assert (ran.exit_code, ran.json()["error"]["code"]) == (6, "idle_timeout")


def test_an_agent_that_is_not_installed_is_said_to_be(clinvk: Command, backend: str) -> None:
    """Exit 5 with how to install it; nothing is recorded."""
    clinvk.home.uninstall(backend)
    ran = clinvk("-b", backend, "hello")
    assert ran.exit_code == 5
    assert "not installed" in ran.stderr
    assert "npm install -g" in ran.stderr
    assert not clinvk.home.clinvk_home.exists()


def test_an_unknown_option_of_the_agent_is_told(clinvk: Command, backend: str) -> None:
    """`--backend-arg` with nonsense: the agent's own words, exit 5."""
    ran = clinvk("-b", backend, "--backend-arg=--flag-of-nobody", "-o", "json", "hello")
    result = ran.json()
    assert (ran.exit_code, result["error"]["code"]) == (5, "option_refused")
    message = result["error"]["message"]
    assert "flag-of-nobody" in message or "printed its usage" in message


def test_an_answer_cut_off_by_the_service_is_a_failure(clinvk: Command, backend: str) -> None:
    """A connection that drops mid-answer is never taken for a whole answer."""
    result = clinvk("-b", backend, "-o", "json", "[[cut]] hello").json()
    assert result["exit_status"] != 0
    assert result["error"]["retryable"]


def test_an_agent_that_answers_and_never_leaves_is_a_good_turn(clinvk: Command) -> None:
    """After its result the agent has some seconds to leave; then it is stopped, and all is well."""
    claude = clinvk.home.bin / "claude"
    real = claude.resolve()
    claude.unlink()
    claude.write_text(f'#!/bin/sh\n"{real}" "$@"\nexec sleep 600\n')
    claude.chmod(0o700)
    started = time.monotonic()
    result = clinvk("-b", "claude", "-o", "json", "hello").json()
    assert time.monotonic() - started < 30
    assert (result["exit_status"], result["error"]) == (0, None)
    assert result["text"].startswith("You said: hello.")
