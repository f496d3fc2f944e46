"""How a turn fails, as data: one table from what happened to what it means for the caller.

The backends name the `FailureCode`; exit status, whether it is worth another try, and the way out
all follow from this one table.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from clinvk.errors import ExitStatus
from clinvk.model.retry_time import Wait, retry_time


class FailureCode(StrEnum):
    """Why a turn failed, the same words for every backend."""

    AGENT_FAILED = "agent_failed"
    AUTH = "auth"
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server_error"
    NETWORK = "network"
    CONTEXT_TOO_LONG = "context_too_long"
    MODEL_UNKNOWN = "model_unknown"
    PROMPT_REFUSED = "prompt_refused"
    OPTION_REFUSED = "option_refused"
    TURN_LIMIT = "turn_limit"
    BUDGET_LIMIT = "budget_limit"
    CONVERSATION_GONE = "conversation_gone"
    CONVERSATION_EXISTS = "conversation_exists"
    CONVERSATION_BUSY = "conversation_busy"
    NO_RESULT = "no_result"
    OUTPUT_TOO_LONG = "output_too_long"
    KILLED = "killed"
    TIMEOUT = "timeout"
    IDLE_TIMEOUT = "idle_timeout"
    NOT_STARTED = "backend_not_startable"
    TOO_OLD = "backend_too_old"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a failure code means to the caller; `what` is for the documentation.

    `docs/errors.md` is written from it: `python -m tools.generate`.
    """

    what: str
    exit_status: ExitStatus
    retryable: bool
    hint: str | None


MEANINGS: dict[FailureCode, Meaning] = {
    FailureCode.AGENT_FAILED: Meaning(
        "the agent failed in a way that nobody knows; its last lines are kept",
        ExitStatus.FAILED,
        False,
        None,
    ),
    FailureCode.AUTH: Meaning(
        "nobody is signed in with the agent, or its key was refused",
        ExitStatus.AUTH,
        False,
        "sign in with the agent's own CLI, or check its API key",
    ),
    FailureCode.RATE_LIMITED: Meaning(
        "too many requests, or the plan's limit for now is used up",
        ExitStatus.UNAVAILABLE,
        True,
        "wait, then try again",
    ),
    FailureCode.OVERLOADED: Meaning(
        "the model's service has no room at the moment",
        ExitStatus.UNAVAILABLE,
        True,
        "wait, then try again",
    ),
    FailureCode.SERVER_ERROR: Meaning(
        "the model's service failed", ExitStatus.FAILED, True, "try again"
    ),
    FailureCode.NETWORK: Meaning(
        "the model's service was not reached, or the connection was lost",
        ExitStatus.FAILED,
        True,
        "check the network, then try again",
    ),
    FailureCode.CONTEXT_TOO_LONG: Meaning(
        "the conversation no longer fits into the model's context",
        ExitStatus.FAILED,
        False,
        "start a new session, or send less",
    ),
    FailureCode.MODEL_UNKNOWN: Meaning(
        "there is no such model, or not for this account",
        ExitStatus.BACKEND,
        False,
        "name another model with `-m`, or leave it out",
    ),
    FailureCode.PROMPT_REFUSED: Meaning(
        "the agent or its model does not take this prompt", ExitStatus.FAILED, False, None
    ),
    FailureCode.OPTION_REFUSED: Meaning(
        "the agent does not take an option, or a value in its configuration",
        ExitStatus.BACKEND,
        False,
        "the agent's own words say which; `--dry-run` shows the command",
    ),
    FailureCode.TURN_LIMIT: Meaning(
        "the agent took as many steps as `--max-turns` allows",
        ExitStatus.LIMIT,
        False,
        "`clinvk -c` goes on; raise `--max-turns`",
    ),
    FailureCode.BUDGET_LIMIT: Meaning(
        "the budget, the credit or the quota of the account is used up",
        ExitStatus.LIMIT,
        False,
        "raise the agent's budget",
    ),
    FailureCode.CONVERSATION_GONE: Meaning(
        "the agent no longer has the conversation",
        ExitStatus.SESSION,
        False,
        "`clinvk resume` with `--if-missing replay` tells a new one the earlier turns, with"
        " `--if-missing new` it begins an empty one",
    ),
    FailureCode.CONVERSATION_EXISTS: Meaning(
        "the agent has a conversation of this id already", ExitStatus.SESSION, False, None
    ),
    FailureCode.CONVERSATION_BUSY: Meaning(
        "something else holds the conversation at the agent",
        ExitStatus.BUSY,
        True,
        "end what holds it (the agent's own screen or server), then try again",
    ),
    FailureCode.NO_RESULT: Meaning(
        "the agent ended without a word on how it went", ExitStatus.FAILED, True, None
    ),
    FailureCode.OUTPUT_TOO_LONG: Meaning(
        "a line of the agent's output was too long, and its answer was lost with the line's end",
        ExitStatus.FAILED,
        False,
        "ask for less in one answer, or for the answer in a file",
    ),
    FailureCode.KILLED: Meaning(
        "the agent was killed by a signal that was not clinvk's",
        ExitStatus.FAILED,
        True,
        "`clinvk -c` goes on",
    ),
    FailureCode.TIMEOUT: Meaning(
        "the turn took longer than `--timeout`",
        ExitStatus.TIMEOUT,
        True,
        "`clinvk -c` goes on; raise `--timeout`",
    ),
    FailureCode.IDLE_TIMEOUT: Meaning(
        "the agent said nothing, or nobody took its output, for longer than `--idle-timeout`",
        ExitStatus.TIMEOUT,
        True,
        "`clinvk -c` goes on; raise `--idle-timeout`",
    ),
    FailureCode.NOT_STARTED: Meaning(
        "the agent's program is there and cannot be started", ExitStatus.BACKEND, False, None
    ),
    FailureCode.TOO_OLD: Meaning(
        "the installed version of the agent is older than clinvk can work with",
        ExitStatus.BACKEND,
        False,
        "update the agent",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a turn failed: `message` is the agent's own words where it had any.

    `detail` keeps the raw tail (the last lines of stderr or of unknown output) for the record.
    `wait` is what a parser was told of when to try again, `retry_at` that moment in UTC: what
    has a clock makes the one of the other.
    """

    code: FailureCode
    message: str
    hint: str | None = None
    detail: str | None = None
    wait: Wait | None = None
    retry_at: datetime | None = None

    def timed(self, now: datetime) -> "Failure":
        """The failure with the moment that its `wait` means; `now` in the agent's time zone."""
        if self.wait is None:
            return self
        return replace(self, wait=None, retry_at=retry_time(self.wait, now))

    @property
    def exit_status(self) -> ExitStatus:
        """The exit status of its kind."""
        return MEANINGS[self.code].exit_status

    @property
    def retryable(self) -> bool:
        """Whether the same prompt may work later."""
        return MEANINGS[self.code].retryable

    @property
    def way_out(self) -> str | None:
        """When to try again if that is known, the failure's own hint, else the one of its kind."""
        if self.retry_at is None:
            return self.hint or MEANINGS[self.code].hint
        again = f"try again after {self.retry_at:%Y-%m-%dT%H:%M:%SZ}"
        return f"{self.hint}, or {again}" if self.hint else again
