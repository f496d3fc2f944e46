"""How Kimi Code reports failures; loaded once the agent is running."""

from clinvk.agents.kimi.wire_log import Turn
from clinvk.agents.kit.failures import Words, code_of_status, code_of_words, failure
from clinvk.agents.kit.json_rpc import Line
from clinvk.agents.kit.jsonl import count, mapping, text
from clinvk.model.failure import Failure, FailureCode
from clinvk.model.outcome import StopReason

WORDS: Words = (
    (r"\bunknown sessionid\b", FailureCode.CONVERSATION_GONE),
    (r"\bunknown thinking value\b", FailureCode.OPTION_REFUSED),
    (r"\bis not configured in config\.toml\b", FailureCode.MODEL_UNKNOWN),
)

_CODES = {
    "auth.login_required": FailureCode.AUTH,
    "context.overflow": FailureCode.CONTEXT_TOO_LONG,
    "loop.max_steps_exceeded": FailureCode.TURN_LIMIT,
    "model.not_configured": FailureCode.MODEL_UNKNOWN,
    "provider.auth_error": FailureCode.AUTH,
    "provider.connection_error": FailureCode.NETWORK,
    "provider.overloaded": FailureCode.OVERLOADED,
    "provider.rate_limit": FailureCode.RATE_LIMITED,
}
"""Its own names of failures, as its file has them."""

_CERTAIN = frozenset(
    {FailureCode.BUDGET_LIMIT, FailureCode.CONTEXT_TOO_LONG, FailureCode.MODEL_UNKNOWN}
)


def failure_of_turn(turn: Turn) -> tuple[Failure, StopReason] | None:
    """Why the turn failed according to its file, None if it did not."""
    if turn.failed:
        why = _failure(turn.error)
        limited = why.code is FailureCode.TURN_LIMIT
        return why, StopReason.MAX_TURNS if limited else StopReason.ERROR
    if turn.broke_off:
        why = failure(FailureCode.NETWORK, "the model's answer broke off without an end")
        return why, StopReason.ERROR
    return None


def _failure(error: Line) -> Failure:
    """By its words, the status of the service, else its name."""
    said = text(error.get("message"))
    status = count(mapping(error.get("details")).get("statusCode"))
    shown = said.removeprefix(f"{status} ") or "the agent failed and did not say why"
    meant = code_of_words(shown, ())
    certain = meant if meant in _CERTAIN else None
    named = _CODES.get(text(error.get("code")))
    code = certain or code_of_status(status) or named or meant or FailureCode.AGENT_FAILED
    return failure(code, shown, service_text=said)
