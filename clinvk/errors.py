"""The expected errors of clinvk.

An expected error is a `ClinvkError`: a stable `code` for programs, one sentence for people, a
`hint` that says what to do, and the exit status of its kind. Any other exception is a bug in
clinvk. An error *inside an agent* is not raised: it is the `Failure` in the turn's outcome
(`model.failure`), because a failed turn is recorded too.

    ClinvkError                     error                       1
    ├ UsageError                    usage                       2
    ├ ConfigError                   config_invalid              3
    ├ SessionError                  session_error               4
    │  ├ SessionNotFoundError       session_not_found
    │  ├ SessionAmbiguousError      session_ambiguous
    │  ├ SessionDamagedError        session_damaged
    │  ├ SessionUnreadableError     session_unreadable
    │  ├ SessionDirectoryError      session_directory_missing
    │  ├ ConversationGoneError      conversation_gone
    │  └ NothingToResumeError       nothing_to_resume
    ├ SessionBusyError              session_busy               75
    ├ StdinTimeoutError             timeout                     6
    ├ StoreError                    store_unusable              1
    │  └ SessionsUnusableError      sessions_unusable           4
    ├ TooDeepError                  too_deep                    9
    └ BackendError                  backend_error               5
       ├ BackendUnknownError        backend_unknown
       ├ BackendNotInstalledError   backend_not_installed
       ├ BackendTooOldError         backend_too_old
       ├ BackendStartError          backend_not_startable
       └ BackendUnsupportedError    backend_unsupported
"""

from collections.abc import Mapping
from enum import IntEnum, unique
from typing import ClassVar


@unique
class ExitStatus(IntEnum):
    """The exit statuses of clinvk. The agent's own exit code is recorded, never used here."""

    OK = 0
    FAILED = 1
    USAGE = 2
    CONFIG = 3
    SESSION = 4
    BACKEND = 5
    TIMEOUT = 6
    AUTH = 7
    UNAVAILABLE = 8
    LIMIT = 9
    BUG = 70
    BUSY = 75
    INTERRUPTED = 130
    OUTPUT_CLOSED = 141
    TERMINATED = 143


class StoppedBySignal(BaseException):
    """A signal arrived while clinvk waited, before it had started anything that needs a stop."""

    def __init__(self, exit_status: ExitStatus) -> None:
        super().__init__(exit_status)
        self.exit_status = exit_status


EXIT_MEANINGS: Mapping[ExitStatus, str] = {
    ExitStatus.OK: "success",
    ExitStatus.FAILED: "the agent ran and failed",
    ExitStatus.USAGE: "wrong usage",
    ExitStatus.CONFIG: "invalid configuration",
    ExitStatus.SESSION: (
        "session: unknown, ambiguous, damaged, nothing to resume, not to be saved, or deleted by"
        " the agent"
    ),
    ExitStatus.BACKEND: "backend: not installed, too old, or without a needed feature",
    ExitStatus.TIMEOUT: "timed out",
    ExitStatus.AUTH: "not signed in, or the key was refused",
    ExitStatus.UNAVAILABLE: "rate limited or overloaded: try again later",
    ExitStatus.LIMIT: "a limit was reached: of steps, of the agent's own budget, of nested runs",
    ExitStatus.BUG: "a bug in clinvk",
    ExitStatus.BUSY: "the session is busy: another run holds it",
    ExitStatus.INTERRUPTED: "interrupted",
    ExitStatus.OUTPUT_CLOSED: "the reader of the output stopped before the turn was complete",
    ExitStatus.TERMINATED: "terminated",
}


class ClinvkError(Exception):
    """An expected error: `message` is one lower-case sentence; `hint` says what to do, or None."""

    code: ClassVar[str] = "error"
    exit_status: ClassVar[ExitStatus] = ExitStatus.FAILED
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(ClinvkError):
    """The command line is wrong."""

    code = "usage"
    exit_status = ExitStatus.USAGE


class ConfigError(ClinvkError):
    """The configuration is invalid; the message names file, line, key and what was expected."""

    code = "config_invalid"
    exit_status = ExitStatus.CONFIG


class SessionError(ClinvkError):
    """A problem with a session."""

    code = "session_error"
    exit_status = ExitStatus.SESSION


class SessionNotFoundError(SessionError):
    """No session matches the reference; the hint has the most similar ones."""

    code = "session_not_found"


class SessionAmbiguousError(SessionError):
    """Several sessions match the reference; the hint lists them."""

    code = "session_ambiguous"


class SessionDamagedError(SessionError):
    """The record is invalid; the message names the file, which is not changed."""

    code = "session_damaged"


class SessionUnreadableError(SessionError):
    """The system could not read a file of the session; its content may be intact."""

    code = "session_unreadable"


class SessionDirectoryError(SessionError):
    """The session's directory does not exist; a turn runs elsewhere only if requested."""

    code = "session_directory_missing"


class ConversationGoneError(SessionError):
    """The agent no longer has the conversation; an empty one is never started instead."""

    code = "conversation_gone"


class NothingToResumeError(SessionError):
    """There is no session to continue."""

    code = "nothing_to_resume"


class SessionBusyError(ClinvkError):
    """Another run holds the session; the message names it."""

    code = "session_busy"
    exit_status = ExitStatus.BUSY
    retryable = True


class StdinTimeoutError(ClinvkError):
    """The prompt on stdin did not end: the writer was silent for too long."""

    code = "timeout"
    exit_status = ExitStatus.TIMEOUT
    retryable = True


class StoreError(ClinvkError):
    """A file of clinvk cannot be written or read; the message names it and the reason."""

    code = "store_unusable"


class SessionsUnusableError(StoreError):
    """The folder of the sessions cannot be read, or a named session cannot be saved in it."""

    code = "sessions_unusable"
    exit_status = ExitStatus.SESSION


class TooDeepError(ClinvkError):
    """Runs inside runs (an agent that calls clinvk) have reached their maximum depth."""

    code = "too_deep"
    exit_status = ExitStatus.LIMIT


class BackendError(ClinvkError):
    """A backend cannot be used."""

    code = "backend_error"
    exit_status = ExitStatus.BACKEND


class BackendUnknownError(BackendError):
    """There is no backend with this name."""

    code = "backend_unknown"


class BackendNotInstalledError(BackendError):
    """The agent's program is not installed; the hint says how to install it."""

    code = "backend_not_installed"


class BackendTooOldError(BackendError):
    """The installed version of the agent is too old; the hint says how to update it."""

    code = "backend_too_old"


class BackendStartError(BackendError):
    """The agent's program is installed but cannot be started."""

    code = "backend_not_startable"


class BackendUnsupportedError(BackendError):
    """The agent does not support what was requested; raised before it is started."""

    code = "backend_unsupported"
