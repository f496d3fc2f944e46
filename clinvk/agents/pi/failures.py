"""Pi's words for failures: those of its service come with the HTTP status in front."""

import re
from typing import NamedTuple

from clinvk.agents.kit.failures import (
    Words,
    code_of_status,
    code_of_words,
    failure,
    without_conversation_gone,
)
from clinvk.agents.kit.jsonl import mapping, parse_object, text
from clinvk.model.failure import Failure, FailureCode

WORDS: Words = (
    (
        r"^No session found matching|^Session found in different project",
        FailureCode.CONVERSATION_GONE,
    ),
    (r"^Stored session working directory", FailureCode.CONVERSATION_GONE),
    (r"^Model \".*\" not found|^No models? match", FailureCode.MODEL_UNKNOWN),
    (r"No models available|No API key found", FailureCode.AUTH),
    (r"^Connection error|^terminated$|^Stream ended", FailureCode.NETWORK),
)
NOISE = r"^(Warning: No project session found|Fork this session|Aborted|Hint: )"

_STATUS = re.compile(r"(\d{3})\b:? *(.*)", re.DOTALL)


class Refusal(NamedTuple):
    """What the service said: the status in front of it, and the failure."""

    status: int | None
    failure: Failure


def refusal(message: str) -> Refusal:
    """The failure of an answer by its `errorMessage`, such as `429: {"message": "…"}`."""
    found = _STATUS.fullmatch(message)
    status = int(found[1]) if found else None
    body = parse_object(found[2]) if found else None
    inner = mapping((body or {}).get("error")) or (body or {})
    shown = text(inner.get("message")) or (found[2] if found else "") or message
    words = f"{shown}\n{text(inner.get('code'))}\n{text(inner.get('type'))}"
    meant = code_of_words(words, without_conversation_gone(WORDS))
    code = code_of_status(status) or meant or FailureCode.AGENT_FAILED
    if status == 429 and meant is FailureCode.BUDGET_LIMIT:
        code = meant  # a quota is used up: waiting does not help
    shown = shown or "the agent failed and did not say why"
    return Refusal(status, failure(code, shown))
