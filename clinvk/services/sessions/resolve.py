"""A SESSION reference, or a wish such as "the last one here", resolved to one session.

A reference is a full id, an exact name, a unique prefix of an id (4 characters or more), `@last`,
or `BACKEND:AGENT-SESSION-ID`. A full id always means that session. What means one session by its
name and another by its id or its conversation is ambiguous: homes of earlier versions may have
names that read as ids.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from clinvk.errors import (
    NothingToResumeError,
    SessionAmbiguousError,
    SessionNotFoundError,
)
from clinvk.model.session import Session
from clinvk.services.sessions.places import Here
from clinvk.store.sessions.records import DamagedRecord
from clinvk.store.sessions.selection import Selection, native_ids, prefix_in
from clinvk.store.sessions.store import SessionStore
from clinvk.text.normalize import normal
from clinvk.text.sanitize import safe_line
from clinvk.text.title import UNTITLED
from clinvk.text.units import format_time
from clinvk.text.width import cut

SHOWN_CANDIDATES = 5
_TWO = 2
SHOWN_COLUMNS = 64
SEARCHED_FOR_NEAREST = 1_000
"""To compare a word with so many titles takes a tenth of a second."""


def _used_at(at: datetime) -> str:
    return f"used {format_time(at)}"


def resolve_reference(
    store: SessionStore, reference: str, *, ago: Callable[[datetime], str] = _used_at
) -> Session:
    """The one session that `reference` means, with the age of candidates as `ago` has it.

    Raises `SessionNotFoundError` with the nearest matches, `SessionAmbiguousError` with the
    candidates, or `SessionDamagedError` or `SessionUnreadableError` when the record meant cannot be
    read.
    """
    if reference == "@last":
        return last_session(store)
    reference = normal(reference)
    wanted = reference.lower()
    exact = store.find(wanted)
    if isinstance(exact, Session):
        return exact
    if isinstance(exact, DamagedRecord):
        raise exact.error(hint=store.way_out(exact))
    found, damaged = _matches(store, reference)
    if not found:
        found, damaged = _matches(store, reference, thorough=True)
    if len(found) == 1 and not damaged:
        return store.load(found[0].id)
    if not found and len(damaged) == 1:
        raise damaged[0].error(hint=store.way_out(damaged[0]))
    if found or damaged:
        raise SessionAmbiguousError(
            f"`{_shown(reference)}` matches {len(found) + len(damaged)} sessions",
            hint=_candidates(found, ago, damaged),
        )
    unknown = store.select(Selection(), limit=1).damaged
    raise SessionNotFoundError(
        f"there is no session `{_shown(reference)}`",
        hint="\n".join((*_passed_by(unknown), _nearest(store, reference))),
    )


def _matches(
    store: SessionStore, reference: str, *, thorough: bool = False
) -> tuple[list[Session], list[DamagedRecord]]:
    """The sessions that it means in any way, the most recently used first; and damaged ones.

    What a damaged record is called only its transcript may say; its id its file's name says.
    """
    selected = store.select(Selection(reference=reference), thorough=thorough)
    damaged = [one for one in selected.damaged if _answers(store, one, reference)]
    return [one.session for one in selected.sessions], damaged


def _answers(store: SessionStore, damaged: DamagedRecord, reference: str) -> bool:
    """Whether a session that cannot be read answers to the reference, as far as can be told."""
    if damaged.id_guess is None:
        return False
    prefix = prefix_in(reference)
    if prefix is not None and damaged.id_guess.startswith(prefix):
        return True
    told = store.told_by_transcript(damaged.id_guess)
    return told is not None and reference in (told.name, *native_ids(told))


def resolve_all(
    store: SessionStore, references: Iterable[str], *, ago: Callable[[datetime], str] = _used_at
) -> list[Session]:
    """The sessions that the references mean, each once; raises as above before anything is done."""
    found = [resolve_reference(store, reference, ago=ago) for reference in references]
    return list({session.id: session for session in found}.values())


def find_named(store: SessionStore, name: str) -> Session | None:
    """The session of exactly that name, None if there is none.

    `SessionDamagedError` or `SessionUnreadableError` if there was one, or may have been, and its
    record cannot be read: another is no substitute.
    `SessionAmbiguousError` if two have it, which copying records makes possible.
    """
    name = normal(name)
    named = Selection(name=name)
    selected = store.select(named, limit=_TWO)
    if not selected.sessions:  # a second session of that name would be made
        selected = store.select(named, limit=_TWO, thorough=True)
    if len(selected.sessions) > 1:
        raise SessionAmbiguousError(
            f"`{_shown(name)}` is the name of more than one session",
            hint=_candidates([one.session for one in selected.sessions], _used_at),
        )
    if selected.sessions:
        return store.load(selected.sessions[0].session.id)
    for record in selected.damaged:
        if record.id_guess is None:
            continue
        told = store.told_by_transcript(record.id_guess)
        # Of what the system does not let us read, it cannot be told whose name it has.
        if told.name == name if told is not None else record.unreadable:
            raise record.error(hint=store.way_out(record))
    return None


def last_session(
    store: SessionStore, *, here: Here | None = None, backend: str | None = None
) -> Session:
    """The most recently used session that may be continued, narrowed as asked.

    `here` keeps those of that place. Closed and archived sessions are passed by. Raises
    `NothingToResumeError`, and what `continued_session` raises.
    """
    asked = _resumable(backend)
    if here is not None:
        asked = here.narrowed(asked)
    found = _latest(store, asked) or _latest(store, asked, thorough=True, last=True)
    if found is None:
        others = store.select(Selection(), limit=1)
        unknown = others.damaged
        start = 'start one with `clinvk "your prompt"`'
        if others.sessions:  # closed, archived, elsewhere, or imported and not used yet
            start += ", or continue one of `clinvk sessions list` with `clinvk resume ID`"
        raise NothingToResumeError(
            f"there is no session{narrowed_to(here=here is not None, backend=backend)}"
            " to go on with",
            hint="\n".join([*_passed_by(unknown), start]),
        )
    return found


def continued_session(store: SessionStore, here: Here, *, backend: str | None = None) -> Session:
    """The session that `-c` means here.

    The most recent one of the directory itself, else of its work tree, else of its repository, else
    of all. Raises `SessionDamagedError` or `SessionUnreadableError` if one that cannot be read was
    used later, or may have been: an older one is no substitute.
    """
    asked = _resumable(backend)
    places = [replace(asked, directory=str(here.directory))]
    if here.repository is not None:
        places += [here.narrowed_to_tree(asked), here.narrowed(asked)]
    for place in places:
        if (found := _latest(store, place)) is not None:
            return found
    return last_session(store, backend=backend)


def _resumable(backend: str | None) -> Selection:
    return Selection(resumable=True, backend=backend)


def _latest(
    store: SessionStore, asked: Selection, *, thorough: bool = False, last: bool = False
) -> Session | None:
    """The session meant that was used last; None if none is meant.

    `last` says that none is sought elsewhere if there is none. Raises as `continued_session` says.
    """
    selected = store.select(asked, limit=1, thorough=thorough)
    found = store.load(selected.sessions[0].session.id) if selected.sessions else None
    for record in selected.damaged:
        if _may_be_meant(store, record, asked, found, last=last):
            raise record.error(hint=store.way_out(record))
    return found


def _may_be_meant(
    store: SessionStore,
    record: DamagedRecord,
    asked: Selection,
    found: Session | None,
    *,
    last: bool,
) -> bool:
    """Whether a session that cannot be read was used later than the one found.

    Its transcript says what it is, else only its files say when they were last changed.
    """
    if record.id_guess is None:  # no session has such a file
        return False
    changed_at = store.changed_at(record.id_guess)
    if found is not None and (changed_at is None or changed_at < found.last_used_at):
        return False
    told = store.told_by_transcript(record.id_guess)
    if told is None:
        return not record.foreign and (found is not None or last)
    meant = asked.takes(told, store.status_of(told))
    return meant and (found is None or told.last_used_at >= found.last_used_at)


def narrowed_to(*, here: bool, backend: str | None) -> str:
    """What a choice was narrowed to, as a part of a sentence; nothing if it was not."""
    return (" of this directory" if here else "") + (
        f" with backend `{backend}`" if backend else ""
    )


def _passed_by(damaged: Sequence[DamagedRecord]) -> list[str]:
    """What cannot be read may be the session that was meant: nobody shall believe it is lost."""
    if not damaged:
        return []
    more = len(damaged) - SHOWN_CANDIDATES
    return [
        *(safe_line(f"passed by: {one.sentence}") for one in damaged[:SHOWN_CANDIDATES]),
        *([f"… and {more} more"] if more > 0 else []),
        "`clinvk doctor` says what can be done",
    ]


def _candidates(
    sessions: list[Session], ago: Callable[[datetime], str], damaged: Sequence[DamagedRecord] = ()
) -> str:
    shown = [_candidate(session, ago) for session in sessions]
    shown += [safe_line(f"{one.id_guess}  {one.sentence}") for one in damaged]
    lines, more = shown[:SHOWN_CANDIDATES], len(shown) - SHOWN_CANDIDATES
    return "\n".join(["one of:", *lines, *([f"… and {more} more"] if more > 0 else [])])


def _candidate(session: Session, ago: Callable[[datetime], str]) -> str:
    age = ago(session.last_used_at)
    cells = (session.id, cut(session.title, 60) or UNTITLED, age, session.cwd)
    return "  ".join(map(safe_line, cells))


def _nearest(store: SessionStore, reference: str) -> str:
    from difflib import get_close_matches

    latest = [one.session for one in store.select(Selection(), limit=SEARCHED_FOR_NEAREST).sessions]
    labels = {session.title.casefold(): session for session in latest}
    labels |= {session.id: session for session in latest}
    labels |= {session.name: session for session in latest if session.name}
    asked = reference[: 2 * SHOWN_COLUMNS].casefold()
    close = [labels[label] for label in get_close_matches(asked, labels, n=3, cutoff=0.6)]
    if not close:
        return "`clinvk sessions list` shows them all"
    near = dict.fromkeys(f"{one.name or one.id} ({cut(one.title, 60)})" for one in close)
    return safe_line("nearest: " + ", ".join(near))


def _shown(reference: str) -> str:
    """What was typed, as a part of a sentence."""
    return cut(safe_line(reference[: 10 * SHOWN_COLUMNS]), SHOWN_COLUMNS)
