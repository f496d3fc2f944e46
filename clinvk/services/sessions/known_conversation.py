"""What is looked for, printed or run by a conversation's id: the one gate that each id passes.

An id comes from an agent's output, from a transcript, from an import or from a record that somebody
edited. One that is none of its agent's ids could name another file, or be taken for an option.
"""

from collections.abc import Sequence

from clinvk.agents.base import Backend
from clinvk.model.conversation import Conversations
from clinvk.services.world import World


def conversation_files_of(
    backend: Backend, conversation: str, world: World
) -> Conversations | None:
    """Where the agent keeps the conversation; None where that cannot be told, or it is no id."""
    if not backend.is_conversation(conversation):
        return None
    return backend.conversation_files(conversation, world.user_home, world.environ)


def title_files_of(backend: Backend, conversation: str, world: World) -> Conversations | None:
    """Where the agent writes its title of the conversation, as above."""
    if not backend.is_conversation(conversation):
        return None
    return backend.title_files(conversation, world.user_home, world.environ)


def native_resume_of(backend: Backend, conversation: str) -> Sequence[str] | None:
    """The argv that opens it in the agent's own screen; None if nothing does, or it is no id."""
    return backend.native_resume(conversation) if backend.is_conversation(conversation) else None
