"""Failures: one table from code to meaning."""

import pytest

from clinvk.errors import ExitStatus
from clinvk.model.failure import MEANINGS, Failure, FailureCode


def test_every_code_has_a_meaning() -> None:
    """No code is without an exit status."""
    assert set(MEANINGS) == set(FailureCode)


@pytest.mark.parametrize(
    ("code", "status", "retryable"),
    [
        ("auth", ExitStatus.AUTH, False),
        ("rate_limited", ExitStatus.UNAVAILABLE, True),
        ("overloaded", ExitStatus.UNAVAILABLE, True),
        ("turn_limit", ExitStatus.LIMIT, False),
        ("timeout", ExitStatus.TIMEOUT, True),
        ("idle_timeout", ExitStatus.TIMEOUT, True),
        ("conversation_gone", ExitStatus.SESSION, False),
        ("agent_failed", ExitStatus.FAILED, False),
    ],
)
def test_a_failure_has_the_exit_status_of_its_kind(
    code: str,
    status: ExitStatus,
    retryable: bool,  # noqa: FBT001  a table's column
) -> None:
    """The published exit codes follow from the failure's code."""
    failure = Failure(code=FailureCode(code), message="no")
    assert (failure.exit_status, failure.retryable) == (status, retryable)


def test_a_failures_own_hint_comes_before_the_one_of_its_kind() -> None:
    """The agent's way out is the better one where it gave one."""
    assert Failure(code=FailureCode.AUTH, message="no", hint="log in").way_out == "log in"
    assert Failure(code=FailureCode.AUTH, message="no").way_out == MEANINGS[FailureCode.AUTH].hint
