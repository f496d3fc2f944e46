"""Classifies failures by HTTP status and by phrases that services and parsers have in common.

Phrases of a single agent are in that agent's own file.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from clinvk.agents.kit.retry_time import wait_in
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.retry_time import Wait

if TYPE_CHECKING:
    from clinvk.agents.kit.stderr_errors import ErrorLine

Words = Sequence[tuple[str, FailureCode]]
"""Regular expressions, tried in order, with the meaning of a match."""

COMMON_WORDS: Words = (
    (
        (
            r"\bprompt is too long\b|\bcontext_length_exceeded\b|\bmaximum context length\b"
            r"|\b(?:exceeds?|exceeded|over|out of room in|too (?:long|large|big) for)\b"
            r".{0,40}\bcontext (?:window|length|limit)\b(?! of (?:worker|thread))"
            r"|\binput (?:exceeds the maximum length|is too long)\b"
        ),
        FailureCode.CONTEXT_TOO_LONG,
    ),
    (
        (
            r"\bcredit balance\b|\binsufficient[ _](?:quota|credits?|funds|balance)\b"
            r"|(?<!\bdisk )\bquota exceeded\b|\bexceeded your (?:current|monthly) quota\b"
            r"|\bbilling[ _](?:error|(?:hard )?limit|details|issue)\b|\bpayment required\b"
        ),
        FailureCode.BUDGET_LIMIT,
    ),
    (
        (
            r"\bnot (?:logged|signed) in\b|\blog ?in again\b"
            r"|\bplease (?:run /login|log ?in|sign in)\b"
            r"|\b(?:invalid|incorrect|missing|no|wrong|expired|revoked) (?:\S+ )?api[ -]?key\b"
            r"|(?:\b|_)api[ _-]?keys?\b.{0,20}"
            r"\b(?:not|missing|invalid|required|expired|revoked|unset)\b"
            r"|\bauthentication(?:[ _](?:error|failed|failure|required)| is required)\b"
            r"|\b(?:failed|unable) to authenticate\b|\bnot authenticated\b|\bunauthenticated\b"
            r"|\bunauthorized\b|\b(?:oauth|access|refresh|session) token (?:has |is )?expired\b"
        ),
        FailureCode.AUTH,
    ),
    (
        (
            r"\boverloaded(?:_error)?\b(?! (?:function|method|operator|constructor|signature))"
            r"|\bat capacity\b|\b503 service unavailable\b"
        ),
        FailureCode.OVERLOADED,
    ),
    (
        (
            r"\brate[ _-]?limit(?:s|ed|ing|_error|_exceeded)?\b|\btoo many requests\b"
            r"|\busage limit\b|\b(?:hour|day|daily|week|weekly|month|monthly|message|request|token"
            r"|session|plan|opus|sonnet) limit (?:was |has been |is )?reached\b(?! for)"
            r"|^limit reached\b"
            r"|\b(?:hit|reached) your (?:\S+ ){0,2}limit\b"
        ),
        FailureCode.RATE_LIMITED,
    ),
    (
        (
            r"\bmodels?\b[:/ ]*(?!(?:file|class|module|folder|directory|schema|path)\b)\S{0,80} ?"
            r"\b(?:(?:is |was )?not found|(?:does |do )?not exist|is not supported)\b"
            r"|\bmodel_not_found\b|\bissue with the selected model\b|\b(?:unknown|no such) model\b"
        ),
        FailureCode.MODEL_UNKNOWN,
    ),
    (
        (
            r"\bunable to connect\b|\bconnection (?:refused|failed|error|reset|dropped|timed out)\b"
            r"|\bE(?:CONN(?:REFUSED|RESET|ABORTED)|NOTFOUND|TIMEDOUT|AI_AGAIN|HOSTUNREACH|NETUNREACH)\b"
            r"|\berror sending request\b|\bstream disconnected\b|\bnetwork error\b|\bdns error\b"
            r"|\bfetch failed\b|\bgetaddrinfo\b|\bsocket hang up\b|\bUND_ERR_[A-Z_]+\b"
            r"|\brequest timed out\b|\bcertificate has expired\b"
            r"|\bself[- ]signed certificate\b|\bunable to (?:get|verify) .{0,30}\bcertificate\b"
        ),
        FailureCode.NETWORK,
    ),
    (
        (
            r"\bunknown option\b|\bunexpected argument\b|\bunrecognized (?:option|argument)s?\b"
            r"|\bargument missing\b|\binvalid value .* for '"
            r"|\boption '.*' argument '.*' is invalid\b"
        ),
        FailureCode.OPTION_REFUSED,
    ),
)
"""What an agent itself says about the service, its account or the command line.

Each phrase is long enough not to match the name of a file, a module or a piece of code.
"""

_LOCAL_ERROR = re.compile(
    r"\b(?:EACCES|EPERM|EROFS|ENOENT|ENOTDIR|EISDIR|ENOTEMPTY|EEXIST|EXDEV|ELOOP|EBUSY|ENOSPC|EDQUOT"
    r"|EMFILE|ENFILE|ENOMEM|E2BIG|ENOEXEC|EPIPE|ENAMETOOLONG)\b"
    r"|\b(?:ERR_)?MODULE_NOT_FOUND\b|\bERR_(?:UNKNOWN_FILE_EXTENSION|REQUIRE_ESM|INVALID_\w+"
    r"|PACKAGE_\w+|UNSUPPORTED_\w+|ASSERTION|DLOPEN_FAILED)\b"
    r"|\bCannot find (?:module|package)\b|\b[Mm]odule not found\b|\bcommand not found\b"
    r"|\bNo such file or directory\b|\bNo module named\b|\bwatchers? (?:limit )?reached\b"
    r"|\b(?:ModuleNotFound|Import|Syntax|Name|Attribute|Reference|Key|Index|Assertion|FileNotFound"
    r"|IsADirectory|NotADirectory|Permission|UnicodeDecode|JSONDecode|Recursion|Memory)Error\b"
    r"|\bdoes not provide an export\b|^thread '.*' panicked at |^panic: |^error\[E\d+\]"
)
"""An error of this machine or of a program's own code, whatever else the text mentions."""

_WORD = re.compile(r"[^\s'\"`(),<>]+")
_FILE = re.compile(
    r"\.(?:[cm]?[jt]sx?|py|rs|go|java|rb|sh|c|h|cpp|json[lc]?|ya?ml|toml|md|txt|lock|log|so|db|sqlite)"
    r"(?::\d+)*[.:;]?$"
)

_TEMPORARY = frozenset(
    {
        FailureCode.RATE_LIMITED,
        FailureCode.OVERLOADED,
        FailureCode.BUDGET_LIMIT,
        FailureCode.SERVER_ERROR,
    }
)
"""Failures for which a service says when to try again."""

_BILLING_HINT = "check the plan and the billing of the agent's account"
_USAGE = re.compile(r"^ +(-\w, )?--[\w-]+ .*\[(boolean|string|array|number)\]", re.MULTILINE)
"""The list of options that a program prints when it cannot parse its command line."""

_NO_NOISE = r"(?!)"

_STOPPED_BY_SIGNAL = range(129, 160)
"""Exit codes that name the signal that ended the program: 128 plus the signal's number."""

_CRASH_SIGNALS = frozenset({4, 5, 6, 7, 8, 11})
"""Signals that a program causes itself, such as SIGABRT: its last words explain them."""


def code_of_status(status: int | None) -> FailureCode | None:
    """The meaning of an HTTP status, None for one like 400 that has no single meaning."""
    if status in (401, 403):
        return FailureCode.AUTH
    if status == 413:
        return FailureCode.CONTEXT_TOO_LONG
    if status == 429:
        return FailureCode.RATE_LIMITED
    if status in (503, 529):
        return FailureCode.OVERLOADED
    if status is not None and 500 <= status < 600:
        return FailureCode.SERVER_ERROR
    return None


def code_of_words(message: str, own: Words) -> FailureCode | None:
    """The meaning of a text: by the agent's `own` phrases first, then by the common ones.

    File names and errors of this machine say nothing about the service.
    """
    message = message[:10_000]
    if (code := _first(message, own)) is not None:
        return code
    return (
        None
        if _LOCAL_ERROR.search(message)
        else _first(_WORD.sub(_unless_path, message), COMMON_WORDS)
    )


def _first(message: str, words: Words) -> FailureCode | None:
    return next(
        (code for pattern, code in words if re.search(pattern, message, re.IGNORECASE)), None
    )


def _unless_path(found: re.Match[str]) -> str:
    """The word, or `…` if it is the path of a file or a URL."""
    word = found[0]
    depth = word.count("/") + word.count("\\")
    near = depth and word.startswith((".", "~/", "@", "node:"))
    return "…" if depth > 1 or near or "://" in word or _FILE.search(word) else word


def without_conversation_gone(words: Words) -> Words:
    """The phrases without those for a conversation that is gone.

    For texts that the agent did not write: a service has sessions and threads of its own.
    """
    return [(pattern, code) for pattern, code in words if code is not FailureCode.CONVERSATION_GONE]


def failure(
    code: FailureCode,
    message: str,
    *,
    detail: str | None = None,
    service_text: str | None = None,
    wait: Wait | None = None,
) -> Failure:
    """The failure, with its own hint if the default hint of its code would mislead.

    When to try again is `wait`, else it is read from `service_text`, all the text of the service
    (None: the message).
    """
    billing = code is FailureCode.BUDGET_LIMIT and re.search(
        "credit|quota|billing", message, re.IGNORECASE
    )
    return Failure(
        code=code,
        message=message,
        hint=_BILLING_HINT if billing else None,
        detail=detail or None,
        wait=(wait or wait_in(message if service_text is None else service_text))
        if code in _TEMPORARY
        else None,
    )


def failure_at_exit(
    exit_code: int | None, stderr_tail: str, own: Words = (), noise: str = _NO_NOISE
) -> Failure:
    """Why a child ended without a result: from its last words, else from how it ended.

    `own` are the agent's phrases, tried before the common ones. Lines of stderr that match `noise`
    explain nothing.
    """
    from clinvk.agents.kit.stderr_errors import error_lines

    if exit_code is None:
        return failure(FailureCode.KILLED, "the agent was stopped", detail=stderr_tail)
    errors = error_lines(stderr_tail, noise)
    code, message = (
        _of_signal(exit_code, errors)
        or _of_usage(exit_code, stderr_tail, errors)
        or _of_error_lines(errors, own)
        or _of_exit(exit_code, errors)
    )
    service_text = "\n".join(one.text for one in errors)
    return failure(code, message, detail=stderr_tail, service_text=service_text)


_Classified = tuple[FailureCode, str]


def _of_signal(exit_code: int, errors: Sequence["ErrorLine"]) -> _Classified | None:
    if exit_code >= 0 and exit_code not in _STOPPED_BY_SIGNAL:
        return None
    number = -exit_code if exit_code < 0 else exit_code - 128
    message = f"the agent was stopped by signal {number}"
    if errors and errors[0].certain and number in _CRASH_SIGNALS:
        message += f": {errors[0].text}"
    return FailureCode.KILLED, message


def _of_usage(
    exit_code: int, stderr_tail: str, errors: Sequence["ErrorLine"]
) -> _Classified | None:
    if not exit_code or not _USAGE.search(stderr_tail[:10_000]):
        return None
    # The list is longer than the part of stderr that is kept, so the actual error may be lost.
    complaints = (one.text for one in errors if re.match("unknown arg", one.text, re.IGNORECASE))
    usage = "the agent could not parse its command line and printed its usage"
    return FailureCode.OPTION_REFUSED, next(complaints, usage)


def _of_error_lines(errors: Sequence["ErrorLine"], own: Words) -> _Classified | None:
    """The meaning of the best statement, else of a phrase of this agent: others may be a tool's."""
    if errors and (code := code_of_words(errors[0].text, own)):
        return code, errors[0].text
    judged = ((_first(other.text, own), other.text) for other in errors[1:])
    return next(((code, text) for code, text in judged if code), None)


def _of_exit(exit_code: int, errors: Sequence["ErrorLine"]) -> _Classified:
    if exit_code == 0:
        return FailureCode.NO_RESULT, "the agent ended without a result"
    silent = f"the agent exited with {exit_code} and did not say why"
    return FailureCode.AGENT_FAILED, errors[0].text if errors else silent
