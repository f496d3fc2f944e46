"""How gemini reports failures; loaded once the agent is running."""

from clinvk.agents.gemini.flat_events import Dialect
from clinvk.agents.kit.failures import Words
from clinvk.model.failure import FailureCode

_UNTRUSTED = "not running in a trusted directory"
_UNTRUSTED_HINT = (
    "trust the directory in the agent's own screen, or add `--backend-arg=--skip-trust`"
)
_WORDS: Words = (
    (
        (
            # With an errno, the file could not be read at the moment, and may still exist.
            r"(?m)^(error: )?(error resuming session: (?!E[A-Z]{3,}\b)|no previous sessions found"
            r"|no sessions found for this project|invalid session identifier|session not found\b)"
        ),
        FailureCode.CONVERSATION_GONE,
    ),
    (r"session id .{0,60} already exists", FailureCode.CONVERSATION_EXISTS),
    (rf"{_UNTRUSTED}|^unknown argument|^invalid values", FailureCode.OPTION_REFUSED),
    (r"no input provided", FailureCode.PROMPT_REFUSED),
    (r"response was blocked", FailureCode.PROMPT_REFUSED),
    (
        r"\b(?:set an|invalid) auth method\b|\bspecify the \w+ environment variable\b",
        FailureCode.AUTH,
    ),
    (r"exceeds the maximum number of tokens", FailureCode.CONTEXT_TOO_LONG),
    (r"maximum session turns|max session turns", FailureCode.TURN_LIMIT),
    # The limit per minute of its free tier is worded like a limit of the account.
    (
        (
            r"\b(?:has been|quota|resource)[ _]exhausted\b|\bexhausted your\b"
            r"|\byour current quota\b|\bquota exceeded for\b"
        ),
        FailureCode.RATE_LIMITED,
    ),
    (r"\bwithout a finish reason\b", FailureCode.NETWORK),
    (r"\bempty response\b", FailureCode.SERVER_ERROR),
)
_NOISE = (
    r"^(Warning: |\[WARNING\]|\[STARTUP\]|Ripgrep|YOLO mode|Approval mode|Loaded cached|Attempt \d"
    r"|Usage: )"
)


DIALECT = Dialect(
    words=_WORDS,
    types={
        "FatalAuthenticationError": FailureCode.AUTH,
        "FatalInputError": FailureCode.PROMPT_REFUSED,
        "FatalTurnLimitedError": FailureCode.TURN_LIMIT,
    },
    hints={_UNTRUSTED: _UNTRUSTED_HINT},
    noise=_NOISE,
    searching=frozenset({"google_web_search", "web_fetch"}),
)
