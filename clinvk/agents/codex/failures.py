"""Classifies its failures, by the same words on either channel."""

import re

from clinvk.agents.kit.failures import Words, code_of_status, code_of_words, failure
from clinvk.agents.kit.jsonl import mapping, parse_object, text
from clinvk.model.events import StopReason
from clinvk.model.failure import Failure, FailureCode

WORDS: Words = (
    (
        (
            r"(?m)^(?!.{0,500}(unexpected|last) status)(error: )?([\w/ -]{1,80}: ){0,6}"
            r"(no rollout found|(failed to|cannot|could not) locate (rollout|thread|conversation)"
            r"|(thread|conversation) not (found|loaded):|no saved session found"
            r"|no (thread|conversation) with id|session not found for (thread|conversation)_id)"
        ),
        FailureCode.CONVERSATION_GONE,
    ),
    (r"incomplete response returned, reason: content_filter", FailureCode.PROMPT_REFUSED),
    (r"incomplete response returned", FailureCode.AGENT_FAILED),
    (r"has an active writer", FailureCode.CONVERSATION_BUSY),
    (
        (
            r"\bmissing environment variable: \S*(?:key|token)\b|\brefresh token (?:was|is|has)\b"
            r"|\bplease (?:log out and )?(?:log|sign) in\b"
        ),
        FailureCode.AUTH,
    ),
    (r"\bexperiencing high demand\b", FailureCode.SERVER_ERROR),
    (r"\berror loading config(?:uration|\.toml)?\b", FailureCode.OPTION_REFUSED),
    (r"no prompt provided", FailureCode.PROMPT_REFUSED),
)
_INCOMPLETE = re.compile(r"Incomplete response returned, reason: (\w+)")
_STOP_REASONS = {
    "max_output_tokens": StopReason.LENGTH,
    "content_filter": StopReason.FILTERED,
}
_STATUS = re.compile(r"\b(?:unexpected|last) status:? (\d{3})")
NOISE = r"^WARNING: |^\d{4}-\S+ +(ERROR|WARN|INFO) |^Reading prompt from stdin"


def stop_reason_of(why: Failure) -> StopReason:
    """Why the turn stopped, from the service's reason for an incomplete answer."""
    found = _INCOMPLETE.search(why.message[:10_000])
    return _STOP_REASONS.get(found[1] if found else "", StopReason.ERROR)


def failure_of(words: str, known: Words) -> Failure:
    """The failure by the agent's message, which may be the original JSON of the service."""
    body = parse_object(words)
    message = text(mapping(mapping(body).get("error")).get("message")) or words
    status = _STATUS.search(words[:10_000])
    code = code_of_status(int(status[1]) if status else None) or code_of_words(words, known)
    shown = message or "the agent failed and did not say why"
    return failure(code or FailureCode.AGENT_FAILED, shown, service_text=words)
