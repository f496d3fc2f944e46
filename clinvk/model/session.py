"""A session: clinvk's record of turns with one or more agents, one conversation with each."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace

from clinvk.model.access import Access
from clinvk.model.conversation import Conversation, TurnMode
from clinvk.model.effort import Effort
from clinvk.model.outcome import Json, Outcome, StopReason
from clinvk.model.usage import (
    NO_FIGURES,
    UNKNOWN_USAGE,
    FigureCounts,
    Usage,
    counted,
    total_usage,
)

SCHEMA = 2
"""The version of the formats of record and transcript."""


class Status(StrEnum):
    """The status of a session. `RUNNING` is derived, never stored.

    A turn that is open although no run holds its session is `INTERRUPTED` too.
    """

    RUNNING = "running"
    ACTIVE = "active"
    INTERRUPTED = "interrupted"
    ERROR = "error"
    COMPLETED = "completed"


_CUT_OFF = (StopReason.CANCELLED, StopReason.TIMEOUT)


def status_after(outcome: Outcome) -> Status:
    """The status of a session after a turn with that outcome."""
    if outcome.stop_reason in _CUT_OFF:
        return Status.INTERRUPTED
    return Status.ERROR if outcome.failure else Status.ACTIVE


class TitleSource(StrEnum):
    """The source of the title; a person's title is never overwritten."""

    PROMPT = "prompt"
    AGENT = "agent"
    PERSON = "person"


class OpenTurn(Struct, frozen=True, kw_only=True):
    """A turn that has started. Without a held lock it is interrupted."""

    number: int
    started_at: datetime


class Session(Struct, frozen=True, kw_only=True):
    """One session from its record. Times are UTC; totals are sums over the turns that reported.

    `backend` is the agent of the last turn. `conversations` are the known ones with all agents so
    far. `status` is a stored one: `ACTIVE`, `ERROR` or `COMPLETED`. `turns` counts the ended turns,
    `turns_reported` those of them with known usage, and `figures_reported` how many reported each
    figure: an agent may report the tokens of a turn but not its cost. It is None in records of
    older versions. `unknown` has the fields of the record that this version does not know, so that
    a rewrite keeps them. `schema` is the version of the record; a newer one is never rewritten.
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
    add_dirs: tuple[str, ...] = ()
    effort: Effort | None = None
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
        """The session with this conversation instead of the one with the same agent."""
        named = {one.backend: one for one in self.conversations}
        named[conversation.backend] = conversation
        known = (one for name, one in named.items() if one != Conversation(backend=name))
        return replace(self, conversations=tuple(known))

    def turn_started(
        self, *, at: datetime, mode: TurnMode = TurnMode.RESUME, backend: str | None = None
    ) -> "Session":
        """The session with its next turn open; a completed or archived one is opened again.

        The turn is with `backend`, by default the agent of the last turn. Without a resume it
        starts a conversation, for which earlier counters are not valid.
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
        """The session after the agent has reported its session id, and perhaps its model."""
        known = self.conversation
        return self.with_conversation(
            replace(known, id=conversation, seen=True, model=model or known.model)
        )

    def keeps(self, model_asked: str | None) -> bool:
        """Whether a turn that requested this model uses the session's model.

        Another model is only for that turn.
        """
        return model_asked in (None, self.model_asked, self.conversation.model)

    def turn_finished(
        self, outcome: Outcome, *, number: int, at: datetime, model_asked: str | None = None
    ) -> "Session":
        """The session with turn `number` closed and counted."""
        counts_so_far, known = self.figure_counts, self.conversation
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
            status=status_after(outcome),
            last_used_at=at,
            turns=number,
            turns_reported=self.turns_reported + outcome.usage.known,
            usage=total_usage((self.usage, outcome.usage)),
            cost_usd=sum(costs) if costs else None,
            figures_reported=counts_so_far
            and counted(counts_so_far, outcome.usage, outcome.cost_usd),
            open_turn=None,
        )

    def with_changes(self, *, seen: "Session", found: "Session") -> "Session":
        """This session with a person's changes of the record since `seen`; `found` is the new one.

        A run holds the session for a whole turn. If it is renamed or tagged meanwhile, both these
        changes and those of the turn are kept.
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
        """The number of the next turn; an interrupted turn keeps its number."""
        return self.turns_begun + 1

    @property
    def turns_begun(self) -> int:
        """The number of turns, including an open or interrupted one."""
        return max(self.turns, self.open_turn.number if self.open_turn else 0)

    @property
    def figure_counts(self) -> FigureCounts | None:
        """How many turns reported each figure; None if that is not known."""
        if self.figures_reported is None and not (self.turns or self.turns_reported):
            return NO_FIGURES
        return self.figures_reported

    def leaves_out(self, figure: str) -> bool:
        """Whether the total of this figure is, or may be, without some turn."""
        reported = self.figure_counts
        return self.turns_begun > (1 if reported is None else reported[figure])

    @property
    def partial(self) -> bool:
        """Whether the totals are without some turn, because it reported no figures."""
        return self.turns_reported < self.turns_begun

    @property
    def interrupted(self) -> bool:
        """Whether a turn started and did not end; only meaningful if the lock is not held."""
        return self.open_turn is not None


_PERSONAL = (("name",), ("title", "title_source"), ("tags",), ("archived",), ("unknown",))
"""The fields of a record that a person may change at any time; some change together."""
