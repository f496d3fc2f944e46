"""How a turn fails: one table from the failure code to its meaning for the caller.

The backends choose the `FailureCode`; exit status, whether a retry makes sense, and the hint come
from this table.
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from clinvk.errors import ExitStatus
from clinvk.model.retry_time import Wait, retry_time


class FailureCode(StrEnum):
    """Why a turn failed, with the same codes for every backend."""

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
    SCHEMA_MISMATCH = "schema_mismatch"
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


class Meaning(Struct, frozen=True):
    """The meaning of a failure code; `what` is for the documentation.

    `python -m tools.generate` writes it to `docs/errors.md`.
    """

    what: str
    exit_status: ExitStatus
    hint: str | None = None
    retryable: bool = False


_ID = "clinvk resume ID"
_AGAIN = f'continue with `{_ID} "…"`'

MEANINGS: dict[FailureCode, Meaning] = {
    FailureCode.AGENT_FAILED: Meaning(
        "the agent failed for an unknown reason; its last lines are kept", ExitStatus.FAILED
    ),
    FailureCode.AUTH: Meaning(
        "the agent is not signed in, or its key was refused",
        ExitStatus.AUTH,
        "sign in with the agent's own command, which the hint names, or set a valid key",
    ),
    FailureCode.RATE_LIMITED: Meaning(
        "too many requests, or the plan's current limit is used up",
        ExitStatus.UNAVAILABLE,
        "wait, then try again",
        retryable=True,
    ),
    FailureCode.OVERLOADED: Meaning(
        "the model's service is overloaded",
        ExitStatus.UNAVAILABLE,
        "wait, then try again",
        retryable=True,
    ),
    FailureCode.SERVER_ERROR: Meaning(
        "the model's service failed", ExitStatus.FAILED, "try again", retryable=True
    ),
    FailureCode.NETWORK: Meaning(
        "the model's service could not be reached, or the connection was lost",
        ExitStatus.FAILED,
        "check the network, then try again",
        retryable=True,
    ),
    FailureCode.CONTEXT_TOO_LONG: Meaning(
        "the conversation no longer fits into the model's context",
        ExitStatus.FAILED,
        "start a new session, or send less",
    ),
    FailureCode.MODEL_UNKNOWN: Meaning(
        "the model does not exist, or not for this account",
        ExitStatus.BACKEND,
        "choose another model with `-m`, or omit it",
    ),
    FailureCode.PROMPT_REFUSED: Meaning(
        "the agent or its model refused the prompt", ExitStatus.FAILED
    ),
    FailureCode.OPTION_REFUSED: Meaning(
        "the agent refused an option, or a value in its configuration",
        ExitStatus.BACKEND,
        "the agent's message says which; `--dry-run` shows the command",
    ),
    FailureCode.SCHEMA_MISMATCH: Meaning(
        "the answer does not match the JSON Schema of `--schema`",
        ExitStatus.FAILED,
        f"{_AGAIN}, or change the schema",
        retryable=True,
    ),
    FailureCode.TURN_LIMIT: Meaning(
        "the agent took as many steps as `--max-turns` allows",
        ExitStatus.LIMIT,
        f"{_AGAIN}, or raise `--max-turns`",
    ),
    FailureCode.BUDGET_LIMIT: Meaning(
        "the budget, the credit or the quota of the account is used up",
        ExitStatus.LIMIT,
        "raise the agent's own budget, or add credit to the account",
    ),
    FailureCode.CONVERSATION_GONE: Meaning(
        "the agent no longer has the conversation",
        ExitStatus.SESSION,
        '`clinvk resume ID --if-missing replay "…"` starts a new one with the earlier turns,'
        " `--if-missing new` an empty one",
    ),
    FailureCode.CONVERSATION_EXISTS: Meaning(
        "the agent already has a conversation with this id", ExitStatus.SESSION
    ),
    FailureCode.CONVERSATION_BUSY: Meaning(
        "another program uses the agent's conversation",
        ExitStatus.BUSY,
        "stop it (the agent's own screen or server), then try again",
        retryable=True,
    ),
    FailureCode.NO_RESULT: Meaning(
        "the agent ended without a result", ExitStatus.FAILED, retryable=True
    ),
    FailureCode.OUTPUT_TOO_LONG: Meaning(
        "a line of the agent's output was too long, and the answer in it was lost",
        ExitStatus.FAILED,
        "ask for a shorter answer, or for the answer in a file",
    ),
    FailureCode.KILLED: Meaning(
        "the agent was killed by a signal that clinvk did not send",
        ExitStatus.FAILED,
        _AGAIN,
        retryable=True,
    ),
    FailureCode.TIMEOUT: Meaning(
        "the turn took longer than `--timeout`",
        ExitStatus.TIMEOUT,
        f"{_AGAIN}, or raise `--timeout`",
        retryable=True,
    ),
    FailureCode.IDLE_TIMEOUT: Meaning(
        "the agent printed nothing, or its output was not read, for longer than `--idle-timeout`",
        ExitStatus.TIMEOUT,
        f"{_AGAIN}, or raise `--idle-timeout`",
        retryable=True,
    ),
    FailureCode.NOT_STARTED: Meaning(
        "the agent's program is installed but cannot be started", ExitStatus.BACKEND
    ),
    FailureCode.TOO_OLD: Meaning(
        "the installed version of the agent is too old for clinvk",
        ExitStatus.BACKEND,
        "update the agent",
    ),
}


class Failure(Struct, frozen=True, kw_only=True):
    """Why a turn failed; `message` is the agent's own text if it has one.

    `detail` keeps the last lines of stderr or of unknown output for the record. `wait` is the
    parsed time to try again, `retry_at` the same in UTC; `timed` converts it with a clock.
    """

    code: FailureCode
    message: str
    hint: str | None = None
    detail: str | None = None
    wait: Wait | None = None
    retry_at: datetime | None = None

    def timed(self, now: datetime) -> "Failure":
        """The failure with `retry_at` from its `wait`; `now` is in the agent's time zone."""
        if self.wait is None:
            return self
        return replace(self, wait=None, retry_at=retry_time(self.wait, now))

    @property
    def exit_status(self) -> ExitStatus:
        """The exit status of this failure code."""
        return MEANINGS[self.code].exit_status

    @property
    def retryable(self) -> bool:
        """Whether the same prompt may work later."""
        return MEANINGS[self.code].retryable

    def way_out_of(self, session_id: str | None) -> str | None:
        """The hint with the session's id in its commands; without a session, only the rest."""
        hint = self.way_out
        if hint is None or session_id is not None:
            return hint and hint.replace(_ID, f"clinvk resume {session_id}")
        return hint.removeprefix(_AGAIN).removeprefix(", or ") or None

    @property
    def way_out(self) -> str | None:
        """The hint: when to try again if known, and the failure's own hint or that of its code."""
        if self.retry_at is None:
            return self.hint or MEANINGS[self.code].hint
        again = f"try again after {self.retry_at:%Y-%m-%dT%H:%M:%SZ}"
        return f"{self.hint}, or {again}" if self.hint else again
