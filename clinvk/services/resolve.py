"""A SESSION reference, or a wish such as "the last one here", resolved to one session.

A reference is a full id, an exact name, a unique prefix of an id (4 characters or more), `@last`,
or `BACKEND:AGENT-SESSION-ID`, tried in this order: what was typed in full wins over what was not.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from clinvk.errors import (
    NothingToResumeError,
    SessionAmbiguousError,
    SessionDamagedError,
    SessionNotFoundError,
)
from clinvk.model.session import Session, Status
from clinvk.services.places import repository_root, scope_of, stands_in
from clinvk.store.records import DamagedRecord
from clinvk.store.sessions import SessionStore

SHORTEST_PREFIX = 4
SHOWN_CANDIDATES = 5


def resolve_reference(store: SessionStore, reference: str) -> Session:
    """The one session that `reference` means.

    Raises `SessionNotFoundError` with the nearest matches, `SessionAmbiguousError` with the
    candidates, or `SessionDamagedError` when the record meant cannot be read.
    """
    if reference == "@last":
        return last_session(store)
    records = list(store.iter_records())
    sessions = [record for record in records if isinstance(record, Session)]
    wanted = reference.lower()
    rungs: tuple[Callable[[Session], bool], ...] = (
        lambda session: session.id == wanted,
        lambda session: session.name == reference,
        lambda session: f"{session.backend}:{session.conversation}" == reference,
        lambda session: len(wanted) >= SHORTEST_PREFIX and session.id.startswith(wanted),
    )
    for rung in rungs:
        matches = [session for session in sessions if rung(session)]
        if len(matches) == 1:
            return store.load(matches[0].id)
        if matches:
            raise SessionAmbiguousError(
                f"`{reference}` matches {len(matches)} sessions", hint=_candidates(matches)
            )
    for record in records:
        if isinstance(record, DamagedRecord) and record.path.stem == wanted:
            raise SessionDamagedError(f"the record `{record.path}` is damaged: {record.reason}")
    raise SessionNotFoundError(
        f"there is no session `{reference}`", hint=_nearest(reference, sessions)
    )


def find_named(store: SessionStore, name: str) -> Session | None:
    """The session of exactly that name, None if there is none."""
    for record in store.iter_records():
        if isinstance(record, Session) and record.name == name:
            return store.load(record.id)
    return None


def last_session(
    store: SessionStore, *, within: Path | None = None, backend: str | None = None
) -> Session:
    """The most recently used session that may be continued, narrowed as asked.

    `within` keeps those of that directory, or of the git repository around it. Closed and archived
    sessions are passed by. Raises `NothingToResumeError`.
    """
    sessions = _resumable(store, backend)
    if within is not None:
        scope = scope_of(within)
        sessions = [session for session in sessions if stands_in(session.cwd, scope)]
    if not sessions:
        where = " of this directory" if within else ""
        of = f" with backend `{backend}`" if backend else ""
        raise NothingToResumeError(
            f"there is no session{where}{of} to go on with",
            hint='start one with `clinvk "your prompt"`',
        )
    return store.load(most_recent(sessions).id)


def continued_session(
    store: SessionStore, directory: Path, *, backend: str | None = None
) -> Session:
    """The session that `-c` means in `directory`.

    The most recent one of the directory itself, else of its git repository, else of all.
    """
    sessions = _resumable(store, backend)
    here = [session for session in sessions if session.cwd == str(directory)]
    root = repository_root(directory)
    around = [session for session in sessions if root and stands_in(session.cwd, root)]
    candidates = here or around or sessions
    if not candidates:
        return last_session(store, backend=backend)
    return store.load(most_recent(candidates).id)


def most_recent(sessions: Iterable[Session]) -> Session:
    """The session used last; the id decides between equals, so that the answer is stable."""
    return max(sessions, key=lambda session: (session.last_used_at, session.id))


def _resumable(store: SessionStore, backend: str | None) -> list[Session]:
    return [
        record
        for record in store.iter_records()
        if isinstance(record, Session)
        and record.status is not Status.COMPLETED
        and not record.archived
        and backend in (None, record.backend)
    ]


def _candidates(sessions: list[Session]) -> str:
    shown = sorted(sessions, key=lambda session: session.last_used_at, reverse=True)
    lines = [f"{one.id}  {one.title}  {one.cwd}" for one in shown[:SHOWN_CANDIDATES]]
    more = len(sessions) - len(lines)
    return "\n".join(["one of:", *lines, *([f"… and {more} more"] if more > 0 else [])])


def _nearest(reference: str, sessions: list[Session]) -> str:
    from difflib import get_close_matches

    labels = {session.id: session for session in sessions}
    labels |= {session.name: session for session in sessions if session.name}
    close = get_close_matches(reference, labels, n=3, cutoff=0.6)
    if not close:
        return "`clinvk sessions list` shows them all"
    return "nearest: " + ", ".join(f"{label} ({labels[label].title})" for label in close)
