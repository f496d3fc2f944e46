"""How grok reports failures, in its stream and over the protocol; loaded once it is running."""

import re

from clinvk.agents.kit.dialect import Dialect
from clinvk.agents.kit.failures import failure
from clinvk.agents.kit.jsonl import mapping, parse_json, text
from clinvk.model.failure import FailureCode

_WRAPPED = "Internal error: "

LOST_ITS_END = failure(
    FailureCode.NETWORK,
    "the answer ended without its figures, as it does when the connection is lost",
)
"""1.0.41 takes a lost connection for the end of the answer; a service that tells no figures looks
the same, and cannot be used.
"""

DIALECT = Dialect(
    subtypes={"error_max_turns": FailureCode.TURN_LIMIT},
    errors={},
    words=(
        (
            (
                r"not found locally, restoring|for session restore|session not found\b"
                r"|unknown session id|path not found\."
            ),
            FailureCode.CONVERSATION_GONE,
        ),
        (r"session id \S{0,60} is already in use", FailureCode.CONVERSATION_EXISTS),
        (r"unknown model id|couldn't set model", FailureCode.MODEL_UNKNOWN),
        (r"max turns reached", FailureCode.TURN_LIMIT),
        (r"error sending request for url|reqwest error", FailureCode.NETWORK),
        (r"unexpected argument|invalid value '|unknown effort level", FailureCode.OPTION_REFUSED),
        (r"\(status 5\d\d ", FailureCode.SERVER_ERROR),
    ),
    noise=r"^Session [0-9a-f-]{36} found locally",
    version="",
    status=r"(?:\(status |Unauthorized \()(\d{3})",
)


def plain_words(said: str) -> str:
    """The message of an error that may be wrapped in JSON, without the facts that follow it."""
    words = said.removeprefix(_WRAPPED)
    value = parse_json(words) if words != said else None
    message = text(value) or text(mapping(value).get("message")) or words
    first = re.split(r"\n\s*\n", message, maxsplit=1)[0]
    return re.sub(r"\b[a-z_]{1,40}_error: ", "", first[:5_000]).strip()
