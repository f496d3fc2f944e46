"""A session: our record of the turns with one agent or several, one conversation with each."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from clinvk.model.access import Access
from clinvk.model.conversation import Conversation, TurnMode
from clinvk.model.outcome import Json, Outcome
from clinvk.model.usage import (
    NO_FIGURES,
    UNKNOWN_USAGE,
    FigureCounts,
    Usage,
    counted,
    total_usage,
)

SCHEMA = 2
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

    `backend` is the agent of the last turn. `conversations` are those with the agents so far, as
    far as anything is known of them. `status` is one of the stored ones: `ACTIVE`, `ERROR` or
    `COMPLETED`. `turns` counts the turns that are over, `turns_reported` those of
    them with known usage, and `figures_reported` how many told each figure: an agent may tell
    the tokens of a turn and not its cost. It is None where an older version counted. `unknown`
    holds fields of the record that this version does not know, so that rewriting keeps them, and
    `schema` is the version of the record's form: a newer one is never rewritten.
    """

    id: str
    backend: str
    cwd: str
    created_at: datetime
    last_used_at: datetime
    name: str | None = None
    title: str = ""
    title_source: TitleSource = TitleSource.PROMPT
    conversations: tuple[Conversation, ...] = ()
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
    open_turn: OpenTurn | None = None
    unknown: Json = field(default_factory=dict)
    schema: int = SCHEMA

    @property
    def conversation(self) -> Conversation:
        """The conversation with the agent of the last turn."""
        known = (one for one in self.conversations if one.backend == self.backend)
        return next(known, Conversation(backend=self.backend))

    def with_conversation(self, conversation: Conversation) -> "Session":
        """The session with that conversation in place of the one with the same agent."""
        named = {one.backend: one for one in self.conversations}
        named[conversation.backend] = conversation
        known = (one for name, one in named.items() if one != Conversation(backend=name))
        return replace(self, conversations=tuple(known))

    def turn_started(
        self, *, at: datetime, mode: TurnMode = TurnMode.RESUME, backend: str | None = None
    ) -> "Session":
        """The session with its next turn open; a completed or archived one is opened again.

        The turn is with `backend`, by default the agent of the last turn. One that does not resume
        begins a conversation, in which earlier counters count nothing.
        """
        started = replace(
            self,
            backend=backend or self.backend,
            status=Status.ACTIVE if self.status is Status.COMPLETED else self.status,
            archived=False,
            last_used_at=at,
            open_turn=OpenTurn(number=self.next_turn, started_at=at),
        )
        if mode is TurnMode.RESUME:
            return started
        return started.with_conversation(
            replace(started.conversation, counters=None, counters_turn=0)
        )

    def conversation_confirmed(self, conversation: str, model: str | None) -> "Session":
        """The session once the agent itself has said its session id, and perhaps its model."""
        known = self.conversation
        return self.with_conversation(
            replace(known, id=conversation, seen=True, model=model or known.model)
        )

    def keeps(self, model_asked: str | None) -> bool:
        """Whether a turn that asked for this model runs on the session's own.

        Another one is for that turn alone.
        """
        return model_asked in (None, self.model_asked, self.conversation.model)

    def turn_finished(
        self, outcome: Outcome, *, number: int, at: datetime, model_asked: str | None = None
    ) -> "Session":
        """The session with turn `number` closed and counted."""
        told, known = self.figures_told, self.conversation
        costs = [cost for cost in (self.cost_usd, outcome.cost_usd) if cost is not None]
        counts, confirmed = outcome.counters is not None, outcome.backend_session_id
        conversation = replace(
            known,
            id=confirmed or known.id,
            seen=known.seen or confirmed is not None,
            model=(outcome.model if self.keeps(model_asked) else None) or known.model,
            counters=outcome.counters if counts else known.counters,
            counters_turn=number if counts else known.counters_turn,
            heard_through=number,
        )
        return replace(
            self.with_conversation(conversation),
            status=Status.ERROR if outcome.failure else Status.ACTIVE,
            last_used_at=at,
            turns=number,
            turns_reported=self.turns_reported + outcome.usage.known,
            usage=total_usage((self.usage, outcome.usage)),
            cost_usd=sum(costs) if costs else None,
            figures_reported=told and counted(told, outcome.usage, outcome.cost_usd),
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
