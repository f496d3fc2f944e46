"""How a turn fails, as data: one table from what happened to what it means for the caller.

The backends name the `FailureCode`; exit status, whether it is worth another try, and the way out
all follow from this one table.
"""

from dataclasses import dataclass
from enum import StrEnum

from clinvk.errors import ExitStatus


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
    KILLED = "killed"
    TIMEOUT = "timeout"
    IDLE_TIMEOUT = "idle_timeout"
    NOT_STARTED = "backend_not_startable"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a failure code means to the caller."""

    exit_status: ExitStatus
    retryable: bool
    hint: str | None


MEANINGS: dict[FailureCode, Meaning] = {
    FailureCode.AGENT_FAILED: Meaning(ExitStatus.FAILED, False, None),
    FailureCode.AUTH: Meaning(
        ExitStatus.AUTH, False, "sign in with the agent's own CLI, or check its API key"
    ),
    FailureCode.RATE_LIMITED: Meaning(ExitStatus.UNAVAILABLE, True, "wait, then try again"),
    FailureCode.OVERLOADED: Meaning(ExitStatus.UNAVAILABLE, True, "wait, then try again"),
    FailureCode.SERVER_ERROR: Meaning(ExitStatus.FAILED, True, "try again"),
    FailureCode.NETWORK: Meaning(ExitStatus.FAILED, True, "check the network, then try again"),
    FailureCode.CONTEXT_TOO_LONG: Meaning(
        ExitStatus.FAILED, False, "start a new session, or send less"
    ),
    FailureCode.MODEL_UNKNOWN: Meaning(
        ExitStatus.BACKEND, False, "name another model with `-m`, or leave it out"
    ),
    FailureCode.PROMPT_REFUSED: Meaning(ExitStatus.FAILED, False, None),
    FailureCode.OPTION_REFUSED: Meaning(
        ExitStatus.BACKEND, False, "the agent's own words say which; `--dry-run` shows the command"
    ),
    FailureCode.TURN_LIMIT: Meaning(
        ExitStatus.LIMIT, False, "`clinvk -c` goes on; raise `--max-turns`"
    ),
    FailureCode.BUDGET_LIMIT: Meaning(ExitStatus.LIMIT, False, "raise the agent's budget"),
    FailureCode.CONVERSATION_GONE: Meaning(
        ExitStatus.SESSION,
        False,
        "`clinvk resume` with `--if-missing replay` tells a new one the earlier turns, with"
        " `--if-missing new` it begins an empty one",
    ),
    FailureCode.CONVERSATION_EXISTS: Meaning(ExitStatus.SESSION, False, None),
    FailureCode.CONVERSATION_BUSY: Meaning(
        ExitStatus.BUSY,
        True,
        "end what holds it (the agent's own screen or server), then try again",
    ),
    FailureCode.NO_RESULT: Meaning(ExitStatus.FAILED, True, None),
    FailureCode.KILLED: Meaning(ExitStatus.FAILED, True, "`clinvk -c` goes on"),
    FailureCode.TIMEOUT: Meaning(
        ExitStatus.TIMEOUT, True, "`clinvk -c` goes on; raise `--timeout`"
    ),
    FailureCode.IDLE_TIMEOUT: Meaning(
        ExitStatus.TIMEOUT, True, "`clinvk -c` goes on; raise `--idle-timeout`"
    ),
    FailureCode.NOT_STARTED: Meaning(ExitStatus.BACKEND, False, None),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a turn failed: `message` is the agent's own words where it had any.

    `detail` keeps the raw tail (the last lines of stderr or of unknown output) for the record.
    """

    code: FailureCode
    message: str
    hint: str | None = None
    detail: str | None = None

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
        """The failure's own hint, else the one of its kind."""
        return self.hint or MEANINGS[self.code].hint
