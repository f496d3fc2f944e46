"""A turn: one prompt and what came back, as the transcript tells it."""

from dataclasses import dataclass, field
from datetime import datetime

from clinvk.model.access import Access
from clinvk.model.conversation import TurnMode
from clinvk.model.outcome import NO_OUTCOME, Outcome
from clinvk.model.request import IfMissing


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A tool that the agent called; `ok` is None as long as nothing came back."""

    name: str
    summary: str
    ok: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One turn. Times are UTC; `ended_at` is None for a turn that never ended.

    `backend` is the agent it was with, None where that was lost. `outcome` is what is known of its
    end; of a turn that never ended, what was received so far. `messages` are all messages in order.
    `model_asked` and `conversation_asked` are what the agent was started with. An `interactive`
    turn took place in the agent's own screen; its prompt is empty if it could not be told. `afresh`
    says that it began a conversation in place of one that the agent no longer had: an empty one, or
    one that was told the earlier turns. `bare` says that nothing but its beginning is known.
    """

    number: int
    started_at: datetime
    prompt: str
    backend: str | None = None
    ended_at: datetime | None = None
    outcome: Outcome = NO_OUTCOME
    messages: tuple[str, ...] = ()
    tools: tuple[ToolCall, ...] = ()
    model_asked: str | None = None
    conversation_asked: str | None = None
    access: Access | None = None
    cwd: str | None = None
    mode: TurnMode = TurnMode.START
    interactive: bool = False
    afresh: IfMissing | None = None
    bare: bool = field(default=False, compare=False)

    @property
    def interrupted(self) -> bool:
        """Whether the turn began and never ended (or, under its lock, has not ended yet)."""
        return self.ended_at is None
