"""What a failure means, from its HTTP status and from words that services and parsers share.

What only one agent says stands in that agent's own file.
"""

import re
from collections.abc import Sequence

from clinvk.model.failure import Failure, FailureCode

Words = Sequence[tuple[str, FailureCode]]
"""Regular expressions, tried in order, with what a match means."""

COMMON_WORDS: Words = (
    (
        (
            r"prompt is too long|context window|context_length_exceeded|maximum context length"
            r"|input exceeds the maximum length"
        ),
        FailureCode.CONTEXT_TOO_LONG,
    ),
    (
        r"credit balance|insufficient_quota|quota exceeded|exceeded your current quota|billing",
        FailureCode.BUDGET_LIMIT,
    ),
    (
        (
            r"not logged in|log ?in again|please run /login|invalid api key|incorrect api key"
            r"|authentication|unauthorized|api key"
        ),
        FailureCode.AUTH,
    ),
    (r"overloaded|at capacity", FailureCode.OVERLOADED),
    (r"rate.?limit|too many requests|usage limit|limit reached", FailureCode.RATE_LIMITED),
    (
        (
            r"model.{0,80}(does not exist|not exist|not found|is not supported)|model_not_found"
            r"|issue with the selected model"
        ),
        FailureCode.MODEL_UNKNOWN,
    ),
    (
        (
            r"unable to connect|connection (refused|failed|error|reset)|econnre|enotfound|etimedout"
            r"|error sending request|stream disconnected|network error|dns error|fetch failed"
        ),
        FailureCode.NETWORK,
    ),
    (
        (
            r"unknown option|unexpected argument|unrecognized (option|argument)|argument missing"
            r"|invalid value .* for '|option '.*' argument '.*' is invalid"
        ),
        FailureCode.OPTION_REFUSED,
    ),
)

_BILLING_HINT = "check the plan and the billing of the agent's account"
_USAGE = re.compile(r"^ +(-\w, )?--[\w-]+ .*\[(boolean|string|array|number)\]", re.MULTILINE)
"""The list of options that a program prints when it does not understand its command line."""

_STOPPED_BY_SIGNAL = range(129, 160)
"""Exit codes by which a program says which signal ended it: 128 and the signal's number."""


def code_of_status(status: int | None) -> FailureCode | None:
    """What an HTTP status says by itself; 400 and the like say nothing."""
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


def code_of_words(said: str, own: Words) -> FailureCode | None:
    """What the words say: the agent's `own` first, then those that all share."""
    for pattern, code in (*own, *COMMON_WORDS):
        if re.search(pattern, said[:10_000], re.IGNORECASE):
            return code
    return None


def failure(code: FailureCode, message: str, *, detail: str | None = None) -> Failure:
    """The failure, with a hint of its own where its kind's would mislead."""
    billing = code is FailureCode.BUDGET_LIMIT and re.search(
        "credit|quota|billing", message, re.IGNORECASE
    )
    return Failure(
        code=code,
        message=message,
        hint=_BILLING_HINT if billing else None,
        detail=detail or None,
    )


def failure_of_end(exit_code: int | None, stderr_tail: str, own: Words, noise: str) -> Failure:
    """Why a child ended that gave no result: from its last words, else from how it ended.

    Lines of stderr that match `noise` are no explanation.
    """
    spoken = [
        line.strip()
        for line in stderr_tail.splitlines()
        if line.strip() and not re.search(noise, line)
    ]
    said = "\n".join(spoken)
    if exit_code is None:
        return failure(FailureCode.KILLED, "the agent was stopped", detail=stderr_tail)
    if exit_code < 0 or exit_code in _STOPPED_BY_SIGNAL:
        number = -exit_code if exit_code < 0 else exit_code - 128
        message = f"the agent was stopped by signal {number}"
        return failure(FailureCode.KILLED, message, detail=stderr_tail)
    if exit_code and _USAGE.search(stderr_tail[:10_000]):
        # The list is longer than what is kept of stderr: what it complained of may be lost.
        why = next((line for line in spoken if re.match("unknown arg", line, re.IGNORECASE)), None)
        message = why or "the agent did not understand its command line, and printed its usage"
        return failure(FailureCode.OPTION_REFUSED, message, detail=stderr_tail)
    if code := code_of_words(said, own):
        return failure(code, _telling(spoken, own), detail=stderr_tail)
    if exit_code == 0:
        message = "the agent ended without a result"
        return failure(FailureCode.NO_RESULT, message, detail=stderr_tail)
    last = spoken[-1] if spoken else f"the agent exited with {exit_code} and did not say why"
    return failure(FailureCode.AGENT_FAILED, last, detail=stderr_tail)


def _telling(lines: Sequence[str], own: Words) -> str:
    """The line that made the difference."""
    return next((line for line in lines if code_of_words(line, own)), lines[-1])
