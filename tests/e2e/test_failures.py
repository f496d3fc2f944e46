"""How a turn fails, on the real agents: typed, recorded, and the session can go on."""

import json
import re
import signal
import time
from pathlib import Path

import pytest

from bed.agents import Agents
from bed.command import Command
from bed.homes import AgentHome
from bed.mock_model import MockModel
from bed.published import check_home, check_result
from clinvk.agents import registry as backends

STATUS = {
    "401": (7, "auth"),
    "403": (7, "auth"),
    "429": (8, "rate_limited"),
    "500": (1, "server_error"),
    "529": (8, "overloaded"),
}

TOO_LONG = {"codex": "[[fail:context_too_long]]"}
"""Where the service says it in the stream, in place of a refusal."""

WAITS_FOR_NETWORK = {"codex"}

SUMMARIZES = {"kimi", "opencode"}
"""Who makes room for a prompt that is too long, and answers it after all."""

_PATIENCE_S = 300
"""After a 500 Qwen Code asks again for 82 seconds, and Droid for 220, which nothing shortens."""


@pytest.mark.every_agent("429")
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


def test_a_failure_is_one_sentence_with_a_hint(clinvk: Command, backend: str) -> None:
    """On stderr: `error:` and `hint:`, no usage text, no traceback; stdout stays empty."""
    ran = clinvk("-b", backend, "[[error:401]] hello")
    assert ran.exit_code == 7
    assert ran.stderr.count("error: ") == 1
    assert f"hint: sign in: {backends.get(backend).signs_in}, or set `" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""


def test_an_unknown_model_is_refused_by_the_agent(clinvk: Command, backend: str) -> None:
    """The agent's refusal of a model is told as such."""
    ran = clinvk("-b", backend, "-m", "no-such-model", "-o", "json", "hello")
    assert (ran.exit_code, ran.json()["error"]["code"]) == (5, "model_unknown")


@pytest.mark.every_agent
def test_an_agent_without_a_key_is_reported_as_not_signed_in(clinvk: Command, backend: str) -> None:
    """Exit 7, by the agent's own error, or by the service's if the agent sends no key."""
    clinvk.home.sign_out()
    ran = clinvk("-b", backend, "-o", "json", "hello")
    result = ran.json()
    assert (ran.exit_code, result["error"]["code"]) == (7, "auth"), result["error"]
    assert not result["error"]["retryable"]
    assert result["error"]["hint"].startswith("sign in")


@pytest.mark.timeout(2 * _PATIENCE_S)
def test_a_network_that_is_down_is_told_as_such(clinvk: Command, backend: str) -> None:
    """The same prompt may work later; opencode tries for 67 seconds before it says so.

    Who waits for the network says so again and again, which is a sign of life: not the idle limit
    ends it but the total one.
    """
    clinvk.home.lose_network()
    waits = backend in WAITS_FOR_NETWORK
    limits = ("--idle-timeout", "13s", "--timeout", "18s") if waits else ("--timeout", "140s")
    ran = clinvk("-b", backend, *limits, "-o", "json", "hello", timeout_s=_PATIENCE_S)
    error = ran.json()["error"]
    assert error["retryable"]
    if waits:
        assert (ran.exit_code, error["code"]) == (6, "timeout"), error
        assert "waiting for network" in error["message"]
        assert len(ran.json()["warnings"]) >= 2
    else:
        assert (ran.exit_code, error["code"]) == (1, "network"), error


def test_a_conversation_that_is_too_long_has_its_own_code(clinvk: Command, backend: str) -> None:
    """A retry does not help; a new session does."""
    directive = TOO_LONG.get(backend, "[[error:400:context_too_long]]")
    ran = clinvk("-b", backend, "-o", "json", f"{directive} hello")
    result = ran.json()
    error = result["error"]
    if backend in SUMMARIZES:
        assert (ran.exit_code, error) == (0, None)
        assert "the agent summarized the conversation to make room" in result["warnings"]
        return
    assert (ran.exit_code, error["code"], error["retryable"]) == (1, "context_too_long", False)


def test_an_interrupted_turn_is_cancelled_and_no_error(
    clinvk: Command, server: MockModel, backend: str
) -> None:
    """Ctrl-C: exit 130, `error` is null, and the session goes on."""
    child = clinvk.popen("-b", backend, "-o", "json", "[[gate]] hello")
    server.wait_at_gate()
    child.send_signal(signal.SIGINT)
    stdout, _ = child.communicate(timeout=60)
    result = json.loads(stdout)
    assert (child.returncode, result["exit_status"], result["error"]) == (130, 130, None)
    assert result["status"] == "interrupted"
    assert clinvk("-c", "-o", "json", "hello again").json()["exit_status"] == 0


def test_a_retry_notice_is_a_sign_of_life_and_is_shown(
    tmp_path: Path, server: MockModel, agents: Agents
) -> None:
    """An agent that tries again for longer than the idle limit is not stopped, and one sees it."""
    clinvk = Command(AgentHome(tmp_path / "patient", server, agents, retries=8))
    ran = clinvk("-b", "claude", "--idle-timeout", "6s", "[[error:529*4]] hello")
    assert ran.exit_code == 0
    assert "You said: hello." in ran.stdout
    assert len(re.findall(r"the service failed \(529.*trying again in", ran.stderr)) >= 3
    turn = clinvk("sessions", "show", "@last", "--turn", "1", "--json").json()
    assert turn["duration_s"] > 6
    assert "trying again in" in turn["warnings"][0]


@pytest.mark.every_agent
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


@pytest.mark.every_agent
def test_a_missing_agent_is_reported_as_not_installed(clinvk: Command, backend: str) -> None:
    """Exit 5 with how to install it; nothing is recorded."""
    clinvk.home.uninstall(backend)
    ran = clinvk("-b", backend, "hello")
    assert ran.exit_code == 5
    assert "not installed" in ran.stderr
    assert backends.get(backend).install_hint in ran.stderr
    assert not clinvk.home.clinvk_home.exists()


@pytest.mark.every_agent(slow=False)
def test_an_option_that_the_agent_does_not_know_is_reported(clinvk: Command, backend: str) -> None:
    """An invalid `--backend-arg`: the agent's own error, exit 5."""
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
