"""The session that a first turn is recorded in."""

from clinvk.agents.base import Backend, Capability
from clinvk.model.config import Settings
from clinvk.model.conversation import Conversation
from clinvk.model.effort import Effort
from clinvk.model.request import RunRequest
from clinvk.model.session import Session, TitleSource
from clinvk.services.turns.access import access_of
from clinvk.services.turns.attached import added_directories
from clinvk.services.turns.directories import working_directory
from clinvk.services.world import World
from clinvk.text.title import title_from_prompt


def new_session(request: RunRequest, backend: Backend, settings: Settings, world: World) -> Session:
    """A new session for its first turn; nothing is written.

    If the agent accepts a conversation id, it is chosen here, so that it is on disk before the
    agent gets the prompt.
    """
    now = world.now()
    chosen = Capability.OWN_ID not in backend.lacks
    return Session(
        id=world.new_id(),
        backend=backend.name,
        cwd=str(working_directory(request.workdir or world.cwd)),
        created_at=now,
        last_used_at=now,
        name=request.name,
        title=request.title or title_from_prompt(request.prompt),
        title_source=TitleSource.PERSON if request.title else TitleSource.PROMPT,
        conversations=(Conversation(backend=backend.name, id=world.new_uuid()),) if chosen else (),
        model_asked=request.model or settings.backend(backend.name, "model"),
        access=access_of(request, None, backend, settings),
        system_prompt=request.system_prompt or settings.backend(backend.name, "system_prompt"),
        add_dirs=tuple(map(str, added_directories(request))),
        effort=request.effort or _effort_in(settings, backend),
        tags=tuple(dict.fromkeys((*settings.get("session.default_tags"), *request.tags))),
    )


def _effort_in(settings: Settings, backend: Backend) -> Effort | None:
    effort = settings.backend(backend.name, "effort")
    return Effort(effort) if effort else None
