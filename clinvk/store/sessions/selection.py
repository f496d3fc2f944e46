"""Which sessions are asked for, and in what order: questions that a scan and the index both answer.

Both must give the same answer, so what an order goes by and what a question means stands here once.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

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
    """What a list is sorted by: the latest, the newest, the largest first, or the alphabet."""

    LAST = "last"
    CREATED = "created"
    TOKENS = "tokens"
    TITLE = "title"


class Listed(Struct, frozen=True, kw_only=True):
    """One line of a list: a session with the status it has now."""

    session: Session
    status: Status


class Selected(Struct, frozen=True, kw_only=True):
    """The sessions asked for, and every record that cannot be read: what it says is not known."""

    sessions: tuple[Listed, ...]
    damaged: tuple[DamagedRecord, ...]


class Selection(Struct, frozen=True, kw_only=True):
    """Which sessions are meant; None and () leave that question out.

    `reference` is a name, a `BACKEND:AGENT-SESSION-ID`, or what the id begins with, if that is at
    least `SHORTEST_PREFIX` characters: each of these is meant. `begins` is what its id or its name
    begins with, or the agent's own with the backend before it, as far as the colon at least.
    `named` takes only what has a name. `tags` must all be there.
    `since` is the first moment of `last_used_at` that counts, `until` the first that does not.
    `archived` takes only archived sessions (True), only others (False), or both (None).
    `resumable` takes only what `-c` may go on with: neither closed nor archived. `directory` is the
    session's own, to the letter; `within` has it at or below one of these, and `place` is a test
    of it. Each of the folded `words` must stand in what the session is known by (`sought_in`).
    `keep` is a further test.
    """

    reference: str | None = None
    begins: str | None = None
    name: str | None = None
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
        """Whether nothing is asked that could spare us reading most of the sessions."""
        return self == Selection(archived=self.archived, keep=self.keep)

    def takes(self, session: Session, status: Status) -> bool:
        """Whether the session, which has that status now, passes every question."""
        return (
            self.archived in (None, session.archived)
            and (not self.resumable or is_resumable(session))
            and self.backend in (None, session.backend)
            and self.status in (None, status)
            and self.name in (None, session.name)
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


def sought_in(session: Session) -> str:
    """What the session is known by but for its status, folded: of this a person types a part."""
    from clinvk.text.casefold import fold
    from clinvk.text.sanitize import safe_line

    texts = (session.title, session.name or "", *session.tags, session.backend, session.cwd)
    return fold(safe_line("\n".join((*texts, session.id))))


def may_be_status(word: str) -> bool:
    """Whether a status has that in it, which of an open turn is only known at the moment."""
    return any(word in status.value for status in Status)


def _has_words(session: Session, status: Status, words: tuple[str, ...]) -> bool:
    sought = sought_in(session)
    return all(word in sought or word in status.value for word in words)


def prefix_in(reference: str) -> str | None:
    """The beginning of an id that the reference may be, None if it is none."""
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
    """Whether `-c` and `--last` may go on with it: an import only once it was used by its name."""
    return (
        session.status is not Status.COMPLETED
        and not session.archived
        and not is_unused_import(session)
    )


def native_ids(session: Session) -> tuple[str, ...]:
    """`BACKEND:AGENT-SESSION-ID` of each conversation whose id is known."""
    known = (one for one in session.conversations if one.id is not None)
    return tuple(f"{one.backend}:{one.id}" for one in known)


def microseconds(at: datetime) -> int:
    """The moment as a number that sorts and compares as it does."""
    return ((at if at.tzinfo is not None else at.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND


def largest_first(session: Session) -> int:
    """What sorting by tokens goes by: the largest first; an unknown figure stands below 0."""
    total = session.usage.total_tokens
    return 1 if total is None else max(-_MOST, min(-total, _MOST))


def alphabetical(session: Session) -> bytes:
    """What sorting by title goes by."""
    return as_bytes(session.title.casefold())


def as_bytes(text: str) -> bytes:
    """The text in bytes that sort as it does, also if it is half a character."""
    return text.encode("utf-8", "surrogatepass")


def as_text(text: bytes) -> str:
    """The text that `as_bytes` made bytes of."""
    return text.decode("utf-8", "surrogatepass")


def in_order(sessions: list[Listed], order: Order) -> None:
    """Sort; the id decides between equals, so that the answer is stable."""
    sessions.sort(key=_last, reverse=True)
    if order is not Order.LAST:
        sessions.sort(key=_KEYS[order])


def _last(listed: Listed) -> tuple[datetime, str]:
    return (listed.session.last_used_at, listed.session.id)


_KEYS: Mapping[Order, Callable[[Listed], int | bytes]] = {
    Order.CREATED: lambda listed: -microseconds(listed.session.created_at),
    Order.TOKENS: lambda listed: largest_first(listed.session),
    Order.TITLE: lambda listed: alphabetical(listed.session),
}
