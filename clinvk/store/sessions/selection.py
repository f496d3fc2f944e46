"""Which sessions to select, and in which order, for both a full scan and the index.

Both must return the same result, so the meaning of each criterion and order is defined only here.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import Literal

from msgspec import Struct

from clinvk.model.provenance import is_unused_import
from clinvk.model.session import Session, Status
from clinvk.store.sessions.records import DamagedRecord

SHORTEST_PREFIX = 4

_PREFIX = re.compile(rf"[0-9a-f]{{{SHORTEST_PREFIX},12}}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MOST = 1 << 62


class Order(StrEnum):
    """The order of a list: last used, newest, largest or dearest first, or alphabetical."""

    LAST = "last"
    CREATED = "created"
    TOKENS = "tokens"
    COST = "cost"
    TITLE = "title"


class Listed(Struct, frozen=True, kw_only=True):
    """One line of a list: a session with its current status."""

    session: Session
    status: Status


class Selected(Struct, frozen=True, kw_only=True):
    """The sessions that match, and every unreadable record, as it might match."""

    sessions: tuple[Listed, ...]
    damaged: tuple[DamagedRecord, ...]


class Selection(Struct, frozen=True, kw_only=True):
    """Criteria for sessions; None and () mean any.

    `reference` matches a name, a `BACKEND:AGENT-SESSION-ID`, or the start of an id with at least
    `SHORTEST_PREFIX` characters. `begins` matches the start of the id, of the name, or of
    `BACKEND:AGENT-SESSION-ID` if it includes the colon. `names` matches any of these names, and
    `named` any name. A session must have all `tags`. `last_used_at` must be at or after `since` and
    before `until`.
    `archived` selects only archived sessions (True), only others (False), or both (None).
    `resumable` selects those that `-c` may continue: neither closed nor archived. `directory` must
    equal the session's own, `within` has folders at or above it, and `place` is a test of it. Each
    of the folded `words` must occur in the session's `sought_in`. `keep` is a further test.
    """

    reference: str | None = None
    begins: str | None = None
    names: tuple[str, ...] = ()
    named: bool = False
    backend: str | None = None
    status: Status | None = None
    tags: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    archived: bool | None = None
    resumable: bool = False
    directory: str | None = None
    within: tuple[Path, ...] = ()
    place: Callable[[str], bool] | None = None
    words: tuple[str, ...] = ()
    keep: Callable[[Session], bool] | None = None

    @property
    def broad(self) -> bool:
        """Whether no criterion can avoid reading most of the sessions."""
        return self == Selection(archived=self.archived, keep=self.keep)

    @property
    def narrows(self) -> bool:
        """Whether it excludes more than archived sessions."""
        return bool(self.archived) or self != Selection(archived=self.archived)

    def takes(self, session: Session, status: Status) -> bool:
        """Whether the session, with this current status, matches every criterion."""
        return (
            self.archived in (None, session.archived)
            and (not self.resumable or is_resumable(session))
            and self.backend in (None, session.backend)
            and self.status in (None, status)
            and (not self.names or session.name in self.names)
            and (not self.named or session.name is not None)
            and self.directory in (None, session.cwd)
            and (self.reference is None or _answers_to(session, self.reference))
            and (self.begins is None or _begins(session, self.begins))
            and all(tag in session.tags for tag in self.tags)
            and (self.since is None or session.last_used_at >= self.since)
            and (self.until is None or session.last_used_at < self.until)
            and (not self.within or any(map(Path(session.cwd).is_relative_to, self.within)))
            and (self.place is None or self.place(session.cwd))
            and (not self.words or _has_words(session, status, self.words))
            and (self.keep is None or self.keep(session))
        )


class Query(Struct, frozen=True):
    """The sessions of a selection in order, at most `limit` of them from position `first` on."""

    selection: Selection
    order: Order = Order.LAST
    limit: int | None = None
    first: int = 0


def sought_in(session: Session) -> str:
    """The folded text of a session, without its status, in which typed words are searched."""
    from clinvk.text.casefold import fold
    from clinvk.text.sanitize import safe_line

    texts = (session.title, session.name or "", *session.tags, session.backend, session.cwd)
    return fold(safe_line("\n".join((*texts, session.id))))


def may_be_status(word: str) -> bool:
    """Whether the word is part of a status; the status of an open turn can change at any time."""
    return any(word in status.value for status in Status)


def _has_words(session: Session, status: Status, words: tuple[str, ...]) -> bool:
    sought = sought_in(session)
    return all(word in sought or word in status.value for word in words)


def prefix_in(reference: str) -> str | None:
    """The reference as the start of an id; None if it cannot be one."""
    prefix = reference.lower()
    return prefix if _PREFIX.fullmatch(prefix) else None


def _answers_to(session: Session, reference: str) -> bool:
    prefix = prefix_in(reference)
    return reference in (session.name, *native_ids(session)) or (
        prefix is not None and session.id.startswith(prefix)
    )


def _begins(session: Session, beginning: str) -> bool:
    native = native_ids(session) if ":" in beginning else ()
    references = (session.id, session.name, *native)
    return any(one is not None and one.startswith(beginning) for one in references)


def is_resumable(session: Session) -> bool:
    """Whether `-c` and `--last` may continue it; an import only after it was used explicitly."""
    return (
        session.status is not Status.COMPLETED
        and not session.archived
        and not is_unused_import(session)
    )


def models_of(session: Session) -> tuple[str, ...]:
    """The models that the session's agents reported or were asked for."""
    known = (*(one.model for one in session.conversations), session.model_asked)
    return tuple(dict.fromkeys(one for one in known if one))


def native_ids(session: Session) -> tuple[str, ...]:
    """`BACKEND:AGENT-SESSION-ID` of each conversation whose id is known."""
    known = (one for one in session.conversations if one.id is not None)
    return tuple(f"{one.backend}:{one.id}" for one in known)


WordKind = Literal["tag", "native", "model"]

WORDS: Mapping[WordKind, Callable[[Session], Iterable[str]]] = {
    "tag": lambda session: session.tags,
    "native": native_ids,
    "model": models_of,
}
"""The words of a session that completion offers, by kind; `native` is `BACKEND:ID`."""


def microseconds(at: datetime) -> int:
    """The time as a number with the same order."""
    return ((at if at.tzinfo is not None else at.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND


def largest_first(session: Session) -> int:
    """The sort key for tokens: the largest first, unknown counts after 0."""
    total = session.usage.total_tokens
    return 1 if total is None else max(-_MOST, min(-total, _MOST))


def dearest_first(session: Session) -> float:
    """The sort key for costs: the highest first, unknown costs last."""
    cost = session.cost_usd
    return 1.0 if cost is None or not isfinite(cost) else -max(cost, 0.0)


def alphabetical(session: Session) -> bytes:
    """The sort key for titles."""
    return as_bytes(session.title.casefold())


def as_bytes(text: str) -> bytes:
    """The text as bytes with the same order; it may contain lone surrogates."""
    return text.encode("utf-8", "surrogatepass")


def as_text(text: bytes) -> str:
    """The opposite of `as_bytes`."""
    return text.decode("utf-8", "surrogatepass")


def in_order(sessions: list[Listed], order: Order) -> None:
    """Sort in place; equal sessions are ordered by id, so that the result is stable."""
    sessions.sort(key=_last, reverse=True)
    if order is not Order.LAST:
        sessions.sort(key=_KEYS[order])


def _last(listed: Listed) -> tuple[datetime, str]:
    return (listed.session.last_used_at, listed.session.id)


_KEYS: Mapping[Order, Callable[[Listed], float | bytes]] = {
    Order.CREATED: lambda listed: -microseconds(listed.session.created_at),
    Order.TOKENS: lambda listed: largest_first(listed.session),
    Order.COST: lambda listed: dearest_first(listed.session),
    Order.TITLE: lambda listed: alphabetical(listed.session),
}
