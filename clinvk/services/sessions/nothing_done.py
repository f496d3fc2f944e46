"""Sessions in which nothing happened, because the agent could not begin.

Somebody who is not signed in, or mistypes the model, leaves a session with a prompt and an error.
The next `-c` continues it, as any other, but may have meant the work before it.
"""

from clinvk.errors import StoreError
from clinvk.model.failure import FailureCode
from clinvk.model.session import Session, Status
from clinvk.model.turn import Turn
from clinvk.store.sessions.store import SessionStore

_BEFORE_WORK = frozenset(
    {
        FailureCode.AUTH,
        FailureCode.MODEL_UNKNOWN,
        FailureCode.OPTION_REFUSED,
        FailureCode.NOT_STARTED,
        FailureCode.TOO_OLD,
    }
)
"""Failures that the same prompt would meet again. Not a full service: that one is tried again."""


def nothing_happened(store: SessionStore, session: Session) -> bool:
    """Whether every turn failed before the agent did anything; False if that is not certain."""
    if session.status is not Status.ERROR or session.interrupted or not session.turns:
        return False
    if session.cost_usd or session.usage.input_tokens or session.usage.output_tokens:
        return False
    try:
        turns = store.transcript(session.id).turns
    except StoreError:
        return False
    return len(turns) == session.turns and all(map(_did_nothing, turns))


def _did_nothing(turn: Turn) -> bool:
    outcome, failure = turn.outcome, turn.outcome.failure
    if failure is None or failure.code not in _BEFORE_WORK or turn.interrupted:
        return False
    # Without a prompt the content is not stored, so what the agent did is not known.
    did = (turn.messages, turn.tools, turn.permissions, outcome.text, outcome.files)
    used = (outcome.usage.input_tokens, outcome.usage.output_tokens, outcome.cost_usd)
    return bool(turn.prompt) and not any((*did, *used))
