"""Where an agent keeps a conversation; its id is used only after its backend accepted it.

An id comes from an agent's output, a transcript, an import or an edited record. An invalid one
could name another file, or be read as an option.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeGuard

from msgspec import Struct
from msgspec.structs import replace

from clinvk.agents.base import Backend
from clinvk.model.conversation import ConversationFiles, ConversationRows, Conversations
from clinvk.model.session import Session
from clinvk.services.world import World
from clinvk.store.agent_files.conversations import conversation_paths

Find = Callable[[Conversations], Sequence[Path]]
"""Returns the files of a conversation, as far as they can be found."""


def conversation_files_of(
    backend: Backend, conversation: str, world: World
) -> Conversations | None:
    """Where the agent keeps the conversation; None if that is unknown or the id is invalid."""
    if not backend.is_conversation(conversation):
        return None
    return backend.conversation_files(conversation, world.user_home, world.environ)


def title_files_of(backend: Backend, conversation: str, world: World) -> Conversations | None:
    """Where the agent writes the title of the conversation; None as above."""
    if not backend.is_conversation(conversation):
        return None
    return backend.title_files(conversation, world.user_home, world.environ)


def native_resume_of(backend: Backend, conversation: str) -> Sequence[str] | None:
    """The argv that opens it in the interactive screen; None if unsupported or an invalid id."""
    return backend.native_resume(conversation) if backend.is_conversation(conversation) else None


class NativeTranscript(Struct, frozen=True, kw_only=True):
    """An agent's transcript of a session; `root` is its folder for all transcripts, if known.

    `files` are the files found, at most a few.
    """

    agent: str
    root: Path | None
    files: tuple[Path, ...]


def native_transcript(
    session: Session, world: World, find: Find | None = conversation_paths
) -> NativeTranscript | None:
    """The agent's transcript of the session, which stays when the session is deleted.

    None if the conversation never started, or if its files are ours (`own_files`). `find` looks for
    its files; None leaves them out.
    """
    conversation = session.conversation
    if conversation.id is None or not (conversation.seen or session.turns):
        return None
    backend = world.agents.find(session.backend)
    if backend is None:
        return NativeTranscript(agent=session.backend, root=None, files=())
    where = conversation_files_of(backend, conversation.id, world)
    if _is_ours(where):
        return None
    return NativeTranscript(
        agent=backend.title,
        root=where.root if where else None,
        files=tuple(find(where)) if where and find else (),
    )


def own_files(session: Session, world: World) -> tuple[Path, ...]:
    """The files of the session's conversations that lie in our home, and are deleted with it."""
    found: list[Path] = []
    for conversation in session.conversations:
        backend = world.agents.find(conversation.backend)
        if backend is not None and conversation.id is not None:
            where = conversation_files_of(backend, conversation.id, world)
            if _is_ours(where):
                found += conversation_paths(where)
                found += conversation_paths(replace(where, pattern=f".{where.pattern}.*.tmp"))
    return tuple(found)


def _is_ours(where: Conversations | None) -> TypeGuard[ConversationFiles]:
    return isinstance(where, ConversationFiles) and where.ours


def find_in_listings() -> Find:
    """Like `conversation_paths`, for many sessions: each of the agents' folders is listed once."""
    from clinvk.store.agent_files.listing import Listings, depth_of

    listings = Listings()

    def find(files: Conversations) -> Sequence[Path]:
        if isinstance(files, ConversationRows) or (depth := depth_of(files.pattern)) is None:
            return conversation_paths(files)
        return sorted(listings.of(files.root, depth).find(files.pattern))

    return find
