"""How OpenAI says no, the same in both of its APIs."""

from collections.abc import Mapping

from bed.dialects._base import Ask, Json
from bed.directives import Refusal

_ERRORS: Mapping[int, tuple[str, str | None, str]] = {
    400: ("invalid_request_error", None, "Invalid request."),
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided: test-key."),
    403: (
        "invalid_request_error",
        "unsupported_country_region_territory",
        "Country, region, or territory not supported",
    ),
    404: (
        "invalid_request_error",
        "model_not_found",
        "The model `{model}` does not exist or you do not have access to it.",
    ),
    429: (
        "tokens",
        "rate_limit_exceeded",
        "Rate limit reached for {model} on tokens per min (TPM). Please try again in 200ms.",
    ),
    500: (
        "server_error",
        None,
        "The server had an error while processing your request. Sorry about that!",
    ),
    503: ("service_unavailable_error", "server_is_overloaded", "Our servers are overloaded."),
}
_FAILURES: Mapping[str, tuple[str, str]] = {
    "context_too_long": (
        "context_length_exceeded",
        "Your input exceeds the context window of this model. Please adjust your input.",
    ),
    "overloaded_error": ("server_is_overloaded", "Our servers are currently overloaded."),
    "insufficient_quota": (
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details.",
    ),
}


def refused(ask: Ask, refusal: Refusal) -> tuple[int, Json]:
    """Status and body of an error; the refusal's `type` may be an error code of the API."""
    status = 503 if refusal.status == 529 else refusal.status
    kind, code, message = _ERRORS.get(status, ("server_error", None, "error"))
    if refusal.type:
        code, message = _FAILURES.get(refusal.type, (refusal.type, message))
    message = refusal.words or message.format(model=ask.model)
    error = {"message": message, "type": kind, "param": None, "code": code}
    return status, {"error": error}


def failed_within(kind: str) -> Json:
    """What a stream that fails on the way says of it."""
    code, message = _FAILURES.get(kind, (kind, kind))
    return {"code": code, "message": message}
