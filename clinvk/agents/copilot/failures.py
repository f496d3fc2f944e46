"""How copilot reports failures; loaded once the agent is running. Tested with 1.0.102."""

from collections.abc import Mapping

from clinvk.agents.kit.failures import (
    Words,
    code_of_status,
    code_of_words,
    failure,
    without_conversation_gone,
)
from clinvk.agents.kit.jsonl import count, mapping, parse_json, parse_object, text
from clinvk.model.events import Json
from clinvk.model.failure import Failure, FailureCode

WORDS: Words = (
    (
        (
            r"(?m)^(error: )?no session, task, or name matched\b"
            # The file is there, and was emptied or damaged: it never loads again.
            r"|^(error: )?session file is corrupted or incompatible"
        ),
        FailureCode.CONVERSATION_GONE,
    ),
    (
        r"\bno authentication information found\b|\bauthentication failed with provider\b",
        FailureCode.AUTH,
    ),
    (
        r"\brequires a local model provider\b|^no model configured\b",
        FailureCode.OPTION_REFUSED,
    ),
    (r"\bmodel '[^']{1,200}' not found on provider\b", FailureCode.MODEL_UNKNOWN),
    (r"\bexceeds the model's prompt budget\b", FailureCode.CONTEXT_TOO_LONG),
    (r"\bai credits? (limit|used)\b", FailureCode.BUDGET_LIMIT),
    (
        (
            r"\bcould not connect to\b.{0,40}\bprovider\b|\bclient error \("
            r"|\bfailed to finalize\b.{0,40}\bstream\b"
        ),
        FailureCode.NETWORK,
    ),
    (r"^no response was returned\b", FailureCode.SERVER_ERROR),
    (
        r"^no prompt provided\b|\brequires a prompt\b",
        FailureCode.PROMPT_REFUSED,
    ),
)
NOISE = r"^(Warning: |Package extraction took|To (resume|name|pick|start|authenticate)\b|\s*•)"

_TYPES: Mapping[str, FailureCode] = {
    "authentication": FailureCode.AUTH,
    "authorization": FailureCode.AUTH,
    "context_limit": FailureCode.CONTEXT_TOO_LONG,
    "quota": FailureCode.BUDGET_LIMIT,
    "rate_limit": FailureCode.RATE_LIMITED,
}


def failure_of_error(error: Mapping[str, Json], cause: Mapping[str, Json]) -> Failure:
    """The failure of a `session.error`; `cause` is the last `model.call_failure` before it.

    The message of the error may leave out what the service said, and so the cause is read too.
    """
    said = text(error.get("message")) or "the agent failed and did not say why"
    status = count(error.get("statusCode")) or count(cause.get("statusCode"))
    body = mapping(parse_object(text(cause.get("errorMessage"))))
    all_said = "\n".join((said, service_message(cause), text(body.get("code"))))
    meant = code_of_words(all_said, without_conversation_gone(WORDS))
    code = _TYPES.get(text(error.get("errorType"))) or code_of_status(status) or meant
    if code in {FailureCode.RATE_LIMITED, None} and meant is FailureCode.BUDGET_LIMIT:
        code = meant  # a quota is used up: waiting does not help
    return failure(code or FailureCode.AGENT_FAILED, said, service_text=all_said)


def service_message(cause: Mapping[str, Json]) -> str:
    """What the service said, from a `model.call_failure`: its words are in a JSON text."""
    said = text(cause.get("errorMessage"))
    return text(mapping(parse_object(said)).get("message")) or text(parse_json(said)) or said
