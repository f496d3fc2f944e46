"""Everything that may go wrong on purpose, as values.

An expected failure is a `ClinvkError`: a stable `code` for programs, one sentence for people, a
`hint` with the way out, and the exit status of its kind. Whatever else is raised is a bug in
clinvk. What went wrong *inside an agent* is not raised at all: it is the `Failure` of the turn's
result (`model.failure`), because a failed turn is a recorded turn.

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
    ├ TooDeepError                  too_deep                    9
    └ BackendError                  backend_error               5
       ├ BackendUnknownError        backend_unknown
       ├ BackendNotInstalledError   backend_not_installed
       ├ BackendStartError          backend_not_startable
       └ BackendUnsupportedError    backend_unsupported
"""

from collections.abc import Mapping
from enum import IntEnum, unique
from typing import ClassVar


@unique
class ExitStatus(IntEnum):
    """What the shell sees. The agent's own exit code is recorded, never passed on."""

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
    """A signal came while clinvk waited, before anything was begun that could be stopped."""

    def __init__(self, exit_status: ExitStatus) -> None:
        super().__init__(exit_status)
        self.exit_status = exit_status


EXIT_MEANINGS: Mapping[ExitStatus, str] = {
    ExitStatus.OK: "the turn ended well",
    ExitStatus.FAILED: "the agent ran and failed",
    ExitStatus.USAGE: "wrong usage",
    ExitStatus.CONFIG: "invalid configuration",
    ExitStatus.SESSION: (
        "session: unknown, ambiguous, damaged, nothing to resume, or gone at the agent"
    ),
    ExitStatus.BACKEND: "backend: not installed, too old, or it cannot do what was asked",
    ExitStatus.TIMEOUT: "timed out",
    ExitStatus.AUTH: "not signed in, or the key was refused",
    ExitStatus.UNAVAILABLE: "rate limited or overloaded: try again later",
    ExitStatus.LIMIT: "a limit was reached: of turns, of budget, of runs inside runs",
    ExitStatus.BUG: "a bug in clinvk",
    ExitStatus.BUSY: "the session is busy: another run holds it",
    ExitStatus.INTERRUPTED: "interrupted",
    ExitStatus.OUTPUT_CLOSED: "whoever read the output left before the turn was complete",
    ExitStatus.TERMINATED: "terminated",
}


class ClinvkError(Exception):
    """An expected failure: `message` is one lower-case sentence, `hint` the way out or None."""

    code: ClassVar[str] = "error"
    exit_status: ClassVar[ExitStatus] = ExitStatus.FAILED
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(ClinvkError):
    """The words of the command line are off."""

    code = "usage"
    exit_status = ExitStatus.USAGE


class ConfigError(ClinvkError):
    """The configuration is invalid; the message names file, line, key and what was expected."""

    code = "config_invalid"
    exit_status = ExitStatus.CONFIG


class SessionError(ClinvkError):
    """Something about a session stands in the way."""

    code = "session_error"
    exit_status = ExitStatus.SESSION


class SessionNotFoundError(SessionError):
    """No session answers to the reference; the hint has the nearest ones."""

    code = "session_not_found"


class SessionAmbiguousError(SessionError):
    """Several sessions answer to the reference; the hint lists them."""

    code = "session_ambiguous"


class SessionDamagedError(SessionError):
    """The record makes no sense; the message names the file, which is left as it is."""

    code = "session_damaged"


class SessionUnreadableError(SessionError):
    """The system refused to read a file of the session, which says nothing about what is in it."""

    code = "session_unreadable"


class SessionDirectoryError(SessionError):
    """The session's own directory is gone, and a turn never runs elsewhere unasked."""

    code = "session_directory_missing"


class ConversationGoneError(SessionError):
    """The agent no longer has the conversation, and an empty one is never started instead."""

    code = "conversation_gone"


class NothingToResumeError(SessionError):
    """There is no session to go on with."""

    code = "nothing_to_resume"


class SessionBusyError(ClinvkError):
    """Another run holds the session; the message names it."""

    code = "session_busy"
    exit_status = ExitStatus.BUSY
    retryable = True


class StdinTimeoutError(ClinvkError):
    """The prompt never came to its end: whoever writes to our stdin was silent too long."""

    code = "timeout"
    exit_status = ExitStatus.TIMEOUT
    retryable = True


class StoreError(ClinvkError):
    """A file of ours cannot be written or read; the message names it and the reason."""

    code = "store_unusable"


class TooDeepError(ClinvkError):
    """Agents that call clinvk that starts agents have gone as deep as they may."""

    code = "too_deep"
    exit_status = ExitStatus.LIMIT


class BackendError(ClinvkError):
    """A backend cannot serve."""

    code = "backend_error"
    exit_status = ExitStatus.BACKEND


class BackendUnknownError(BackendError):
    """There is no backend of that name."""

    code = "backend_unknown"


class BackendNotInstalledError(BackendError):
    """The agent's program is not on this machine; the hint says how to install it."""

    code = "backend_not_installed"


class BackendStartError(BackendError):
    """The agent's program is there and cannot be started."""

    code = "backend_not_startable"


class BackendUnsupportedError(BackendError):
    """The agent cannot do what was asked; said before it is started."""

    code = "backend_unsupported"
