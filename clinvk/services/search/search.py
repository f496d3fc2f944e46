"""Searches the sessions without an index; a check of the files' bytes selects which to parse."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from clinvk.errors import (
    SessionDamagedError,
    SessionNotFoundError,
    SessionUnreadableError,
    StoreError,
)
from clinvk.model.session import Session
from clinvk.services.search.prefilter import Content, Prefilter
from clinvk.services.search.query import Query, Term
from clinvk.services.search.ranking import Field, Ranked, places_of_session, places_of_turns, ranked
from clinvk.services.search.snippet import Snippet, snippet_of
from clinvk.services.world import World
from clinvk.store.sessions import records
from clinvk.store.sessions.contents import SessionBytes, iter_bytes
from clinvk.store.sessions.selection import Listed, Selection
from clinvk.store.sessions.store import SessionStore
from clinvk.store.transcripts.last_turn import ends_as_recorded
from clinvk.store.transcripts.turns import TurnTexts

Result = TypeVar("Result")

_SESSIONS_EACH = 1000
"""Sessions per process; with fewer, another process takes longer to start than it saves."""


class Hit(Struct, frozen=True, kw_only=True):
    """A session that matches, and the best place to show.

    `turn` is None if that place is the session's title, name or tag.
    """

    listed: Listed
    rank: int
    turn: int | None
    field: Field
    snippet: Snippet


class Found(Struct, frozen=True, kw_only=True):
    """The hits, best first, and what could not be searched.

    If there is no hit, `nowhere` has the required terms that are in none of the selected sessions.
    `unreadable` has a sentence for each unreadable record or transcript, `rebuilt` one for each
    damaged record whose transcript was searched instead; `damaged_lines` is a number of lines.
    """

    hits: tuple[Hit, ...]
    nowhere: tuple[Term, ...] = ()
    unreadable: tuple[str, ...] = ()
    rebuilt: tuple[str, ...] = ()
    damaged_lines: int = 0


def search_sessions(
    world: World, query: Query, only: Selection, *, limit: int | None = None, processors: int = 1
) -> Found:
    """The sessions that match `only` and the query; ranked, then limited.

    Many sessions are divided among at most `processors` processes.
    """
    with _without_collections():
        found = _search(world.store, query, only, limit, processors)
    if found.hits:
        return found
    if len(query.wanted) == 1 and not query.unwanted:
        return replace(found, nowhere=query.wanted)

    def has_none(ids: Sequence[str], term: Term) -> bool:
        return not _Search(world.store, Query(wanted=(term,)), only).any(ids)

    def is_nowhere(term: Term) -> bool:
        return all(_shared(lambda ids: has_none(ids, term), world.store.ids(), processors))

    return replace(found, nowhere=tuple(filter(is_nowhere, query.wanted)))


def _search(
    store: SessionStore, query: Query, only: Selection, limit: int | None, processors: int
) -> Found:
    parts = _shared(
        lambda ids: _Search(store, query, only).found(ids, limit), store.ids(), processors
    )
    if len(parts) == 1:
        return parts[0]
    hits = [hit for part in parts for hit in part.hits]
    hits.sort(key=lambda hit: _order(hit.listed, hit.rank), reverse=True)
    return Found(
        hits=tuple(hits[:limit]),
        unreadable=tuple(sentence for part in parts for sentence in part.unreadable),
        rebuilt=tuple(sentence for part in parts for sentence in part.rebuilt),
        damaged_lines=sum(part.damaged_lines for part in parts),
    )


@contextmanager
def _without_collections() -> Iterator[None]:
    """Do not look for garbage: it would look at all hits so far again and again.

    A search makes no cycles.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _shared(
    work: Callable[[Sequence[str]], Result], ids: Sequence[str], processors: int
) -> list[Result]:
    """The results of the work, divided among several processes if there are many sessions."""
    count = min(processors, len(ids) // _SESSIONS_EACH)
    if count <= 1:
        return [work(ids)]
    from clinvk.process.fork_map import fork_map

    return fork_map(
        work, [ids[len(ids) * n // count : len(ids) * (n + 1) // count] for n in range(count)]
    )


class _Search:
    """Applies one query to sessions, one after another."""

    def __init__(self, store: SessionStore, query: Query, only: Selection) -> None:
        self._unreadable: list[str] = []
        self._rebuilt: list[str] = []
        self._damaged_lines = 0
        self._store = store
        self._query = query
        self._only = only
        self._prefilters = [(term, Prefilter(term)) for term in query.wanted]

    def found(self, ids: Sequence[str], limit: int | None) -> Found:
        """The hits among these sessions."""
        contents = iter_bytes(self._store, ids)
        found = [hit for content in contents if (hit := self._ranked(content)) is not None]
        found.sort(key=lambda hit: _order(hit[0], hit[1].rank), reverse=True)
        return Found(
            hits=tuple(
                Hit(
                    listed=listed,
                    rank=ranked.rank,
                    turn=ranked.place.turn,
                    field=ranked.place.field,
                    snippet=snippet_of(
                        ranked.place.text, self._query.wanted, ranked.place.folded.plain
                    ),
                )
                for listed, ranked in found[:limit]
            ),
            unreadable=tuple(self._unreadable),
            rebuilt=tuple(self._rebuilt),
            damaged_lines=self._damaged_lines,
        )

    def any(self, ids: Sequence[str]) -> bool:
        """Whether there is a hit among these sessions."""
        return any(self._ranked(content) is not None for content in iter_bytes(self._store, ids))

    def _ranked(self, content: SessionBytes) -> tuple[Listed, Ranked] | None:
        """The session and its rank, if it is a hit."""
        record, transcript = Content(content.record), Content(content.transcript)
        if not all(
            prefilter.lets_through(record) or prefilter.lets_through(transcript)
            for _, prefilter in self._prefilters
        ):
            return None
        listed = self._listed(content)
        if listed is None or not self._only.takes(listed.session, listed.status):
            return None
        places = places_of_session(listed.session)
        if not all(
            prefilter.lets_through(transcript)
            or any(term.is_in(place.folded.plain) for place in places)
            for term, prefilter in self._prefilters
        ):
            return None
        of_turns = places_of_turns(self._turns(content), listed.session.cwd)
        found = ranked([*of_turns, *places], self._query)
        return None if found is None else (listed, found)

    def _listed(self, content: SessionBytes) -> Listed | None:
        try:
            session = self._session(content)
            if content.transcript is None or not ends_as_recorded(session, content.transcript):
                session = self._store.current(session)
        except (SessionDamagedError, SessionUnreadableError) as error:
            rebuilt = self._store.rebuilt_from_transcript(content.session_id)
            if rebuilt is None:
                self._unreadable.append(error.message)
                return None
            self._rebuilt.append(error.message)
            session = rebuilt
        except SessionNotFoundError:  # deleted since it was listed
            return None
        return Listed(session=session, status=self._store.status_of(session))

    def _session(self, content: SessionBytes) -> Session:
        if content.record:
            found = records.parse(content.record, path="", session_id=content.session_id)
            if isinstance(found, Session):
                return found
        return self._store.load(content.session_id)

    def _turns(self, content: SessionBytes) -> Sequence[TurnTexts]:
        try:
            texts = self._store.texts(content.session_id, content.transcript)
        except StoreError as error:
            self._unreadable.append(error.message)
            return ()
        self._damaged_lines += texts.damaged_lines
        return texts.turns


def _order(listed: Listed, rank: int) -> tuple[int, float, str]:
    """A sort key: the best last, then the last used, then the id for a stable order."""
    session = listed.session
    return (rank, session.last_used_at.timestamp(), session.id)
