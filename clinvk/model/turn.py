"""A turn: one prompt and what came back, as the transcript tells it."""

from dataclasses import dataclass, field
from datetime import datetime

from clinvk.model.access import Access
from clinvk.model.events import Json, StopReason
from clinvk.model.failure import Failure
from clinvk.model.files import FileReport
from clinvk.model.request import IfMissing
from clinvk.model.session import TurnEnd
from clinvk.model.usage import UNKNOWN_USAGE, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A tool that the agent called; `ok` is None as long as nothing came back."""

    name: str
    summary: str
    ok: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One turn. Times are UTC; `ended_at` is None for a turn that never ended.

    `text` is the final answer, or what was received so far if the turn never ended; `messages` are
    all messages in order. `model` and `conversation` are what the agent said, `model_asked` and
    `conversation_asked` what it was started with. `usage`, `cost_usd`, `counters` and
    `structured` are as in `Result`. `files` are what it changed, each path once with its last
    change. An `interactive` turn took place in the agent's own screen; its prompt is empty if it
    could not be told. `afresh` says that it began a conversation in place of one that the agent no
    longer had: an empty one, or one that was told the earlier turns. `bare` says that nothing but
    its beginning is known.
    """

    number: int
    started_at: datetime
    prompt: str
    ended_at: datetime | None = None
    text: str = ""
    messages: tuple[str, ...] = ()
    tools: tuple[ToolCall, ...] = ()
    files: tuple[FileReport, ...] = ()
    warnings: tuple[str, ...] = ()
    stop_reason: StopReason | None = None
    failure: Failure | None = None
    exit_code: int | None = None
    duration_s: float | None = None
    usage: Usage = UNKNOWN_USAGE
    cost_usd: float | None = None
    counters: Json = None
    structured: Json = None
    model: str | None = None
    model_asked: str | None = None
    conversation: str | None = None
    conversation_asked: str | None = None
    access: Access | None = None
    cwd: str | None = None
    resume: bool = False
    interactive: bool = False
    afresh: IfMissing | None = None
    bare: bool = field(default=False, compare=False)

    @property
    def interrupted(self) -> bool:
        """Whether the turn began and never ended (or, under its lock, has not ended yet)."""
        return self.ended_at is None

    @property
    def end(self) -> TurnEnd | None:
        """What the session has to know of the turn's end, None as long as it has none."""
        if self.ended_at is None:
            return None
        return TurnEnd(
            number=self.number,
            ended_at=self.ended_at,
            failed=self.failure is not None,
            usage=self.usage,
            cost_usd=self.cost_usd,
            model=self.model,
            model_asked=self.model_asked,
            conversation=self.conversation,
            counters=self.counters,
        )
