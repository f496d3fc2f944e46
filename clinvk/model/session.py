"""A session: our record about one conversation with one agent, and the turns it is made of."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from clinvk.model.access import Access
from clinvk.model.outcome import Json, Outcome
from clinvk.model.usage import (
    NO_FIGURES,
    UNKNOWN_USAGE,
    FigureCounts,
    Usage,
    counted,
    total_usage,
)

SCHEMA = 1
"""The version of the record's and the transcript's form."""


class Status(StrEnum):
    """Where a session stands. `RUNNING` and `INTERRUPTED` are derived, never stored."""

    RUNNING = "running"
    ACTIVE = "active"
    INTERRUPTED = "interrupted"
    ERROR = "error"
    COMPLETED = "completed"


class TitleSource(StrEnum):
    """Who gave the title; a person's is never overwritten."""

    PROMPT = "prompt"
    AGENT = "agent"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTurn:
    """A turn that began; it is still open when the record shows it and nobody holds the lock."""

    number: int
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session as its record says. Times are UTC; totals are sums over turns that reported.

    `status` is one of the stored ones: `ACTIVE`, `ERROR` or `COMPLETED`. `conversation` is the
    agent's own session id (`backend_session_id` in JSON) and `conversation_seen` whether the agent
    itself has confirmed it. `turns` counts the turns that are over, `turns_reported` those of
    them with known usage, and `figures_reported` how many told each figure: an agent may tell
    the tokens of a turn and not its cost. It is None where an older version counted. `counters`
    are the agent's raw counters after turn `counters_turn`. `unknown` holds fields of the
    record that this version does not know, so that rewriting keeps them, and `schema` is the
    version of the record's form: a newer one is never rewritten.
    """

    id: str
    backend: str
    cwd: str
    created_at: datetime
    last_used_at: datetime
    name: str | None = None
    title: str = ""
    title_source: TitleSource = TitleSource.PROMPT
    conversation: str | None = None
    conversation_seen: bool = False
    model: str | None = None
    model_asked: str | None = None
    access: Access | None = None
    system_prompt: str | None = None
    status: Status = Status.ACTIVE
    archived: bool = False
    parent: str | None = None
    tags: tuple[str, ...] = ()
    turns: int = 0
    turns_reported: int = 0
    usage: Usage = UNKNOWN_USAGE
    cost_usd: float | None = None
    figures_reported: FigureCounts | None = None
    counters: Json = None
    counters_turn: int = 0
    open_turn: OpenTurn | None = None
    unknown: Json = field(default_factory=dict)
    schema: int = SCHEMA

    def turn_started(self, *, at: datetime, resume: bool = True) -> "Session":
        """The session with its next turn open; a completed or archived one is taken up again.

        Without `resume` the turn begins a conversation, in which earlier counters count nothing.
        """
        return replace(
            self,
            counters=self.counters if resume else None,
            counters_turn=self.counters_turn if resume else 0,
            status=Status.ACTIVE if self.status is Status.COMPLETED else self.status,
            archived=False,
            last_used_at=at,
            open_turn=OpenTurn(number=self.next_turn, started_at=at),
        )

    def conversation_confirmed(self, conversation: str, model: str | None) -> "Session":
        """The session once the agent itself has said its session id, and perhaps its model."""
        return replace(
            self,
            conversation=conversation,
            conversation_seen=True,
            model=model or self.model,
        )

    def keeps(self, model_asked: str | None) -> bool:
        """Whether a turn that asked for this model runs on the session's own.

        Another one is for that turn alone.
        """
        return model_asked in (None, self.model_asked, self.model)

    def turn_finished(
        self, outcome: Outcome, *, number: int, at: datetime, model_asked: str | None = None
    ) -> "Session":
        """The session with turn `number` closed and counted."""
        told, conversation = self.figures_told, outcome.backend_session_id
        costs = [cost for cost in (self.cost_usd, outcome.cost_usd) if cost is not None]
        counts = outcome.counters is not None
        return replace(
            self,
            status=Status.ERROR if outcome.failure else Status.ACTIVE,
            last_used_at=at,
            turns=number,
            turns_reported=self.turns_reported + outcome.usage.known,
            usage=total_usage((self.usage, outcome.usage)),
            cost_usd=sum(costs) if costs else None,
            figures_reported=told and counted(told, outcome.usage, outcome.cost_usd),
            model=(outcome.model if self.keeps(model_asked) else None) or self.model,
            conversation=conversation or self.conversation,
            conversation_seen=self.conversation_seen or conversation is not None,
            counters=outcome.counters if counts else self.counters,
            counters_turn=number if counts else self.counters_turn,
            open_turn=None,
        )

    def with_changes(self, *, seen: "Session", found: "Session") -> "Session":
        """This session, with what a person changed in its record: from `seen` to `found`.

        A run keeps the session to itself for a whole turn; what was renamed or tagged meanwhile
        is neither undone by it nor undoes what the turn brought.
        """
        changed = {
            name: getattr(found, name)
            for names in _PERSONAL
            if any(getattr(found, name) != getattr(seen, name) for name in names)
            for name in names
        }
        return replace(self, **changed)

    @property
    def next_turn(self) -> int:
        """The number of the turn that would come next; an interrupted turn keeps its number."""
        return self.turns_begun + 1

    @property
    def turns_begun(self) -> int:
        """How many turns there are, with the one that is open or broke off."""
        return max(self.turns, self.open_turn.number if self.open_turn else 0)

    @property
    def figures_told(self) -> FigureCounts | None:
        """How many turns told each figure; None if that is not known."""
        if self.figures_reported is None and not (self.turns or self.turns_reported):
            return NO_FIGURES
        return self.figures_reported

    def leaves_out(self, figure: str) -> bool:
        """Whether the total of this figure leaves a turn out, or may do so."""
        told = self.figures_told
        return self.turns_begun > (1 if told is None else told[figure])

    @property
    def partial(self) -> bool:
        """Whether the totals leave out a turn that has not told its figures."""
        return self.turns_reported < self.turns_begun

    @property
    def interrupted(self) -> bool:
        """Whether a turn began and never ended, provided that nobody holds the session's lock."""
        return self.open_turn is not None


_PERSONAL = (("name",), ("title", "title_source"), ("tags",), ("archived",), ("unknown",))
"""The fields of a record that are a person's to change at any time; some go together."""
