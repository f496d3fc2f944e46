"""A turn: one prompt and its result, from the transcript."""

from datetime import datetime

from msgspec import Struct

from clinvk.model.access import Access
from clinvk.model.conversation import TurnMode
from clinvk.model.events import PermissionAnswer
from clinvk.model.outcome import NO_OUTCOME, Outcome, StopReason
from clinvk.model.request import IfMissing


class ToolCall(Struct, frozen=True, kw_only=True):
    """A tool that the agent called; `ok` is None until it has a result."""

    name: str
    summary: str
    ok: bool | None = None


class Permission(Struct, frozen=True, kw_only=True):
    """What the agent asked to be allowed, and the answer; None if there was none."""

    tool: str
    summary: str
    answer: PermissionAnswer | None = None


class Turn(Struct, frozen=True, kw_only=True):
    """One turn. Times are UTC; `ended_at` is None for a turn that did not end.

    `backend` is its agent, None if that was lost. `outcome` is what is known about its end; for a
    turn that did not end, what was received. `messages` are all messages in order. `model_asked`
    and `conversation_asked` are what the agent was started with. An `interactive` turn was in the
    agent's interactive screen; its prompt is empty if it is not known. `conversation_origin`: it
    started a conversation because the agent no longer had the old one, either an empty one, or one
    with the earlier turns. `bare`: only its start is known.
    """

    number: int
    started_at: datetime
    prompt: str
    backend: str | None = None
    ended_at: datetime | None = None
    outcome: Outcome = NO_OUTCOME
    messages: tuple[str, ...] = ()
    tools: tuple[ToolCall, ...] = ()
    permissions: tuple[Permission, ...] = ()
    model_asked: str | None = None
    conversation_asked: str | None = None
    access: Access | None = None
    cwd: str | None = None
    mode: TurnMode = TurnMode.START
    interactive: bool = False
    conversation_origin: IfMissing | None = None
    bare: bool = False

    @property
    def interrupted(self) -> bool:
        """Whether the turn has not ended; while its lock is held, it may still run."""
        return self.ended_at is None

    @property
    def was_interrupted(self) -> bool:
        """Whether the turn was cut off: killed, or stopped by Ctrl-C or a signal."""
        return self.interrupted or self.outcome.stop_reason is StopReason.CANCELLED
