"""Chooses the agent's conversation for a turn: the session's own, or a replacement.

A missing conversation is replaced by an empty one only if the user asked for it.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from clinvk.agents.base import Backend, Capability
from clinvk.errors import BackendUnsupportedError, ConversationGoneError, SessionNotFoundError
from clinvk.model.failure import FailureCode
from clinvk.model.request import IfMissing, RunRequest
from clinvk.model.session import Session
from clinvk.model.turn import Turn
from clinvk.services.sessions.known_conversation import conversation_files_of
from clinvk.services.turns.history import was_answered
from clinvk.services.turns.replay import Replay, replay_of
from clinvk.services.world import World
from clinvk.store.agent_files.conversations import (
    conversation_exists,
    conversation_is_empty,
    conversation_paths,
)
from clinvk.text.sanitize import safe_line

Past = Callable[[], Sequence[Turn]]
"""Reads the session's turns so far; only called if they are needed."""


class ChosenConversation(Struct, frozen=True, kw_only=True):
    """The agent's session id, and whether the turn continues or starts the conversation.

    `origin` is set if it replaces a missing one, and `replay` is the text of that one. `kept` means
    that the agent's files have it.
    """

    id: str | None
    resume: bool
    kept: bool = False
    origin: IfMissing | None = None
    replay: Replay | None = None

    @property
    def note(self) -> str | None:
        """A note for the user, if it replaces another conversation."""
        if self.origin is None:
            return None
        what = f"with {self.replay.note} from clinvk's record" if self.replay else "empty"
        return f"the agent no longer has the conversation: a new one starts here, {what}"


def conversation_of(
    request: RunRequest, session: Session, backend: Backend, world: World, past: Past | None
) -> ChosenConversation:
    """The conversation of the session's next turn, as far as the agent's files show.

    `past` is None for a session that starts with this turn.

    An agent that was killed at its start may have reported an id without saving anything, so a
    conversation without any answer is started again. Raises `ConversationGoneError` if another one
    is missing, and `SessionNotFoundError` for an invalid id, unless the request has `if_missing`.
    """
    known, seen = session.conversation.id, session.conversation.seen
    # For a session that starts with this turn, we chose the id.
    is_id = known is None or past is None or backend.is_conversation(known)
    chosen = known if is_id else world.new_uuid()
    begun_again = ChosenConversation(
        id=chosen if Capability.OWN_ID not in backend.lacks else None, resume=False
    )
    why = backend.lacks.get(Capability.RESUME)
    cannot = why is not None and session.next_turn > 1 and was_answered(_turns(past))
    if cannot and request.if_missing is IfMissing.FAIL:
        raise BackendUnsupportedError(
            f"backend `{backend.name}` cannot continue a session: {why}",
            hint="`--if-missing replay` starts a new conversation with the earlier turns",
        )
    lost = _answered_unnamed(session, past) if known is None else _lost_at_last(request, past)
    if cannot or (lost and not why):
        return conversation_instead(request, session, backend, world, past)
    if known is None or why or (past is None and session.next_turn == 1):
        return begun_again
    if not is_id:
        if request.if_missing is IfMissing.FAIL:
            raise SessionNotFoundError(
                f"`{safe_line(known[:80])}` is not the id of a conversation of {backend.title}",
                hint="`--if-missing replay` starts a new one with the earlier turns",
            )
        return conversation_instead(request, session, backend, world, past)
    # A session without turns can have a conversation: earlier versions of clinvk voided turns in
    # which the agent had worked.
    files = conversation_files_of(backend, known, world)
    exists = conversation_exists(files)
    # A conversation that stopped before its first message is empty too, and nothing of it is lost.
    if exists and conversation_is_empty(files) and was_answered(_turns(past)):
        exists = False
    if exists or (files is None and seen):
        return ChosenConversation(id=known, resume=True, kept=bool(exists))
    if not seen or not was_answered(_turns(past)):
        # A file without content still occupies the id.
        taken = begun_again.id and files is not None and conversation_paths(files)
        return replace(begun_again, id=world.new_uuid()) if taken else begun_again
    # The agent's store cannot be read: the agent will report it, but not from its screen.
    in_screen = request.interactive and request.if_missing is not IfMissing.FAIL
    return (
        ChosenConversation(id=known, resume=True)
        if exists is None and not in_screen
        else conversation_instead(request, session, backend, world, past)
    )


def conversation_instead(
    request: RunRequest, session: Session, backend: Backend, world: World, past: Past | None
) -> ChosenConversation:
    """A new conversation that replaces the missing one, as requested.

    Raises `ConversationGoneError` if none is requested, or if it is impossible.
    """
    if request.if_missing is IfMissing.FAIL:
        raise _gone(
            session,
            backend,
            "`--if-missing replay` starts a new one with the earlier turns, `--if-missing new` an"
            " empty one",
        )
    replay = None
    if request.if_missing is IfMissing.REPLAY:
        if request.interactive:
            way_out = "give a prompt with `--if-missing replay`, or use `--if-missing new`"
            raise _gone(session, backend, f"its interactive screen cannot replay it: {way_out}")
        # If the agent itself reported it as missing, this turn is already in the record.
        replay = replay_of([turn for turn in _turns(past) if turn.number < session.next_turn])
        if replay is None:
            raise _gone(
                session,
                backend,
                "its text is not recorded, so it cannot be replayed: use `--if-missing new`",
            )
    chosen = Capability.OWN_ID not in backend.lacks
    return ChosenConversation(
        id=world.new_uuid() if chosen else None,
        resume=False,
        origin=request.if_missing,
        replay=replay,
    )


def _answered_unnamed(session: Session, past: Past | None) -> bool:
    """Whether a conversation without a known id had answers, which would be lost silently."""
    if past is None or session.next_turn == 1:
        return False
    turns = past()
    return was_answered(turns) if turns else session.turns > 0


def _lost_at_last(request: RunRequest, past: Past | None) -> bool:
    """Whether the last turn was answered from another conversation, which would happen again."""
    turns = _turns(past) if request.if_missing is not IfMissing.FAIL else ()
    failure = turns[-1].outcome.failure if turns else None
    return failure is not None and failure.code is FailureCode.CONVERSATION_GONE


def _turns(past: Past | None) -> Sequence[Turn]:
    return () if past is None else past()


def _gone(session: Session, backend: Backend, hint: str) -> ConversationGoneError:
    session_id, title = session.id, backend.title
    if session.conversation.id is None:
        message = f"{title} never reported the id of the conversation of session `{session_id}`"
    else:
        message = f"{title} no longer has the conversation of session `{session_id}`"
    return ConversationGoneError(message, hint=hint)
