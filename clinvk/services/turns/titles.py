"""An agent's own title for a conversation, taken over unless a person gave one.

Read after a turn from the two ends of one file of the agent's, so that it costs nothing to speak
of whatever the conversation's size.
"""

from msgspec.structs import replace

from clinvk.errors import UsageError
from clinvk.model.names import checked_title
from clinvk.model.session import Session, TitleSource
from clinvk.services.sessions.known_conversation import title_files_of
from clinvk.services.world import World
from clinvk.store.agent_files.conversations import conversation_edges


def with_agents_title(session: Session, world: World) -> Session:
    """The session with the agent's own title, where it made one and no person gave one."""
    conversation = session.conversation.id
    if session.title_source is TitleSource.PERSON or conversation is None:
        return session
    backend = world.agents.find(session.backend)
    if backend is None:
        return session
    where = title_files_of(backend, conversation, world)
    native = backend.native() if where is not None else None
    if where is None or native is None:
        return session
    for lines in conversation_edges(where):
        said = native.title(conversation, lines)
        try:
            title = checked_title(said or "")
        except UsageError:  # none, or nothing that can stand as one
            continue
        return replace(session, title=title, title_source=TitleSource.AGENT)
    return session
