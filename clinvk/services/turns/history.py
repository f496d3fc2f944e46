"""What a session's past says about its next turn."""

from collections.abc import Sequence

from clinvk.errors import SessionError
from clinvk.model.events import StopReason
from clinvk.model.session import SCHEMA, Session
from clinvk.model.turn import Turn

_ANSWERED = frozenset({StopReason.END_TURN, StopReason.MAX_TURNS, StopReason.BUDGET})


def was_answered(turns: Sequence[Turn]) -> bool:
    """Whether any turn ever ended with an answer; a session without a transcript counts as yes."""
    return not turns or any(
        turn.outcome.stop_reason in _ANSWERED or turn.interactive for turn in turns
    )


def refuse_newer(session: Session) -> None:
    """Raise `SessionError` for a session that a newer clinvk wrote: it is read, never written."""
    if session.schema > SCHEMA:
        raise SessionError(
            f"session `{session.id}` was written by a newer clinvk", hint="update this one"
        )
