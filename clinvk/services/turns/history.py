"""Checks of a session's earlier turns before its next turn."""

from collections.abc import Sequence

from clinvk.errors import SessionError
from clinvk.model.events import StopReason
from clinvk.model.session import SCHEMA, Session
from clinvk.model.turn import Turn

_ANSWERED = frozenset({StopReason.END_TURN, StopReason.MAX_TURNS, StopReason.BUDGET})


def was_answered(turns: Sequence[Turn]) -> bool:
    """Whether any turn ended with an answer; True for a session without a transcript."""
    return not turns or any(
        turn.outcome.stop_reason in _ANSWERED or turn.interactive for turn in turns
    )


def refuse_newer(session: Session) -> None:
    """Raise `SessionError` for a session of a newer clinvk, which must not be changed."""
    if session.schema > SCHEMA:
        raise SessionError(
            f"session `{session.id}` was written by a newer clinvk", hint="update clinvk"
        )
