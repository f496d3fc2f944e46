"""Resolves a SESSION reference, `-c` or `--last` to one session.

A reference is a full id, an exact name, a unique prefix of an id (4 characters or more), `@last`,
or `BACKEND:AGENT-SESSION-ID`. A full id always means that session. A reference that matches one
session by name and another by id or conversation is ambiguous: homes of earlier versions can have
names that look like ids.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from clinvk.errors import (
    ClinvkError,
    NothingToResumeError,
    SessionAmbiguousError,
    SessionNotFoundError,
)
from clinvk.model.session import Session
from clinvk.services.sessions.places import Here
from clinvk.store.sessions.records import DamagedRecord
from clinvk.store.sessions.selection import (
    SHORTEST_PREFIX,
    Listed,
    Selected,
    Selection,
    native_ids,
    prefix_in,
)
from clinvk.store.sessions.store import SessionStore
from clinvk.text.normalize import normal
from clinvk.text.sanitize import safe_line
from clinvk.text.title import UNTITLED
from clinvk.text.units import format_time
from clinvk.text.width import cut

SHOWN_CANDIDATES = 5
_TOO_SHORT = re.compile(rf"[0-9a-f]{{1,{SHORTEST_PREFIX - 1}}}")
SHOWN_COLUMNS = 64
SEARCHED_FOR_NEAREST = 1_000
"""Comparing a word with this number of titles takes a tenth of a second."""


def _used_at(at: datetime) -> str:
    return f"used {format_time(at)}"


def resolve_reference(
    store: SessionStore, reference: str, *, ago: Callable[[datetime], str] = _used_at
) -> Session:
    """The one session that `reference` means; `ago` formats the age of candidates.

    Raises `SessionNotFoundError` with the nearest matches, `SessionAmbiguousError` with the
    candidates, or `SessionDamagedError` or `SessionUnreadableError` if its record cannot be read.
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
        hint="\n".join((*_skipped(unknown), _nearest(store, reference))),
    )


def _matches(
    store: SessionStore, reference: str, *, thorough: bool = False
) -> tuple[list[Session], list[DamagedRecord]]:
    """All sessions that match, the most recently used first; and the damaged ones.

    The id of a damaged record comes from its file name, its name from its transcript.
    """
    selected = store.select(Selection(reference=reference), thorough=thorough)
    damaged = [one for one in selected.damaged if _matches_damaged(store, one, reference)]
    return [one.session for one in selected.sessions], damaged


def _matches_damaged(store: SessionStore, damaged: DamagedRecord, reference: str) -> bool:
    """Whether a session whose record cannot be read matches, as far as known."""
    if damaged.id_guess is None:
        return False
    prefix = prefix_in(reference)
    if prefix is not None and damaged.id_guess.startswith(prefix):
        return True
    rebuilt = store.rebuilt_from_transcript(damaged.id_guess)
    return rebuilt is not None and reference in (rebuilt.name, *native_ids(rebuilt))


def resolve_all(
    store: SessionStore, references: Iterable[str], *, ago: Callable[[datetime], str] = _used_at
) -> list[Session]:
    """The sessions that the references mean, each once; raises like `resolve_reference`."""
    found = [resolve_reference(store, reference, ago=ago) for reference in references]
    return list({session.id: session for session in found}.values())


def find_named(store: SessionStore, name: str, *, thorough: bool = True) -> Session | None:
    """The session with exactly that name, None if there is none.

    Without `thorough`, a record that another program overwrote in place may be missed.
    Raises `SessionDamagedError` or `SessionUnreadableError` if the record of a session that has or
    may have the name cannot be read, and `SessionAmbiguousError` if two have it (copied records).
    """
    name = normal(name)
    named = Selection(names=(name,))
    selected = store.select(named, limit=2)
    if not selected.sessions and thorough:  # else a second session of that name would be created
        selected = store.select(named, limit=2, thorough=True)
    return _with_name(store, name, selected)


def find_all_named(
    store: SessionStore, names: Sequence[str], *, thorough: bool = True
) -> Mapping[str, Session | ClinvkError | None]:
    """Like `find_named` for several names, with one look at the index; errors are returned."""
    wanted = tuple(map(normal, names))
    selected = store.select(Selection(names=wanted), thorough=thorough)
    having: dict[str, list[Listed]] = {name: [] for name in wanted}
    for one in selected.sessions:
        having[str(one.session.name)].append(one)
    found: dict[str, Session | ClinvkError | None] = {}
    for name, its_form in zip(names, wanted, strict=True):
        try:
            of_name = replace(selected, sessions=tuple(having[its_form]))
            found[name] = _with_name(store, its_form, of_name)
        except ClinvkError as error:
            found[name] = error
    return found


def _with_name(store: SessionStore, name: str, selected: Selected) -> Session | None:
    """The session of `find_named` among those selected for its name."""
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
        rebuilt = store.rebuilt_from_transcript(record.id_guess)
        # If the system refuses to read a file, its name is unknown.
        if rebuilt.name == name if rebuilt is not None else record.unreadable:
            raise record.error(hint=store.way_out(record))
    return None


Preferred = Callable[[Session], bool]
"""A session that passes this test is chosen before one that does not."""


def last_session(
    store: SessionStore,
    *,
    here: Here | None = None,
    backend: str | None = None,
    preferred: Preferred | None = None,
) -> Session:
    """The most recently used session that can be continued.

    `here` and `backend` limit the choice. Closed and archived sessions are skipped. Raises
    `NothingToResumeError`, and what `continued_session` raises.
    """
    asked = _resumable(backend)
    if here is not None:
        asked = here.narrowed(asked)
    found = _latest(store, asked, preferred) or _latest(store, asked, thorough=True, last=True)
    if found is None:
        others = store.select(Selection(), limit=1)
        unknown = others.damaged
        start = 'start one with `clinvk "your prompt"`'
        if others.sessions:  # closed, archived, elsewhere, or imported and not used yet
            start += ", or continue one of `clinvk sessions list` with `clinvk resume ID`"
        raise NothingToResumeError(
            f"there is no session{narrowed_to(here=here is not None, backend=backend)} to continue",
            hint="\n".join([*_skipped(unknown), start]),
        )
    return found


def continued_session(
    store: SessionStore,
    here: Here,
    *,
    backend: str | None = None,
    preferred: Preferred | None = None,
) -> Session:
    """The session that `-c` continues here.

    The most recent one of the directory itself, else of its work tree, else of its repository, else
    of all. One that is not `preferred` is chosen before one of a wider place. Raises
    `SessionDamagedError` or `SessionUnreadableError` if an unreadable session was or may have been
    used later, because an older one would be wrong.
    """
    asked = _resumable(backend)
    places = [replace(asked, directory=str(here.directory))]
    if here.repository is not None:
        places += [here.narrowed_to_tree(asked), here.narrowed(asked)]
    for place in places:
        if (found := _latest(store, place, preferred)) is not None:
            return found
    return last_session(store, backend=backend, preferred=preferred)


def _resumable(backend: str | None) -> Selection:
    return Selection(resumable=True, backend=backend)


def _latest(
    store: SessionStore,
    asked: Selection,
    preferred: Preferred | None = None,
    *,
    thorough: bool = False,
    last: bool = False,
) -> Session | None:
    """The most recently used session that matches, a preferred one first; None if none does.

    `last` means that no other place is searched afterwards. Raises like `continued_session`.
    """
    selected = store.select(replace(asked, keep=preferred), limit=1, thorough=thorough)
    if preferred is not None and not selected.sessions:
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
    """Whether an unreadable session matches and was used later than the one found.

    This comes from its transcript, else from the modification times of its files.
    """
    if record.id_guess is None:  # no session has such a file
        return False
    changed_at = store.changed_at(record.id_guess)
    if found is not None and (changed_at is None or changed_at < found.last_used_at):
        return False
    rebuilt = store.rebuilt_from_transcript(record.id_guess)
    if rebuilt is None:
        return not record.foreign and (found is not None or last)
    meant = asked.takes(rebuilt, store.status_of(rebuilt))
    return meant and (found is None or rebuilt.last_used_at >= found.last_used_at)


def narrowed_to(*, here: bool, backend: str | None) -> str:
    """The limits of a choice as part of a sentence, "" if there are none."""
    return (" of this directory" if here else "") + (
        f" with backend `{backend}`" if backend else ""
    )


def _skipped(damaged: Sequence[DamagedRecord]) -> list[str]:
    """Lines about unreadable records, because the session meant may be one of them."""
    if not damaged:
        return []
    more = len(damaged) - SHOWN_CANDIDATES
    return [
        *(safe_line(f"skipped: {one.sentence}") for one in damaged[:SHOWN_CANDIDATES]),
        *([f"… and {more} more"] if more > 0 else []),
        "`clinvk doctor` shows how to fix it",
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

    if reference.lower() in ("last", "latest"):
        return "`@last` is the most recently used session"
    if _TOO_SHORT.fullmatch(reference.lower()):
        begun = store.select(Selection(begins=reference.lower()), limit=SHOWN_CANDIDATES)
        ids = ", ".join(one.session.id for one in begun.sessions)
        needed = f"an id needs its first {SHORTEST_PREFIX} characters or more"
        return f"{needed}: {ids}" if ids else f"{needed}; `clinvk sessions list` shows all"
    latest = [one.session for one in store.select(Selection(), limit=SEARCHED_FOR_NEAREST).sessions]
    labels = {session.title.casefold(): session for session in latest}
    labels |= {session.id: session for session in latest}
    labels |= {session.name: session for session in latest if session.name}
    asked = reference[: 2 * SHOWN_COLUMNS].casefold()
    close = [labels[label] for label in get_close_matches(asked, labels, n=3, cutoff=0.6)]
    if not close and " " in reference:
        return 'ids and names are one word; `clinvk -c "…"` continues the last session'
    if not close:
        return "`clinvk sessions list` shows all"
    near = dict.fromkeys(f"{one.name or one.id} ({cut(one.title, 60)})" for one in close)
    return safe_line("nearest: " + ", ".join(near))


def _shown(reference: str) -> str:
    """The reference, shortened for a message."""
    return cut(safe_line(reference[: 10 * SHOWN_COLUMNS]), SHOWN_COLUMNS)
