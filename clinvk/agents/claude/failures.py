"""How claude reports failures in its `stream-json` output; loaded once the agent is running."""

from clinvk.agents.kit.dialect import Dialect
from clinvk.model.failure import FailureCode

DIALECT = Dialect(
    subtypes={
        "error_max_turns": FailureCode.TURN_LIMIT,
        "error_max_budget_usd": FailureCode.BUDGET_LIMIT,
    },
    errors={
        "authentication_failed": FailureCode.AUTH,
        "oauth_org_not_allowed": FailureCode.AUTH,
        "billing_error": FailureCode.BUDGET_LIMIT,
        "rate_limit": FailureCode.RATE_LIMITED,
        "overloaded": FailureCode.OVERLOADED,
        "server_error": FailureCode.SERVER_ERROR,
        "model_not_found": FailureCode.MODEL_UNKNOWN,
    },
    words=(
        (
            (
                r"(?m)^(error: )?(no conversation found|--resume requires a valid session id"
                r"|session not found\b)|is not a uuid and does not match any session title"
            ),
            FailureCode.CONVERSATION_GONE,
        ),
        (r"session id .{0,60} is already in use", FailureCode.CONVERSATION_EXISTS),
        (r"cannot be used with root/sudo privileges", FailureCode.OPTION_REFUSED),
        (r"input must be provided", FailureCode.PROMPT_REFUSED),
        (r"\bour usage policy\b", FailureCode.PROMPT_REFUSED),
    ),
    noise=r"^\[claude-code:",
    version="claude_code_version",
)
