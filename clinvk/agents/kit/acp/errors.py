"""What the error of an agent means, and the end of a prompt.

An error means what the status of its service says, else its words.
"""

import re
from collections.abc import Mapping

from clinvk.agents.kit.failures import (
    Words,
    code_of_status,
    code_of_words,
    failure,
    without_conversation_gone,
)
from clinvk.agents.kit.json_rpc import RpcError
from clinvk.agents.kit.jsonl import count, mapping, parse_object, text
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.outcome import StopReason

FAILED_ENDS: Mapping[str, tuple[FailureCode, str, StopReason]] = {
    "max_turn_requests": (
        FailureCode.TURN_LIMIT,
        "the number of steps that was allowed is used up",
        StopReason.MAX_TURNS,
    ),
    "cancelled": (FailureCode.KILLED, "the turn was cancelled", StopReason.ERROR),
}
ENDS = {"max_tokens": StopReason.LENGTH, "refusal": StopReason.FILTERED}

_AUTHENTICATION_REQUIRED = -32_000
_NOT_FOUND = -32_002
_STATUS = re.compile(r"(\d{3}) ")
_INTERNAL = re.compile(r"Internal error(: |$)")


def failure_of(error: RpcError, words: Words, *, opening: bool) -> Failure:
    """The failure; `opening`: the agent was to create or to load the conversation.

    Only then it can say that the conversation is gone: a service has sessions of its own.
    """
    data = mapping(error.data)
    details = text(data.get("details")) or text(data.get("message")) or text(error.data)
    said = details or error.message
    body = mapping(mapping(parse_object(said)).get("error"))
    shown = _INTERNAL.sub("", text(body.get("message")) or said)
    status = count(error.code) or count(body.get("code"))
    if status is None and (found := _STATUS.match(shown)) is not None:
        status, shown = int(found[1]), shown[found.end() :]
    known = words if opening else without_conversation_gone(words)
    meant = code_of_words(f"{shown}\n{text(body.get('status'))}", known)
    certain = {FailureCode.CONVERSATION_GONE, FailureCode.BUDGET_LIMIT}
    code: FailureCode | None = meant if meant in certain else None
    if opening and error.code == _NOT_FOUND:
        code = FailureCode.CONVERSATION_GONE
    if opening and error.code == _AUTHENTICATION_REQUIRED:
        code = code or FailureCode.AUTH
    return failure(
        code or code_of_status(status) or meant or FailureCode.AGENT_FAILED,
        shown or "the agent failed and did not say why",
        service_text=said,
    )
