"""Uses a conversation's id only after its backend accepted it.

An id comes from an agent's output, a transcript, an import or an edited record. An invalid one
could name another file, or be read as an option.
"""

from collections.abc import Sequence

from clinvk.agents.base import Backend
from clinvk.model.conversation import Conversations
from clinvk.services.world import World


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
