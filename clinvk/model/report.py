"""The report of a finished run: the object of `-o json`, the same for every backend."""

from datetime import datetime

from msgspec import Struct

from clinvk.errors import ClinvkError, ExitStatus
from clinvk.model.failure import Failure
from clinvk.model.outcome import NO_OUTCOME, Outcome
from clinvk.model.session import Status

REPORT_SCHEMA = 1

MOST_WARNINGS = 1_000
"""Maximum number of warnings in a report; the transcript has all of them."""

_LONGEST_WARNING = 2_000


def short_warning(message: str) -> str:
    """The warning, cut to the maximum length in a report."""
    cut = len(message) > _LONGEST_WARNING
    return f"{message[: _LONGEST_WARNING - 1]}…" if cut else message


class ErrorReport(Struct, frozen=True, kw_only=True):
    """A failure for programs: a stable code, a sentence, a hint, and when to try again."""

    code: str
    message: str
    hint: str | None
    retryable: bool
    retry_at: datetime | None = None

    @classmethod
    def of_error(cls, error: ClinvkError) -> "ErrorReport":
        """The report of an error of clinvk."""
        return cls(
            code=error.code, message=error.message, hint=error.hint, retryable=error.retryable
        )

    @classmethod
    def of_failure(cls, failure: Failure, session_id: str | None) -> "ErrorReport":
        """The report of a failure of the agent in the turn of a session."""
        return cls(
            code=failure.code.value,
            message=failure.message,
            hint=failure.way_out_of(session_id),
            retryable=failure.retryable,
            retry_at=failure.retry_at,
        )


class TurnStart(Struct, frozen=True, kw_only=True):
    """What is known when a turn starts; `session_id` is None if nothing is recorded.

    `created` tells a person that the session of a name is a new one.
    """

    session_id: str | None
    title: str
    backend: str
    model: str | None
    cwd: str
    turn: int
    resumed: bool
    created: str | None = None


class RunReport(Struct, frozen=True, kw_only=True):
    """One run, successful or failed.

    `session_id` is clinvk's, and None if nothing was recorded. `backend_session_id` and `model` are
    the session's if the turn's outcome does not have them. `status` is the session's status
    afterwards; for an ephemeral run the one that it would have. `error` is the outcome's failure,
    or what prevented the turn.
    """

    exit_status: ExitStatus
    session_id: str | None = None
    name: str | None = None
    title: str | None = None
    backend: str | None = None
    backend_session_id: str | None = None
    model: str | None = None
    cwd: str | None = None
    turn: int | None = None
    resumed: bool = False
    status: Status | None = None
    outcome: Outcome = NO_OUTCOME
    error: ErrorReport | None = None
