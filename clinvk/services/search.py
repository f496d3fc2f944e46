"""Searching the sessions: no index, so never stale; the files' bytes say which to parse.

The ranking is documented in `docs/search.md`: each word counts with the best place it stands in.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from clinvk.errors import SessionDamagedError, SessionNotFoundError, StoreError
from clinvk.model.files import shown_path
from clinvk.model.folding import fold
from clinvk.model.query import Query, Term
from clinvk.model.session import Session
from clinvk.model.sieve import Content, Sieve
from clinvk.model.snippet import Snippet, snippet_of
from clinvk.model.turn import Turn
from clinvk.services.sessions import Listed, SessionFilter
from clinvk.store.contents import SessionBytes, iter_bytes
from clinvk.store.sessions import SessionStore


class Field(StrEnum):
    """What a match stands in."""

    TITLE = "title"
    NAME = "name"
    TAG = "tag"
    PROMPT = "prompt"
    FILE = "file"
    ANSWER = "answer"


WEIGHTS: Mapping[Field, int] = {
    Field.TITLE: 4,
    Field.NAME: 4,
    Field.TAG: 3,
    Field.PROMPT: 2,
    Field.FILE: 2,
    Field.ANSWER: 1,
}
"""What a word is worth in each field; twice that where it is a whole word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A session that was found, and the place that shows it best.

    `turn` is None where `text` is the session's own title, name or tag.
    """

    listed: Listed
    rank: int
    turn: int | None
    field: Field
    text: str
    terms: tuple[Term, ...]

    @property
    def snippet(self) -> Snippet:
        """The part of the text that shows the match; made when it is asked for."""
        return snippet_of(self.text, self.terms)

    def order(self) -> tuple[int, float, str]:
        """The best last; of equal ones that which was used last, and the id for a stable answer."""
        session = self.listed.session
        return (self.rank, session.last_used_at.timestamp(), session.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The hits, best first, and what had to be passed by although it may hold the words.

    `unreadable` are sentences, one for each record or transcript; `damaged_lines` counts lines.
    """

    hits: tuple[Hit, ...]
    unreadable: tuple[str, ...] = ()
    damaged_lines: int = 0


def search_sessions(
    store: SessionStore, query: Query, only: SessionFilter, *, limit: int | None = None
) -> Found:
    """Sessions that pass `only` and in which the query is found; ranked first, then limited."""
    search = _Search(store, query, only)
    hits = [hit for content in iter_bytes(store) if (hit := search.hit(content)) is not None]
    hits.sort(key=Hit.order, reverse=True)
    return Found(
        hits=tuple(hits[:limit]),
        unreadable=tuple(search.unreadable),
        damaged_lines=search.damaged_lines,
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """A text that is searched."""

    field: Field
    turn: int | None
    text: str
    folded: str


class _Search:
    """One query over one session after another."""

    def __init__(self, store: SessionStore, query: Query, only: SessionFilter) -> None:
        self.unreadable: list[str] = []
        self.damaged_lines = 0
        self._store = store
        self._query = query
        self._only = only
        self._sieves = [(term, Sieve(term)) for term in query.wanted]

    def hit(self, content: SessionBytes) -> Hit | None:
        """The session if it is a hit."""
        record, transcript = Content(content.record), Content(content.transcript)
        if not all(
            sieve.lets_through(record) or sieve.lets_through(transcript)
            for _, sieve in self._sieves
        ):
            return None
        listed = self._listed(content.session_id)
        if listed is None or not self._only.takes(listed):
            return None
        places = _places_of_session(listed.session)
        if not all(
            _is_in_any(term, places) or sieve.lets_through(transcript)
            for term, sieve in self._sieves
        ):
            return None
        places.extend(self._places_of_turns(listed.session))
        return self._judge(listed, places)

    def _listed(self, session_id: str) -> Listed | None:
        try:
            session = self._store.current(self._store.load(session_id))
        except SessionDamagedError as error:
            self.unreadable.append(error.message)
            return None
        except SessionNotFoundError:  # deleted since it was listed
            return None
        return Listed(session=session, status=self._store.status_of(session))

    def _places_of_turns(self, session: Session) -> Iterator[_Place]:
        try:
            transcript = self._store.transcript(session.id)
        except StoreError as error:
            self.unreadable.append(error.message)
            return
        self.damaged_lines += transcript.damaged_lines
        for turn in transcript.turns:
            yield from _places_of_turn(turn, session.cwd)

    def _judge(self, listed: Listed, places: Sequence[_Place]) -> Hit | None:
        if any(_is_in_any(term, places) for term in self._query.unwanted):
            return None
        rank = 0
        holds: dict[int, list[int]] = {}
        for term in self._query.wanted:
            worth = {at: _worth(term, place) for at, place in enumerate(places)}
            rank += (best := max(worth.values(), default=0))
            if not best:
                return None
            for at, value in worth.items():
                if value:
                    holds.setdefault(at, []).append(value)

        def shows(at: int) -> tuple[int, bool, int, int]:
            turn = places[at].turn
            return (len(holds[at]), turn is not None, sum(holds[at]), turn or 0)

        shown = places[max(holds, key=shows)]
        return Hit(
            listed=listed,
            rank=rank,
            turn=shown.turn,
            field=shown.field,
            text=shown.text,
            terms=self._query.wanted,
        )


def _worth(term: Term, place: _Place) -> int:
    """What the term counts in that place, 0 if it is not there."""
    if not term.is_in(place.folded):
        return 0
    return WEIGHTS[place.field] * (2 if term.is_whole_in(place.folded) else 1)


def _is_in_any(term: Term, places: Sequence[_Place]) -> bool:
    return any(term.is_in(place.folded) for place in places)


def _places_of_session(session: Session) -> list[_Place]:
    texts = [(Field.TITLE, session.title), (Field.NAME, session.name or "")]
    texts += [(Field.TAG, tag) for tag in session.tags]
    return [_Place(field, None, text, fold(text)) for field, text in texts if text]


def _places_of_turn(turn: Turn, cwd: str) -> Iterator[_Place]:
    texts = [(Field.PROMPT, turn.prompt)]
    # Below the directory only: else a project folder's name would match every one of its files.
    texts += [(Field.FILE, shown_path(file.path, turn.cwd or cwd)) for file in turn.files]
    texts += [(Field.ANSWER, message) for message in turn.messages]
    # The final answer is the last message again, unless the agent told it only at the end.
    if not turn.interrupted and turn.text not in turn.messages:
        texts.append((Field.ANSWER, turn.text))
    return (_Place(field, turn.number, text, fold(text)) for field, text in texts if text)
