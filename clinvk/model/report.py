"""What a finished run tells its caller: the object of `-o json`, the same for every backend."""

from dataclasses import dataclass
from datetime import datetime

from clinvk.errors import ClinvkError, ExitStatus
from clinvk.model.events import Json
from clinvk.model.failure import Failure
from clinvk.model.files import FileReport
from clinvk.model.session import Status
from clinvk.model.usage import UNKNOWN_USAGE, Usage

REPORT_SCHEMA = 1

MOST_WARNINGS = 1_000
"""What a report repeats of an agent that warns for ever; the transcript has all of it."""

_LONGEST_WARNING = 2_000


def short_warning(message: str) -> str:
    """The warning as a report has it."""
    cut = len(message) > _LONGEST_WARNING
    return f"{message[: _LONGEST_WARNING - 1]}…" if cut else message


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorReport:
    """A failure for programs: a stable code, a sentence, the way out, when to try again."""

    code: str
    message: str
    hint: str | None
    retryable: bool
    retry_at: datetime | None = None

    @classmethod
    def of_error(cls, error: ClinvkError) -> "ErrorReport":
        """The report of a failure of ours."""
        return cls(
            code=error.code, message=error.message, hint=error.hint, retryable=error.retryable
        )

    @classmethod
    def of_failure(cls, failure: Failure) -> "ErrorReport":
        """The report of a failure of the agent's."""
        return cls(
            code=failure.code.value,
            message=failure.message,
            hint=failure.way_out,
            retryable=failure.retryable,
            retry_at=failure.retry_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnStart:
    """What is known when a turn begins; `session_id` is None when nothing is recorded."""

    session_id: str | None
    title: str
    backend: str
    model: str | None
    cwd: str
    turn: int
    resumed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """One run, on success and on failure.

    `text` is the turn's final answer, `structured` its value if it was held to a JSON Schema;
    `usage` and `cost_usd` are this turn's own, and unknown figures are None. `session_id` is
    clinvk's and None when nothing was recorded. `status` is the session's afterwards; for an
    ephemeral run the one it would have had.
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
    text: str = ""
    structured: Json = None
    usage: Usage = UNKNOWN_USAGE
    cost_usd: float | None = None
    duration_s: float = 0.0
    files: tuple[FileReport, ...] = ()
    warnings: tuple[str, ...] = ()
    error: ErrorReport | None = None
