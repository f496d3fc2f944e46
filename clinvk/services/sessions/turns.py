"""One turn among a session's."""

from collections.abc import Sequence

from clinvk.errors import SessionError
from clinvk.model.session import Session
from clinvk.model.turn import Turn


def turn_of(session: Session, turns: Sequence[Turn], number: int | None) -> Turn:
    """The turn of that number, None for the last one. Raises `SessionError` with what there is."""
    if not turns:
        raise SessionError(
            f"session `{session.id}` has no turn yet",
            hint=f"send a prompt to it: `clinvk resume {session.id} …`",
        )
    if number is None:
        return turns[-1]
    found = [turn for turn in turns if turn.number == number]
    if not found:
        there = [turn.number for turn in turns]
        hint = f"it has turn {there[0]}" if len(there) == 1 else f"it has {_spans(there)}"
        raise SessionError(f"session `{session.id}` has no turn {number}", hint=hint)
    return found[-1]


def _spans(numbers: Sequence[int]) -> str:
    """`turns 1 to 3`; numbers that were voided leave gaps."""
    first, last = min(numbers), max(numbers)
    if len(set(numbers)) == last - first + 1:
        return f"turns {first} to {last}"
    return f"turns {', '.join(map(str, sorted(set(numbers))[:20]))}"
