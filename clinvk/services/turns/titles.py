"""Uses the agent's title of a conversation, unless the user set one.

It is read after a turn from the start and the end of one file of the agent, so that the cost does
not grow with the conversation.
"""

from msgspec.structs import replace

from clinvk.errors import UsageError
from clinvk.model.names import checked_title
from clinvk.model.session import Session, TitleSource
from clinvk.services.sessions.known_conversation import title_files_of
from clinvk.services.world import World
from clinvk.store.agent_files.conversations import conversation_edges


def with_agents_title(session: Session, world: World) -> Session:
    """The session with the agent's title, if there is one and the user set none."""
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
        found = native.title(conversation, lines)
        try:
            title = checked_title(found or "")
        except UsageError:  # no title, or an invalid one
            continue
        return replace(session, title=title, title_source=TitleSource.AGENT)
    return session
