"""Checks conversation ids that are UUIDs before they are used in a command line."""

import re

from clinvk.errors import SessionNotFoundError
from clinvk.model.request import TurnRequest

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def conversation_option(request: TurnRequest) -> list[str]:
    """The option of the agents that spell it `--resume=` or `--session-id=`.

    It is one token, so that an id cannot become a flag. Fails as `conversation_id`.
    """
    if request.conversation is None and not request.resume:
        return []
    how = "resume" if request.resume else "session-id"
    return [f"--{how}={conversation_id(request)}"]


def conversation_and_model(request: TurnRequest) -> list[str]:
    """That option, and the model of the agents that spell it `--model=`."""
    options = conversation_option(request)
    if request.model is not None:
        options.append(f"--model={request.model}")
    return options


def conversation_id(request: TurnRequest) -> str:
    """The request's conversation id; `SessionNotFoundError` if it is not a UUID.

    The agents treat anything else as a title or a name, and continue any conversation that has it,
    or silently start a new one.
    """
    conversation = request.conversation or ""
    if not UUID.fullmatch(conversation):
        raise SessionNotFoundError(
            f"`{conversation}` is not the id of a conversation of this agent",
            hint="its ids look like `123e4567-e89b-12d3-a456-426614174000`",
        )
    return conversation
