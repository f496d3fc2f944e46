"""Which of the agent's conversations a turn is a part of: the session's own, or one in its place.

An empty conversation in place of one that is gone is never begun unasked.
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
"""The session's turns so far; read only where they are needed."""


class ChosenConversation(Struct, frozen=True, kw_only=True):
    """The agent's session id, and whether the turn goes on with it or begins it.

    `afresh` says that it takes the place of one that is gone, and `replay` what it is told of it.
    `kept` says that the agent's files have it.
    """

    id: str | None
    resume: bool
    kept: bool = False
    afresh: IfMissing | None = None
    replay: Replay | None = None

    @property
    def note(self) -> str | None:
        """What the person should know of it, if it is one in place of another."""
        if self.afresh is None:
            return None
        what = f"told {self.replay.note} from our record" if self.replay else "empty"
        return f"the agent no longer has the conversation: a new one begins here, {what}"


def conversation_of(
    request: RunRequest, session: Session, backend: Backend, world: World, past: Past | None
) -> ChosenConversation:
    """The conversation of the session's next turn, as far as the agent's files tell.

    `past` is None for a session that begins with this turn.

    An agent that was killed as it began may have told the id and kept nothing: a conversation in
    which nothing was ever answered is begun again, only another one can be gone. Raises
    `ConversationGoneError` for that, and `SessionNotFoundError` for what is none of the agent's
    ids, unless the request says what to do then.
    """
    known, seen = session.conversation.id, session.conversation.seen
    # The id of a session that begins with this turn is ours.
    is_id = known is None or past is None or backend.is_conversation(known)
    chosen = known if is_id else world.new_uuid()
    begun_again = ChosenConversation(
        id=chosen if Capability.OWN_ID not in backend.lacks else None, resume=False
    )
    why = backend.lacks.get(Capability.RESUME)
    cannot = why is not None and session.next_turn > 1 and was_answered(_turns(past))
    if cannot and request.if_missing is IfMissing.FAIL:
        raise BackendUnsupportedError(
            f"backend `{backend.name}` cannot go on with a session: {why}",
            hint="`--if-missing replay` tells a new conversation the earlier turns",
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
                hint="`--if-missing replay` tells a new one the earlier turns",
            )
        return conversation_instead(request, session, backend, world, past)
    # A session without any turn may have a conversation all the same: clinvk once took turns back
    # that had been worked on.
    files = conversation_files_of(backend, known, world)
    exists = conversation_exists(files)
    # A conversation that stopped before its first message is empty too, and nothing of it is lost.
    if exists and conversation_is_empty(files) and was_answered(_turns(past)):
        exists = False
    if exists or (files is None and seen):
        return ChosenConversation(id=known, resume=True, kept=bool(exists))
    if not seen or not was_answered(_turns(past)):
        # A file of it that nothing was kept in has the id taken all the same.
        taken = begun_again.id and files is not None and conversation_paths(files)
        return replace(begun_again, id=world.new_uuid()) if taken else begun_again
    # Its whole store is out of sight: the agent itself will say, but its screen says it to nobody.
    in_screen = request.interactive and request.if_missing is not IfMissing.FAIL
    return (
        ChosenConversation(id=known, resume=True)
        if exists is None and not in_screen
        else conversation_instead(request, session, backend, world, past)
    )


def conversation_instead(
    request: RunRequest, session: Session, backend: Backend, world: World, past: Past | None
) -> ChosenConversation:
    """A new conversation in place of the one that is gone, as the request asks for it.

    Raises `ConversationGoneError` if it asks for none, or for what cannot be had.
    """
    if request.if_missing is IfMissing.FAIL:
        raise _gone(
            session,
            backend,
            "`--if-missing replay` tells a new one the earlier turns, `--if-missing new` begins an"
            " empty one",
        )
    replay = None
    if request.if_missing is IfMissing.REPLAY:
        if request.interactive:
            way_out = "say a prompt with `--if-missing replay`, or use `--if-missing new`"
            raise _gone(session, backend, f"its own screen cannot be told one: {way_out}")
        # Where the agent itself said that it is gone, the turn that asked is in the record by now.
        replay = replay_of([turn for turn in _turns(past) if turn.number < session.next_turn])
        if replay is None:
            raise _gone(
                session, backend, "nothing of it is recorded to be told: use `--if-missing new`"
            )
    chosen = Capability.OWN_ID not in backend.lacks
    return ChosenConversation(
        id=world.new_uuid() if chosen else None,
        resume=False,
        afresh=request.if_missing,
        replay=replay,
    )


def _answered_unnamed(session: Session, past: Past | None) -> bool:
    """Whether a conversation that nobody can name was answered: it would be lost silently."""
    if past is None or session.next_turn == 1:
        return False
    turns = past()
    return was_answered(turns) if turns else session.turns > 0


def _lost_at_last(request: RunRequest, past: Past | None) -> bool:
    """Whether the last turn was answered from another conversation: asking again ends the same."""
    turns = _turns(past) if request.if_missing is not IfMissing.FAIL else ()
    failure = turns[-1].outcome.failure if turns else None
    return failure is not None and failure.code is FailureCode.CONVERSATION_GONE


def _turns(past: Past | None) -> Sequence[Turn]:
    return () if past is None else past()


def _gone(session: Session, backend: Backend, hint: str) -> ConversationGoneError:
    session_id, title = session.id, backend.title
    if session.conversation.id is None:
        message = f"{title} never named the conversation of session `{session_id}`"
    else:
        message = f"{title} no longer has the conversation of session `{session_id}`"
    return ConversationGoneError(message, hint=hint)
