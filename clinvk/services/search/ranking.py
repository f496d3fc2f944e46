"""Ranks a session for a query, and selects the place to show.

The ranking is documented in `docs/search.md`: each word counts in the best place that contains it,
and words that stand together in one text count more than any words that do not.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from clinvk.model.files import shown_path
from clinvk.model.session import Session
from clinvk.services.search.query import Query, Term
from clinvk.services.search.together import Closeness, closeness
from clinvk.store.transcripts.turns import TurnTexts
from clinvk.text.casefold import Folded, folded


class Field(StrEnum):
    """The kinds of texts that are searched."""

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
"""The weight of a word in each field; a whole word counts twice."""


_STRONGEST = 2
"""What `Place.strength_of` is at most."""

_BEST = _STRONGEST * max(WEIGHTS.values())
"""The most that one word can count by its place."""

_OTHER_ACCENTS = -_BEST
"""What a word counts that only occurs with other accents: less than any that is as it was typed."""

_TOGETHER: Mapping[Closeness, int] = {
    Closeness.NEAR: 2 * _BEST,
    Closeness.ADJACENT: 2 * _BEST + 2,
}
"""What each word counts besides if all stand together: more than accents and places can.

It counts once more by the place in which they do.
"""


class Place(Struct, eq=False):
    """A text to search; `turn` is None for a text of the session itself."""

    field: Field
    turn: int | None
    text: str
    _low: str | None = None
    _folded: Folded | None = None

    # Python 3.11 takes a lock for each `cached_property`, and a search has a hundred thousand.

    @property
    def low(self) -> str:
        """The text in lower case, which is enough for most words."""
        if self._low is None:
            self._low = self.text.lower()
        return self._low

    @property
    def folded(self) -> Folded:
        """The text as it is compared."""
        if self._folded is None:
            self._folded = folded(self.text)
        return self._folded

    def strength_of(self, term: Term) -> int:
        """As `Term.strength_in`; folding, the slow part, is left out where it changes nothing."""
        return _STRONGEST if term.stands_in(self.low) else term.strength_in(self.folded.plain)

    def has_exactly(self, term: Term) -> bool:
        """Whether the text has the term with the same accents."""
        return term.stands_in(self.low) or term.is_exactly_in(self.folded)


class Ranked(NamedTuple):
    """The rank of a session, and the place that contains most of the query."""

    rank: int
    place: Place


def places_of_session(session: Session) -> list[Place]:
    """The texts to search of the session itself."""
    texts = [(Field.TITLE, session.title), (Field.NAME, session.name or "")]
    texts += [(Field.TAG, tag) for tag in session.tags]
    return [Place(field, None, text) for field, text in texts if text]


def places_of_turns(turns: Sequence[TurnTexts], cwd: str) -> list[Place]:
    """The texts to search of the turns; `cwd` is the session's directory.

    Those that count most come first, of later turns before earlier ones: after them `ranked` need
    not look at most of the others.
    """
    places: list[Place] = []
    answers: list[Place] = []
    for turn in reversed(turns):
        number = turn.number
        if turn.prompt:
            places.append(Place(Field.PROMPT, number, turn.prompt))
        # Relative paths: else the name of a project folder would match all of its files.
        paths = (shown_path(path, turn.cwd or cwd) for path in turn.files)
        places += [Place(Field.FILE, number, path) for path in paths if path]
        answers += [Place(Field.ANSWER, number, answer) for answer in turn.answers if answer]
    return places + answers


def ranked(places: Iterable[Place], query: Query) -> Ranked | None:
    """The rank of all places together; None if they do not match the query.

    The place to show is preferably in a turn, then one where the words stand together, and of equal
    turns in the later one; within a turn it is the one with the earliest word of the query.
    """
    best = _Best(query.wanted)
    for place in places:
        if query.unwanted and any(term.is_in(place.folded.plain) for term in query.unwanted):
            return None
        if best.can_be_changed_by(place):
            best.take(place)
    return best.ranked()


class _Best:
    """The best of the places so far, for each of the terms and for all together."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self._terms = terms
        self._points = [0] * len(terms)
        self._exact = [False] * len(terms)
        self._together = 0
        self._worth: tuple[int, bool, Closeness, int, int, int] | None = None
        self._shown: Place | None = None

    def can_be_changed_by(self, place: Place) -> bool:
        """Whether the rank or the place to show could change; most texts need not be looked at."""
        points = _STRONGEST * WEIGHTS[place.field]
        if self._worth is None or not all(self._exact) or min(self._points) < points:
            return True
        count = len(self._terms)
        closest = Closeness.APART if count == 1 else Closeness.ADJACENT
        worth = (count, place.turn is not None, closest, count * points, place.turn or 0, 0)
        together = count * (_TOGETHER[closest] + points) if count > 1 else 0
        return worth > self._worth or together > self._together

    def take(self, place: Place) -> None:
        """Look at this place too."""
        terms, weight = self._terms, WEIGHTS[place.field]
        worths = [weight * place.strength_of(term) for term in terms]
        held = len(worths) - worths.count(0)
        if not held:
            return
        self._points = list(map(max, self._points, worths))
        if not all(self._exact):
            self._exact = [
                found or (worth > 0 and place.has_exactly(term))
                for found, worth, term in zip(self._exact, worths, terms, strict=True)
            ]
        close = Closeness.APART
        if 1 < held == len(terms):
            close = closeness(place.folded.plain, terms)
        if close > Closeness.APART:
            self._together = max(self._together, len(terms) * _TOGETHER[close] + sum(worths))
        first = worths.index(next(filter(None, worths)))
        worth = (held, place.turn is not None, close, sum(worths), place.turn or 0, -first)
        if self._worth is None or worth > self._worth:
            self._worth, self._shown = worth, place

    def ranked(self) -> Ranked | None:
        """The rank; None if a term is in none of the places."""
        if self._shown is None or not all(self._points):
            return None
        others = _OTHER_ACCENTS * self._exact.count(False)
        return Ranked(sum(self._points) + others + self._together, self._shown)
