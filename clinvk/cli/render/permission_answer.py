"""The words for the answer to an agent's permission request: what was decided, and by whom."""

from clinvk.model.events import PermissionAnswer
from clinvk.model.permission import DecidedBy, Decision

_DECISIONS = {
    Decision.ALLOW: "allowed",
    Decision.ALLOW_TURN: "allowed for this turn",
    Decision.DENY: "denied",
    Decision.STOP: "denied, and the turn stopped",
}
_BY = {
    DecidedBy.PERSON: "",
    DecidedBy.TURN: ", as before in this turn",
    DecidedBy.RULE: " by a rule",
    DecidedBy.ACCESS: " by the access level",
    DecidedBy.NOBODY: ": nobody can be asked",
}


def answer_words(answer: PermissionAnswer | None) -> str:
    """The answer in a few words; a text from the agent or the person may have several lines."""
    if answer is None:
        return "not answered"
    if answer.by is DecidedBy.AGENT:
        return "withdrawn by the agent"
    by = _BY[answer.by]
    if answer.by is DecidedBy.RULE and answer.rule:
        by = f" by the rule `{answer.rule}`"
    reason = f": {answer.reason}" if answer.reason else ""
    instead = f" as `{answer.command}`" if answer.command else ""
    return f"{_DECISIONS[answer.decision]}{by}{reason}{instead}"
