"""Ranks a session for a query, and selects the place to show.

The ranking is documented in `docs/search.md`: each word counts in the best place that contains it,
and words that stand together in one text count more than any words that do not.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

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


_BEST = 2 * max(WEIGHTS.values())
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


class Place:
    """A text to search; `turn` is None for a text of the session itself."""

    def __init__(self, field: Field, turn: int | None, text: str) -> None:
        self.field = field
        self.turn = turn
        self.text = text

    @cached_property
    def low(self) -> str:
        """The text in lower case, which is enough for most words."""
        return self.text.lower()

    @cached_property
    def folded(self) -> Folded:
        """The text as it is compared."""
        return folded(self.text)

    def strength_of(self, term: Term) -> int:
        """As `Term.strength_in`; folding, the slow part, is left out where it changes nothing."""
        return 2 if term.stands_in(self.low) else term.strength_in(self.folded.plain)

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


def places_of_turn(turn: TurnTexts, cwd: str) -> list[Place]:
    """The texts to search of a turn; `cwd` is the session's directory."""
    texts = [(Field.PROMPT, turn.prompt)]
    # Relative paths: else the name of a project folder would match all of its files.
    texts += [(Field.FILE, shown_path(path, turn.cwd or cwd)) for path in turn.files]
    texts += [(Field.ANSWER, answer) for answer in turn.answers]
    return [Place(field, turn.number, text) for field, text in texts if text]


def ranked(places: Iterable[Place], query: Query) -> Ranked | None:
    """The rank of all places together; None if they do not match the query.

    The place to show is preferably in a turn, then one where the words stand together, and of equal
    turns in the later one; within a turn it is the one with the earliest word of the query.
    """
    terms = query.wanted
    best, exact = [0] * len(terms), [False] * len(terms)
    together = 0
    most: tuple[int, bool, Closeness, int, int, int] | None = None
    shown: Place | None = None
    for place in places:
        if query.unwanted and any(term.is_in(place.folded.plain) for term in query.unwanted):
            return None
        strengths = [place.strength_of(term) for term in terms]
        held = len(strengths) - strengths.count(0)
        if not held:
            continue
        weight = WEIGHTS[place.field]
        worths = [weight * strength for strength in strengths]
        best = list(map(max, best, worths))
        if not all(exact):
            exact = [
                found or (worth > 0 and place.has_exactly(term))
                for found, worth, term in zip(exact, worths, terms, strict=True)
            ]
        close = Closeness.APART
        if 1 < held == len(terms):
            close = closeness(place.folded.plain, terms)
        if close > Closeness.APART:
            together = max(together, len(terms) * _TOGETHER[close] + sum(worths))
        first = worths.index(next(filter(None, worths)))
        worth = (held, place.turn is not None, close, sum(worths), place.turn or 0, -first)
        if most is None or worth > most:
            most, shown = worth, place
    if shown is None or not all(best):
        return None
    others = _OTHER_ACCENTS * exact.count(False)
    return Ranked(sum(best) + others + together, shown)
