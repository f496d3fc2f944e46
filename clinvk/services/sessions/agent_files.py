"""Finds the agents' own transcripts of a conversation. They are never changed."""

from pathlib import Path

from msgspec import Struct

from clinvk.model.session import Session
from clinvk.services.sessions.known_conversation import conversation_files_of
from clinvk.services.world import World
from clinvk.store.agent_files.conversations import conversation_paths


class NativeTranscript(Struct, frozen=True, kw_only=True):
    """An agent's transcript of a session; `root` is its folder for all transcripts, if known.

    `files` are the files found, at most a few.
    """

    agent: str
    root: Path | None
    files: tuple[Path, ...]


def native_transcript(session: Session, world: World) -> NativeTranscript | None:
    """The agent's transcript of the session; None if the conversation never started."""
    conversation = session.conversation
    if conversation.id is None or not (conversation.seen or session.turns):
        return None
    backend = world.agents.find(session.backend)
    if backend is None:
        return NativeTranscript(agent=session.backend, root=None, files=())
    where = conversation_files_of(backend, conversation.id, world)
    return NativeTranscript(
        agent=backend.title,
        root=where.root if where else None,
        files=conversation_paths(where) if where else (),
    )
